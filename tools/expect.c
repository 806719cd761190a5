// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hash is computed over the whole tuple, by the plain definition: not in the
 * way of the library, which is what doctor checks by it.
 */
#include <netinet/in.h>
#include <string.h>

#include "expect.h"

unsigned int address_port(const struct sockaddr_storage *address)
{
	return ntohs(address->ss_family == AF_INET6 ?
		     ((const struct sockaddr_in6 *)address)->sin6_port :
		     ((const struct sockaddr_in *)address)->sin_port);
}

void address_set_port(struct sockaddr_storage *address, unsigned int port)
{
	if (address->ss_family == AF_INET6)
		((struct sockaddr_in6 *)address)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)address)->sin_port = htons(port);
}

/* The bytes of an address, IPv4's also where it is mapped into IPv6; returns how many. */
static unsigned int take_bytes(const struct sockaddr_storage *address, __u8 bytes[16])
{
	const struct in6_addr *six = &((const struct sockaddr_in6 *)address)->sin6_addr;

	if (address->ss_family != AF_INET6) {
		memcpy(bytes, &((const struct sockaddr_in *)address)->sin_addr, 4);
		return 4;
	}
	if (IN6_IS_ADDR_V4MAPPED(six)) {
		memcpy(bytes, six->s6_addr + 12, 4);
		return 4;
	}
	memcpy(bytes, six, 16);
	return 16;
}

static __u32 reply_hash(const struct fastsock_rfd *entry, const struct sockaddr_storage *ours,
			const struct sockaddr_storage *peer)
{
	__u8 tuple[36], source[16], destination[16];
	unsigned int length = take_bytes(peer, source), ports[2], i;

	take_bytes(ours, destination);
	ports[0] = address_port(peer);
	ports[1] = address_port(ours);
	if (entry->fields & FASTSOCK_RSS_SYM_XOR) {
		for (i = 0; i < length; i++)
			source[i] = destination[i] ^= source[i];
		ports[0] = ports[1] ^= ports[0];
	}
	memcpy(tuple, source, length);
	memcpy(tuple + length, destination, length);
	for (i = 0; i < 2; i++) {
		tuple[2 * length + 2 * i] = ports[i] >> 8;
		tuple[2 * length + 2 * i + 1] = ports[i];
	}
	length = 2 * length + (entry->fields & (length == 4 ? FASTSOCK_RSS_TCP4_PORTS :
						FASTSOCK_RSS_TCP6_PORTS) ? 4 : 0);
	return fastsock_toeplitz(entry->key, 0, tuple, length);
}

int expect_cpu(const struct fastsock_rfd *entry, const struct sockaddr_storage *ours,
	       const struct sockaddr_storage *peer)
{
	__u32 block, cpu = FASTSOCK_NO_CPU;

	if (entry->mode == FASTSOCK_RFD_RSS && entry->entries) {
		cpu = entry->cpu_of_entry[reply_hash(entry, ours, peer) % entry->entries];
	} else if (entry->mode == FASTSOCK_RFD_BLOCKS) {
		block = fastsock_block_of(&entry->blocks, address_port(ours));
		for (cpu = 0; cpu < FASTSOCK_RFD_CPUS; cpu++)
			if (block != FASTSOCK_NO_BLOCK && entry->block_of_cpu[cpu] == block)
				break;
	}
	return cpu < FASTSOCK_RFD_CPUS ? (int)cpu : -1;
}

bool expect_takes_part(const struct fastsock_rfd *entry, int cpu)
{
	return entry->block_of_cpu[cpu] != FASTSOCK_NO_CPU;
}
