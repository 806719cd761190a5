/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef FASTSOCK_ACCEPT_H
#define FASTSOCK_ACCEPT_H

#include <sys/socket.h>

/**
 * accept_from() - accept4() on a listener, or on whatever @fd is
 *
 * One system call in the usual case, the same one that would have been made.
 * Return, errno: those of accept4().
 */
int accept_from(int fd, struct sockaddr *addr, socklen_t *len, int flags);

#endif
