/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What the library believes of each descriptor number.  A belief may be stale:
 * descriptors come and go by dup, exec, SCM_RIGHTS, io_uring and bare system
 * calls.  A stale entry may cost speed, never a connection.
 *
 * Numbers beyond the table are FD_UNKNOWN for ever.
 */
#ifndef FASTSOCK_FDTABLE_H
#define FASTSOCK_FDTABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FD_TABLE	(1 << 20)
#define FD_UNKNOWN	0	/* ask the kernel when it matters */
#define FD_PLAIN	1	/* not a listener, or none of ours */
#define FD_EPOLL	2	/* an epoll that watches a listener */
#define FD_EPOLL_DUE	3	/* such a one, and something is to be done before the next wait */
#define FD_PROGRAM	4	/* no listener yet, but given a reuseport program by the server */
#define FD_LISTENER	5	/* this and above: listener number + FD_LISTENER */

extern _Atomic uint16_t fd_table[FD_TABLE];	/* zero pages until used */

static inline uint16_t fd_kind(int fd)
{
	if ((unsigned int)fd >= FD_TABLE)
		return FD_UNKNOWN;
	return atomic_load_explicit(&fd_table[fd], memory_order_acquire);
}

static inline void fd_mark(int fd, uint16_t kind)
{
	if ((unsigned int)fd < FD_TABLE)
		atomic_store_explicit(&fd_table[fd], kind, memory_order_release);
}

static inline bool fd_is_epoll(int fd)
{
	uint16_t kind = fd_kind(fd);

	return kind == FD_EPOLL || kind == FD_EPOLL_DUE;
}

#endif
