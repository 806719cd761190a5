// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "diag.h"
#include "headroom.h"

#define RESERVED "/proc/sys/net/ipv4/ip_local_reserved_ports"

/* 8080,40000-40010 */
static void read_reserved(bool reserved[65536])
{
	char *text = file_read(AT_FDCWD, RESERVED), *at = text;
	unsigned long first, last;

	memset(reserved, 0, 65536);
	while (at && isdigit((unsigned char)*at)) {
		first = last = strtoul(at, &at, 10);
		if (*at == '-')
			last = strtoul(at + 1, &at, 10);
		for (; first <= last && first < 65536; first++)
			reserved[first] = true;
		at += *at == ',';
	}
	free(text);
}

static __u32 usable(const bool reserved[65536], __u32 first, __u32 last)
{
	__u32 count = 0;

	for (; first <= last; first++)
		count += !reserved[first];
	return count;
}

static void read_blocks(const struct fastsock_rfd *entry, const bool reserved[65536],
			struct headroom *headroom)
{
	for (__u32 cpu = 0; cpu < FASTSOCK_RFD_CPUS; cpu++) {
		__u32 block = entry->block_of_cpu[cpu], first, last;

		if (block >= entry->blocks.count)
			continue;
		first = fastsock_block_first(&entry->blocks, block);
		last = fastsock_block_last(&entry->blocks, block);
		headroom->ports[cpu] = usable(reserved, first, last);
		headroom->reserved += last - first + 1 - headroom->ports[cpu];
	}
}

/* On the average: which ports they are differs with every destination. */
static void read_rss(const struct fastsock_rfd *entry, const bool reserved[65536],
		     struct headroom *headroom)
{
	__u32 ports = usable(reserved, entry->port_lo, entry->port_hi);

	headroom->reserved = entry->port_hi - entry->port_lo + 1 - ports;
	for (__u32 i = 0; i < entry->entries; i++)
		if (entry->cpu_of_entry[i] < FASTSOCK_RFD_CPUS)
			headroom->ports[entry->cpu_of_entry[i]]++;
	for (__u32 cpu = 0; cpu < FASTSOCK_RFD_CPUS; cpu++)
		headroom->ports[cpu] = (__u64)headroom->ports[cpu] * ports / entry->entries;
}

static bool takes_part(const struct fastsock_rfd *entry, __u32 cpu)
{
	return entry->block_of_cpu[cpu] != FASTSOCK_NO_CPU;
}

void headroom_read(const struct fastsock_rfd *entry, struct headroom *headroom)
{
	static bool reserved[65536];

	memset(headroom, 0, sizeof(*headroom));
	read_reserved(reserved);
	if (entry->mode == FASTSOCK_RFD_BLOCKS)
		read_blocks(entry, reserved, headroom);
	if (entry->mode == FASTSOCK_RFD_RSS && entry->entries)
		read_rss(entry, reserved, headroom);
	headroom->least = ~0u;
	for (__u32 cpu = 0; cpu < FASTSOCK_RFD_CPUS; cpu++)
		if (takes_part(entry, cpu) && headroom->ports[cpu] < headroom->least) {
			headroom->least = headroom->ports[cpu];
			headroom->least_cpu = cpu;
		}
}

/* They go on working, but a device that places by blocks gives all of one to one CPU. */
static void print_listeners(const struct fastsock_rfd *entry, const char *interface)
{
	struct diag diag;
	__u32 block, port;

	if (entry->mode != FASTSOCK_RFD_BLOCKS || !diag_listeners(&diag))
		return;
	for (size_t i = 0; i < diag.count; i++) {
		port = ntohs(diag.sockets[i].port);
		block = fastsock_block_of(&entry->blocks, port);
		if (block == FASTSOCK_NO_BLOCK)
			continue;
		for (__u32 cpu = 0; cpu < FASTSOCK_RFD_CPUS; cpu++)
			if (entry->block_of_cpu[cpu] == block)
				printf("%s: a server listens on port %u, which is in CPU %u's block: all "
				       "its connections arrive there (choose others by --ports)\n",
				       interface, port, cpu);
	}
	diag_free(&diag);
}

void headroom_print(const struct fastsock_rfd *entry, const char *interface)
{
	static struct headroom headroom;

	if (entry->mode != FASTSOCK_RFD_BLOCKS && entry->mode != FASTSOCK_RFD_RSS)
		return;
	headroom_read(entry, &headroom);
	printf("%s: ports for each CPU and destination: %s%u\n", interface,
	       entry->mode == FASTSOCK_RFD_RSS ? "about " : "", headroom.least);
	if (headroom.least < HEADROOM_SMALL)
		printf("%s: that is little: CPU %u is out of ports at %u connections a second to one "
		       "destination, if these stay in TIME_WAIT, and takes others' then; widen "
		       "net.ipv4.ip_local_port_range, or use fewer CPUs\n", interface,
		       headroom.least_cpu, headroom.least / 60);
	if (headroom.reserved)
		printf("%s: %u of the ports are in net.ipv4.ip_local_reserved_ports and are not "
		       "used\n", interface, headroom.reserved);
	print_listeners(entry, interface);
}
