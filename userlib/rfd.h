/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The maps of fastsock_rfd.h, in this process's memory: which source port of an
 * outgoing connection has its replies arrive on which CPU.  Mapped once, while
 * the process may still open the pins; no descriptor stays open for them, and
 * children have them by inheritance.
 */
#ifndef FASTSOCK_RFD_LIB_H
#define FASTSOCK_RFD_LIB_H

#include <stdatomic.h>
#include <stdbool.h>

#include "fastsock_rfd.h"

/* A destination as the cache of routes knows it. */
struct rfd_way {
	__u32 entry;		/* which of the map's */
	__u32 seq;		/* at which all this was computed */
	__u32 addresses;	/* of rss: what they add to the hash */
	__u8 length;		/* of an address: 4 or 16 */
};

/* Ports to try one after the other. */
struct rfd_choice {
	__u32 lo, hi;		/* the range to ask the kernel for */
	unsigned int cpu;
	bool more;		/* there may be another after this one */
	struct rfd_way way;
	__u32 origin;		/* of rss: where in the range the search began, less the cursor */
	__u32 peer_port;
	bool udp;
};

enum rfd_verdict {
	RFD_NONE,		/* leave the socket as it is */
	RFD_RANGE,		/* ask for lo to hi */
	RFD_ANY,		/* any port will do: the reply arrives here in any case */
};

extern atomic_bool rfd_mapped;

void rfd_open(void);		/* once, when the pins are open */

/* Is any interface enabled for it?  Opens new maps where these were given up. */
bool rfd_any(void);

/**
 * rfd_find() - the entry of an interface
 * @way: entry and seq are filled in, and for rss the addresses' part of the hash
 * @peer, @ours: addresses; @length of each
 */
bool rfd_find(__u32 ifindex, __u64 netns, const __u8 *peer, const __u8 *ours, __u8 length,
	      struct rfd_way *way);

/* The entry has not changed since. */
bool rfd_valid(const struct rfd_way *way);

/* @choice: way, peer_port and udp are given; for this CPU. */
enum rfd_verdict rfd_choose(struct rfd_choice *choice);

/* Another, after the kernel had none free in the last one. */
bool rfd_choose_next(struct rfd_choice *choice);

enum rfd_count { RFD_CHOSEN, RFD_EXHAUSTED };
void rfd_count(const struct rfd_choice *choice, enum rfd_count what);

#endif
