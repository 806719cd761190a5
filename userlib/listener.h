/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The listeners of this process and what its workers did with them.
 *
 * A *listener* is a listening TCP socket of the application, or with FASTSOCK_UDP=1
 * a UDP socket with SO_REUSEPORT.  A *watch* is its
 * registration in one epoll, made by one thread; a watch may have a *local
 * listener*: another socket on the same address, in a slot of the worker's CPU,
 * registered in the same epoll with the application's own event data.  The
 * application sees one descriptor, its own; accept() on it tries the local one
 * first.
 *
 * Who gets a local listener: whoever shares the listener with others, which is
 * a process that did not call listen() itself (a worker of a master), or threads
 * that watch one listener from epolls of their own.  A server that listens and
 * accepts in one place (Redis) is left alone.
 */
#ifndef FASTSOCK_LISTENER_H
#define FASTSOCK_LISTENER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "fastsock_slots.h"

#define LISTENERS	256
#define RESERVED	128	/* threads of one process that are served without the module */

struct listener {
	bool used;
	bool made_here;		/* this very process called listen() */
	bool datagram;		/* UDP: nothing is accepted, its own socket goes into a slot */
	bool left_alone;	/* for good: see the reason where it is set */
	bool own_program;	/* the server chooses within its group by a program of its own */
	bool reorders;		/* taken out of an epoll and put back before the next wait */
	pid_t deleted_tid;	/* who took it out last, and after how many waits */
	unsigned int deleted_at;
	int hasty;
	__u64 cookie;
	struct fastsock_group_key key;
	int reserved[RESERVED];	/* bound before a change of user, for local listeners to come */
	int reserves;
};

/* Changed under the library's lock; never unmapped. */
extern struct listener listeners[LISTENERS];
extern atomic_uint listener_reserves;		/* sockets bound for listeners to come */

/* The kernel's number of a socket, 0 when @fd is none. */
__u64 cookie_of(int fd);

/* The one that @fd is believed to be, or NULL. */
struct listener *listener_of(int fd);

/* With the lock held: */
struct listener *listener_find(__u64 cookie);
struct listener *listener_identify(int fd);
bool listener_has_siblings(const struct listener *listener);
void listener_close_reserves(struct listener *listener);
void listener_forget_fd(int fd, struct listener *listener);

/* listen() succeeded on @fd. */
void listener_listened(int fd, int backlog);

/* An unknown descriptor said EAGAIN: is it another number of a listener? */
bool listener_recognise(int fd);

/* @fd is about to be closed, or to become something else. */
void listener_closing(int fd);

/* bind() succeeded on @fd, and UDP sockets are served. */
void listener_bound(int fd);

/* @fd is about to have one peer: nobody else's datagrams may be given to it. */
void listener_connecting(int fd);

/* @fd is no longer used as a non-blocking listener: take its local ones away. */
void listener_withdraw(int fd);

/* Does this option give a reuseport group a program? */
bool listener_is_program(int level, int name);

/*
 * The application changed an option on a listener: change its local ones alike.  Or
 * gave a program to a socket that may become one.
 */
void listener_option(int fd, int level, int name, const void *value, socklen_t len);

/* Are there any in this process? */
bool listener_any(void);

/* The process is about to change its user: bind what that might forbid. */
void listener_before_user_change(void);

/* Follow a private descriptor that moved to another number (-1: lost). */
void listener_moved(int from, int to);

#endif
