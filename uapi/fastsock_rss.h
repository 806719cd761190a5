/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR LGPL-2.1-only */
/*
 * Receive side scaling: the hash by which a device spreads packets, so that the
 * port of a connection can be chosen whose replies it will put on a given CPU.
 *
 * Toeplitz: for each set bit of the input, from the most significant of the
 * first byte on, the 32 bits of the key that begin at that bit are XORed in.
 * So the hash of a tuple is the XOR of the hashes of its parts, each at its own
 * offset; what does not change while a port is looked for is computed once.
 */
#ifndef _UAPI_FASTSOCK_RSS_H
#define _UAPI_FASTSOCK_RSS_H

#include <linux/types.h>

#define FASTSOCK_RSS_KEY	64u	/* bytes; devices have 40 or 52 */
#define FASTSOCK_RSS_TABLE	2048u	/* entries of the longest indirection table used */

/**
 * fastsock_toeplitz() - hash of @length bytes that stand at @offset of the input
 * @key: at least @offset + @length + 4 bytes
 *
 * Published vectors: IPv4 with ports is saddr 0..3, daddr 4..7, sport 8..9,
 * dport 10..11; IPv6 saddr 0..15, daddr 16..31, sport 32..33, dport 34..35; all
 * in network order.
 */
static inline __u32 fastsock_toeplitz(const __u8 *key, __u32 offset, const __u8 *data,
				      __u32 length)
{
	__u32 hash = 0, window, i, bit;

	for (i = 0; i < length; i++) {
		const __u8 *at = key + offset + i;

		window = (__u32)at[0] << 24 | (__u32)at[1] << 16 | (__u32)at[2] << 8 | at[3];
		for (bit = 0; bit < 8; bit++) {
			if (data[i] & 0x80u >> bit)
				hash ^= window;
			window = window << 1 | (at[4] >> (7 - bit) & 1);
		}
	}
	return hash;
}

/* The 32 bits of the key that begin at bit @bit. */
static inline __u32 fastsock_rss_window(const __u8 *key, __u32 bit)
{
	const __u8 *at = key + bit / 8;
	__u64 five = (__u64)at[0] << 32 | (__u64)at[1] << 24 | (__u64)at[2] << 16 |
		     (__u64)at[3] << 8 | at[4];

	return five >> (8 - bit % 8);
}

/**
 * fastsock_rss_addresses() - what the addresses of a reply add to its hash
 * @key: FASTSOCK_RSS_KEY bytes
 * @peer: source of the reply: where we connect to
 * @ours: its destination
 * @length: of each, 4 or 16
 * @symmetric: source XOR destination stands in both places
 */
static inline __u32 fastsock_rss_addresses(const __u8 *key, const __u8 *peer, const __u8 *ours,
					   __u32 length, int symmetric)
{
	__u8 both[16];
	__u32 i;

	if (!symmetric)
		return fastsock_toeplitz(key, 0, peer, length) ^
		       fastsock_toeplitz(key, length, ours, length);
	for (i = 0; i < length; i++)
		both[i] = peer[i] ^ ours[i];
	return fastsock_toeplitz(key, 0, both, length) ^
	       fastsock_toeplitz(key, length, both, length);
}

/*
 * A walk over our ports, one by one.  From a port to the next the lowest bits
 * flip up to the first zero, which is one XOR: so a step costs a few
 * instructions, and no table has to be kept for a key.
 *
 * One port in as many as there are CPUs suits, where each has as many entries.
 * They lie in runs, as the key has it: over random keys a search takes about 1.5
 * times the CPUs, and callers give up after FASTSOCK_RSS_TRIES: less than 1 % of
 * searches up to 128 CPUs, 3 % with 1024 (tests/unit/unit_rss.c prints both).
 */
#define FASTSOCK_RSS_TRIES	8192u

struct fastsock_rss_walk {
	__u32 port;
	__u32 hash;		/* of a reply to @port */
	__u32 step[16];		/* hash(port) ^ hash(port + 1), by the trailing ones of port */
};

/**
 * fastsock_rss_walk_begin() - stand at a port
 * @addresses: by fastsock_rss_addresses()
 * @length: of an address
 * @peer_port: where we connect to
 * @port: ours, to begin with
 */
static inline void fastsock_rss_walk_begin(struct fastsock_rss_walk *walk, const __u8 *key,
					   __u32 addresses, __u32 length, __u32 peer_port,
					   __u32 port, int symmetric)
{
	__u32 at_peer = 2 * length * 8 + 15, at_ours = at_peer + 16, bit;
	__u32 theirs, each, sum = 0;

	walk->port = port;
	walk->hash = addresses;
	for (bit = 0; bit < 16; bit++) {
		theirs = fastsock_rss_window(key, at_peer - bit);
		each = fastsock_rss_window(key, at_ours - bit);
		if (symmetric)
			theirs = each ^= theirs;
		if (peer_port >> bit & 1)
			walk->hash ^= theirs;
		if (port >> bit & 1)
			walk->hash ^= each;
		sum ^= each;
		walk->step[bit] = sum;
	}
}

/* On to the next port; below 65535. */
static inline void fastsock_rss_walk_next(struct fastsock_rss_walk *walk)
{
	walk->hash ^= walk->step[__builtin_ctz(~walk->port)];
	walk->port++;
}

#endif /* _UAPI_FASTSOCK_RSS_H */
