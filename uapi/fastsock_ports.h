/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR LGPL-2.1-only */
/*
 * Port blocks: which CPU a source port belongs to, where the device (or a
 * program in front of it) places packets by destination port.  Shared by the
 * library, which chooses a port of its CPU, and by whatever brings the replies
 * home: flow director rules, the XDP program, the module.  Pure arithmetic.
 *
 * All blocks are 1 << shift ports long and begin at a multiple of that, so that
 * one rule with a value and a mask describes a block:
 *
 *   lo                                                        hi
 *   | (too short) | block 0 | block 1 | ... | block count-1 |  |
 *
 * A power of two wastes up to half of the range; a device that can compare only
 * under a mask leaves no choice.
 */
#ifndef _UAPI_FASTSOCK_PORTS_H
#define _UAPI_FASTSOCK_PORTS_H

#include <linux/types.h>

#define FASTSOCK_NO_BLOCK	(~0u)

struct fastsock_blocks {
	__u32 first;		/* first port of block 0; a multiple of the length */
	__u32 shift;		/* ports in a block: 1 << shift */
	__u32 count;		/* blocks; 0: none */
};

_Static_assert(sizeof(struct fastsock_blocks) == 12, "blocks");

/**
 * fastsock_blocks_make() - the longest blocks that fit into a range of ports
 * @blocks: result; count is 0 when there is none
 * @lo: first port that may be used, 1 .. 65535
 * @hi: last one, >= @lo
 * @count: how many blocks, >= 1
 *
 * Derived from net.ipv4.ip_local_port_range, say: 32768 to 60999 and two blocks
 * give 8192 ports each, from 32768.
 * Return: 0, or -1 when the range has no room for so many.
 */
static inline int fastsock_blocks_make(struct fastsock_blocks *blocks, __u32 lo, __u32 hi,
				       __u32 count)
{
	__u32 shift, first;

	blocks->first = 0;
	blocks->shift = 0;
	blocks->count = 0;
	if (!count || !lo || lo > hi || hi > 65535 || count > hi - lo + 1)
		return -1;
	for (shift = 16; shift-- > 0;) {
		first = (lo + (1u << shift) - 1) >> shift << shift;
		if (first > hi || (hi - first + 1) >> shift < count)
			continue;
		blocks->first = first;
		blocks->shift = shift;
		blocks->count = count;
		return 0;
	}
	return -1;
}

/* The block that @port is in, or FASTSOCK_NO_BLOCK. */
static inline __u32 fastsock_block_of(const struct fastsock_blocks *blocks, __u32 port)
{
	__u32 block;

	if (port < blocks->first)
		return FASTSOCK_NO_BLOCK;
	block = (port - blocks->first) >> blocks->shift;
	return block < blocks->count ? block : FASTSOCK_NO_BLOCK;
}

/* First and last port of a block; @block < count. */
static inline __u32 fastsock_block_first(const struct fastsock_blocks *blocks, __u32 block)
{
	return blocks->first + (block << blocks->shift);
}

static inline __u32 fastsock_block_last(const struct fastsock_blocks *blocks, __u32 block)
{
	return fastsock_block_first(blocks, block) + (1u << blocks->shift) - 1;
}

/* The bits of a port that tell its block: mask of a flow director rule. */
static inline __u32 fastsock_block_mask(const struct fastsock_blocks *blocks)
{
	return 0xffffu >> blocks->shift << blocks->shift;
}

#endif /* _UAPI_FASTSOCK_PORTS_H */
