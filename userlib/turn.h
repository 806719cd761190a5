/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef FASTSOCK_TURN_H
#define FASTSOCK_TURN_H

#include <sys/epoll.h>

/* About to wait on @epfd, @timeout as for epoll_wait(). */
void turn_end(int epfd, int timeout);

/**
 * turn_begin() - waited on @epfd
 * @events: what was reported
 * @count: how many, at most @most; -1: a failure
 *
 * Keeps errno.
 * Return: how many @events there are now; those that the application does not expect
 * are taken out.
 */
int turn_begin(int epfd, struct epoll_event *events, int count, int most);

#endif
