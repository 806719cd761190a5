/* SPDX-License-Identifier: LGPL-2.1-only */
/* What the application does with epolls that watch listeners. */
#ifndef FASTSOCK_EPOLL_H
#define FASTSOCK_EPOLL_H

#include <stdbool.h>
#include <sys/epoll.h>

#include "watch.h"

/* How often the calling thread has waited, from 1. */
extern __thread unsigned int epoll_waits;

/**
 * epoll_changed() - epoll_ctl() on a listener, or on a socket not known yet
 *
 * Return, errno: those of epoll_ctl() on the application's own descriptor.
 */
int epoll_changed(int epfd, int op, int fd, struct epoll_event *event);

/* Before waiting on @epfd: no event may come for what was deleted from it. */
void epoll_about_to_wait(int epfd, int timeout);

/* The number is about to be closed, or to become something else. */
void epoll_closed(int epfd);

/*
 * Has a worker registered listeners and not waited for them yet?  If it takes a
 * lock between processes first, the workers take turns in waiting.
 */
static inline bool epoll_unproved(void)
{
	return atomic_load_explicit(&watch_unproved, memory_order_relaxed);
}

/* It does so: those stay shared. */
void epoll_takes_turns(void);

#endif
