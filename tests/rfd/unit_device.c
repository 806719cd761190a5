// SPDX-License-Identifier: GPL-2.0-only
/*
 * What fsctl makes of a device's words: interrupt names as drivers give them, masks
 * of CPUs, and the CPU where a reply should arrive, by the published hash vectors.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "../../tools/affinity.h"
#include "../../tools/expect.h"
#include "../../tools/queues.h"

static int count, failed;

static void verdict(bool good, const char *what)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++count, what);
	failed += !good;
}

static bool names(const char *name, int wanted, bool sends)
{
	unsigned int queue;
	bool transmit, known = queues_parse_name(name, &queue, &transmit);

	if (wanted < 0)
		return !known;
	return known && queue == (unsigned int)wanted && transmit == sends;
}

static void queues_parse_name__knows_drivers(void)
{
	static const struct {
		const char *name;
		int queue;
		bool transmit;
	} cases[] = {
		{ "eth0-TxRx-3", 3, false },			/* ixgbe, igb, bnxt */
		{ "i40e-enp1s0f0-TxRx-63", 63, false },
		{ "ice-eth2-TxRx-0", 0, false },
		{ "eth0-Tx-Rx-7", 7, false },			/* ena */
		{ "ens192-rxtx-2", 2, false },			/* vmxnet3 */
		{ "eth0-rx-1", 1, false },
		{ "eth0-tx-1", 1, true },
		{ "virtio0-input.5", 5, false },
		{ "virtio12-output.5", 5, true },
		{ "mlx5_comp11@pci:0000:01:00.0", 11, false },
		{ "mlx5_async0@pci:0000:01:00.0", -1, false },
		{ "virtio0-config", -1, false },
		{ "eth0", -1, false },				/* link events */
		{ "ice-eth2:misc", -1, false },
		{ "eth0:fdir-TxRx", -1, false },
		{ "gve-ntfy-blk3@pci:0000:00:04.0", -1, false },
		{ "eth0-TxRx-4096", -1, false },
		{ "", -1, false },
		{ "7", -1, false },
	};
	char what[96];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(what, sizeof(what), "queues_parse_name: '%s'", cases[i].name);
		verdict(names(cases[i].name, cases[i].queue, cases[i].transmit), what);
	}
}

static void affinity__masks(void)
{
	char text[AFFINITY_TEXT];
	bool good = true;

	verdict(!strcmp(affinity_mask(0, text), "1") && !strcmp(affinity_mask(31, text), "80000000") &&
		!strcmp(affinity_mask(32, text), "1,00000000") && !strcmp(affinity_mask(-1, text), "0"),
		"affinity_mask: at the edges of words");
	for (int cpu = 0; cpu < 1024; cpu++)
		good &= strlen(affinity_mask(cpu, text)) < AFFINITY_TEXT &&
			affinity_is_empty(text) == false;
	verdict(good, "affinity_mask: fits for 1024 CPUs");
	verdict(affinity_is_empty("0") && affinity_is_empty("00000000,00000000") &&
		!affinity_is_empty("00000001,00000000"), "affinity_is_empty");
	verdict(affinity_equal("f", "00000000,0000000f") && affinity_equal("1,00000000", "01,00000000") &&
		affinity_equal("A", "a") && !affinity_equal("1", "1,00000000") &&
		!affinity_equal("0", "1") && affinity_equal("00", "0"), "affinity_equal");
	verdict(affinity_single("7") == 7 && affinity_single("0-3") == -1 &&
		affinity_single("1,2") == -1 && affinity_single("") == -1, "affinity_single");
}

static const __u8 key[] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0,
	0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c,
	0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static struct sockaddr_storage address(int family, const char *host, unsigned int port)
{
	struct sockaddr_storage made = { .ss_family = family };

	inet_pton(family, host, family == AF_INET6 ?
		  (void *)&((struct sockaddr_in6 *)&made)->sin6_addr :
		  (void *)&((struct sockaddr_in *)&made)->sin_addr);
	address_set_port(&made, port);
	return made;
}

