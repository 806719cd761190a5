// SPDX-License-Identifier: GPL-2.0-only
/* Blocks of ports: whose is which, and that they could not be longer. */
#include <stdbool.h>
#include <stdio.h>

#include "fastsock_ports.h"

static int count, failed;

static void verdict(bool good, const char *what)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++count, what);
	failed += !good;
}

/* Could @count aligned blocks of 1 << @shift ports be put between @lo and @hi? */
static bool fit(__u32 lo, __u32 hi, __u32 wanted, __u32 shift)
{
	__u32 found = 0;

	for (__u32 first = 0; first <= hi; first += 1u << shift)
		found += first >= lo && first + (1u << shift) - 1 <= hi;
	return found >= wanted;
}

/* All that is promised of the blocks of one range. */
static bool hold(__u32 lo, __u32 hi, __u32 wanted)
{
	struct fastsock_blocks blocks;
	__u32 length, owner[65536], mask, port;

	if (fastsock_blocks_make(&blocks, lo, hi, wanted))
		return !blocks.count && !fit(lo, hi, wanted, 0);
	length = 1u << blocks.shift;
	if (blocks.count != wanted || blocks.first % length || blocks.first < lo ||
	    blocks.first + wanted * length - 1 > hi || fit(lo, hi, wanted, blocks.shift + 1))
		return false;
	for (port = 0; port < 65536; port++)
		owner[port] = FASTSOCK_NO_BLOCK;
	for (__u32 block = 0; block < wanted; block++)
		for (port = fastsock_block_first(&blocks, block);
		     port <= fastsock_block_last(&blocks, block); port++) {
			if (owner[port] != FASTSOCK_NO_BLOCK)
				return false;
			owner[port] = block;
		}
	mask = fastsock_block_mask(&blocks);
	for (port = 0; port < 65536; port++) {
		if (fastsock_block_of(&blocks, port) != owner[port])
			return false;
		/* As a rule in a device compares: a value under a mask. */
		for (__u32 block = 0; block < wanted && wanted <= 4; block++)
			if (((port & mask) == fastsock_block_first(&blocks, block)) !=
			    (owner[port] == block))
				return false;
	}
	return true;
}

static bool blocks__hold_for_1_to_64_cpus(void)
{
	static const __u32 ranges[][2] = {
		{ 32768, 60999 }, { 1024, 65535 }, { 1, 65535 }, { 49152, 65535 }, { 32769, 60998 },
		{ 40000, 40063 }, { 65535, 65535 }, { 1, 1 }, { 10000, 10126 }, { 65472, 65535 },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		for (__u32 cpus = 1; cpus <= 64; cpus++)
			if (!hold(ranges[i][0], ranges[i][1], cpus)) {
				printf("# %u-%u, %u CPUs\n", ranges[i][0], ranges[i][1], cpus);
				return false;
			}
	return true;
}

static bool blocks__are(__u32 lo, __u32 hi, __u32 cpus, __u32 first, __u32 length)
{
	struct fastsock_blocks blocks;

	return !fastsock_blocks_make(&blocks, lo, hi, cpus) && blocks.first == first &&
	       1u << blocks.shift == length && blocks.count == cpus && hold(lo, hi, cpus);
}

static bool blocks__refused(__u32 lo, __u32 hi, __u32 cpus)
{
	struct fastsock_blocks blocks = { 1, 1, 1 };

	return fastsock_blocks_make(&blocks, lo, hi, cpus) == -1 && !blocks.count &&
	       fastsock_block_of(&blocks, 1) == FASTSOCK_NO_BLOCK;
}

int main(void)
{
	verdict(blocks__hold_for_1_to_64_cpus(),
		"blocks__hold_for_1_to_64_cpus: each port is of one CPU or none; aligned; the longest");
	verdict(blocks__are(32768, 60999, 2, 32768, 8192), "blocks__default_range_2_cpus");
	verdict(blocks__are(32768, 60999, 64, 32768, 256), "blocks__default_range_64_cpus");
	verdict(blocks__are(1024, 65535, 1024, 1024, 32), "blocks__1024_cpus");
	verdict(blocks__are(32768, 60999, 28232, 32768, 1), "blocks__as_many_as_ports");
	verdict(blocks__are(40001, 40001, 1, 40001, 1), "blocks__one_port");
	verdict(blocks__are(1, 65535, 1, 32768, 32768), "blocks__all_ports");
	verdict(blocks__are(32769, 60998, 1, 40960, 8192), "blocks__unaligned_range");
	verdict(blocks__refused(40001, 40001, 2), "blocks__refused: fewer ports than CPUs");
	verdict(blocks__refused(40001, 40000, 1), "blocks__refused: lo > hi");
	verdict(blocks__refused(0, 40000, 1), "blocks__refused: port 0");
	verdict(blocks__refused(40000, 65536, 1), "blocks__refused: beyond 65535");
	verdict(blocks__refused(40000, 40001, 0), "blocks__refused: no CPUs");
	verdict(blocks__refused(1024, 65535, ~0u), "blocks__refused: more CPUs than numbers");
	printf("1..%d\n", count);
	return failed != 0;
}
