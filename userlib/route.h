/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Through which interface, and from which address, a destination is reached.
 * Asked of the kernel once a second for each destination that is connected to,
 * and when the interface's entry has changed.
 */
#ifndef FASTSOCK_ROUTE_H
#define FASTSOCK_ROUTE_H

#include <linux/types.h>
#include <stdbool.h>

#include "rfd.h"

/* All bytes are compared: zero what is not used. */
struct route_key {
	__u8 peer[16];
	__u8 ours[16];		/* bound to, or zero */
	__u32 scope;		/* of a link-local address: the interface */
	__u32 length;		/* of an address: 4 or 16 */
};

/*
 * False: not through an interface that is enabled (or nobody could tell).
 * @fd: a socket of the namespace that is meant.
 */
bool route_find(int fd, const struct route_key *key, struct rfd_way *way);

#endif