/* The table leads to the lowest bits of the hash. */
static bool hashes(const struct fastsock_rfd *entry, int family, const char *peer, unsigned int from,
		   const char *ours, unsigned int to, __u32 hash)
{
	struct sockaddr_storage source = address(family, peer, from);
	struct sockaddr_storage destination = address(family, ours, to);

	return expect_cpu(entry, &destination, &source) == (int)(hash % entry->entries);
}

static void expect_cpu__vectors(void)
{
	static struct fastsock_rfd entry = { .mode = FASTSOCK_RFD_RSS, .entries = 1024 };

	memcpy(entry.key, key, sizeof(key));
	for (__u32 i = 0; i < entry.entries; i++)
		entry.cpu_of_entry[i] = i;
	verdict(hashes(&entry, AF_INET, "66.9.149.187", 2794, "161.142.100.80", 1766, 0x323e8fc2),
		"expect_cpu: IPv4 addresses alone");
	verdict(hashes(&entry, AF_INET6, "3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766,
		       0x2cc18cd5), "expect_cpu: IPv6 addresses alone");
	entry.fields = FASTSOCK_RSS_TCP4_PORTS | FASTSOCK_RSS_TCP6_PORTS;
	verdict(hashes(&entry, AF_INET, "66.9.149.187", 2794, "161.142.100.80", 1766, 0x51ccc178) &&
		hashes(&entry, AF_INET, "199.92.111.2", 14230, "65.69.140.83", 4739, 0xc626b0ea),
		"expect_cpu: IPv4 with ports");
	verdict(hashes(&entry, AF_INET6, "3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766,
		       0x40207d3d), "expect_cpu: IPv6 with ports");
	verdict(hashes(&entry, AF_INET6, "::ffff:66.9.149.187", 2794, "::ffff:161.142.100.80", 1766,
		       0x51ccc178), "expect_cpu: IPv4 in a socket of IPv6");
	entry.cpu_of_entry[0x51ccc178 % 1024] = FASTSOCK_NO_CPU;
	verdict(expect_cpu(&entry, &(struct sockaddr_storage){ .ss_family = AF_INET },
			   &(struct sockaddr_storage){ .ss_family = AF_INET }) == 0,
		"expect_cpu: nothing but zeros");
}

static void expect_cpu__is_symmetric(void)
{
	static struct fastsock_rfd entry = {
		.mode = FASTSOCK_RFD_RSS, .entries = 1024,
		.fields = FASTSOCK_RSS_TCP4_PORTS | FASTSOCK_RSS_SYM_XOR,
	};
	struct sockaddr_storage one = address(AF_INET, "10.0.0.1", 40000);
	struct sockaddr_storage two = address(AF_INET, "192.0.2.77", 443);

	memcpy(entry.key, key, sizeof(key));
	for (__u32 i = 0; i < entry.entries; i++)
		entry.cpu_of_entry[i] = i;
	verdict(expect_cpu(&entry, &one, &two) == expect_cpu(&entry, &two, &one),
		"expect_cpu: symmetric both ways");
}

static void expect_cpu__blocks(void)
{
	static struct fastsock_rfd entry = { .mode = FASTSOCK_RFD_BLOCKS };
	struct sockaddr_storage peer = address(AF_INET, "192.0.2.1", 80), ours;
	bool good = !fastsock_blocks_make(&entry.blocks, 32768, 60999, 3);

	memset(entry.block_of_cpu, 0xff, sizeof(entry.block_of_cpu));
	entry.block_of_cpu[5] = 0;
	entry.block_of_cpu[2] = 1;
	entry.block_of_cpu[9] = 2;
	for (unsigned int port = 1; port < 65536; port++) {
		__u32 block = fastsock_block_of(&entry.blocks, port);
		int wanted = block == 0 ? 5 : block == 1 ? 2 : block == 2 ? 9 : -1;

		ours = address(AF_INET, "192.0.2.2", port);
		good &= expect_cpu(&entry, &ours, &peer) == wanted;
	}
	verdict(good, "expect_cpu: every port by its block");
	verdict(expect_takes_part(&entry, 5) && !expect_takes_part(&entry, 0), "expect_takes_part");
}

int main(void)
{
	queues_parse_name__knows_drivers();
	affinity__masks();
	expect_cpu__vectors();
	expect_cpu__is_symmetric();
	expect_cpu__blocks();
	printf("1..%d\n", count);
	return failed != 0;
}
