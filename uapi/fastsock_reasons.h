/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR LGPL-2.1-only */
/*
 * Why a listener, or one worker of it, is left as it is: the library notes it in
 * the pinned map `reasons`, `fsctl status` reads it.  Nothing depends on the map.
 * It is written where the library decides, never for a connection, and its entries
 * outlive the process that wrote them: readers ask whether the socket still
 * listens.
 */
#ifndef _UAPI_FASTSOCK_REASONS_H
#define _UAPI_FASTSOCK_REASONS_H

#include <linux/types.h>

#define FASTSOCK_REASONS	2048u	/* entries; the least recently written goes first */

/* Of several notes about one socket the highest number tells most. */
enum fastsock_reason {
	FASTSOCK_REASON_NONE,
	FASTSOCK_REASON_NO_EPOLL,	/* listening, but no epoll watches it so far */
	FASTSOCK_REASON_ONE_PLACE,	/* one thread listens and accepts: nothing to spread */
	/* From here on also said about one worker of a listener whose others are served. */
	FASTSOCK_REASON_BLOCKING,	/* accept() on it would block */
	FASTSOCK_REASON_ONESHOT,	/* EPOLLONESHOT: two sockets cannot keep that promise */
	FASTSOCK_REASON_TAKES_TURNS,	/* in and out of epoll (nginx: accept_mutex), or a lock around it */
	FASTSOCK_REASON_OWN_PROGRAM,	/* the server attached a reuseport program itself */
	FASTSOCK_REASON_OPTIONS,	/* carries what cannot be copied to a second socket */
	FASTSOCK_REASON_RIGHTS,		/* no module, and the worker may not bind the port */
	FASTSOCK_REASON_NO_ROW,		/* FASTSOCK_GROUPS addresses are served already */
	FASTSOCK_REASON_NO_LANE,	/* its CPU has FASTSOCK_LANES sockets already */
	FASTSOCK_REASON_NO_CPU,		/* may run on none of the CPUs that the maps know */
	FASTSOCK_REASON_FAILED,		/* anything else; `error` says what */
	FASTSOCK_REASON_KINDS,
};

struct fastsock_reason_key {
	__u64 cookie;		/* SO_COOKIE of the server's socket */
	__u32 tid;		/* the worker, as its own PID namespace numbers it */
	__u32 reserved;
};

struct fastsock_reason_note {
	__u32 reason;		/* enum fastsock_reason */
	__u32 error;		/* errno, or 0 */
};

_Static_assert(sizeof(struct fastsock_reason_key) == 16, "reason key");
_Static_assert(sizeof(struct fastsock_reason_note) == 8, "reason note");

#endif /* _UAPI_FASTSOCK_REASONS_H */
