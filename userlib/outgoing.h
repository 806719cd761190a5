/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Sockets that may yet connect: what is believed of each descriptor number that
 * socket() gave to this process, and the choice of a source port when one
 * connects.  A number that came by any other way (dup, SCM_RIGHTS, io_uring) is
 * none of them and left alone.
 *
 * A belief is stale where a descriptor ended unseen (libc's own close, a bare
 * system call) and its number was used again by something unseen that connects.
 * It then gets a range of ports it did not ask for, which costs nothing but the
 * call: a port that is bound stays, and a range that has no free port is taken
 * back before anybody notices.
 */
#ifndef FASTSOCK_OUTGOING_H
#define FASTSOCK_OUTGOING_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>

#include "fdtable.h"

#define OUTGOING	0x01	/* a TCP or UDP socket without a port */
#define OUTGOING_V6	0x02
#define OUTGOING_UDP	0x04
#define OUTGOING_LATE	0x08	/* IP_BIND_ADDRESS_NO_PORT: bind() leaves the port to connect() */
#define OUTGOING_BOUND	0x10	/* to an address, and no port yet */
#define OUTGOING_TRIED	0x20	/* has connected or tried to; it may have a range of ours */

extern _Atomic uint8_t outgoing_table[FD_TABLE];	/* zero pages until used */
extern atomic_int outgoing_end;				/* all beyond are zero */

static inline uint8_t outgoing_belief(int fd)
{
	if ((unsigned int)fd >= FD_TABLE)
		return 0;
	return atomic_load_explicit(&outgoing_table[fd], memory_order_relaxed);
}

static inline void outgoing_believe(int fd, uint8_t what)
{
	if ((unsigned int)fd < FD_TABLE)
		atomic_store_explicit(&outgoing_table[fd], what, memory_order_relaxed);
}

/* Not stored where it is zero already: the line may be another thread's. */
static inline void outgoing_forget(int fd)
{
	if (outgoing_belief(fd))
		outgoing_believe(fd, 0);
}

void outgoing_forget_all(unsigned int first, unsigned int last);

/* socket() gave @fd. */
void outgoing_made(int fd, int family, int type, int protocol);

/* Before bind() or listen(): a range of ours must not apply to them. */
void outgoing_bind(int fd);

/* bind() succeeded. */
void outgoing_bound(int fd, const struct sockaddr *addr, socklen_t len);

/* setsockopt() succeeded. */
void outgoing_option(int fd, int level, int name, const void *value, socklen_t len);

/**
 * outgoing_connect() - connect() on a socket that is believed to have no port
 *
 * One more system call than connect() in the usual case.
 * Return, errno: those of connect().
 */
int outgoing_connect(int fd, uint8_t what, const struct sockaddr *addr, socklen_t len);

#endif
