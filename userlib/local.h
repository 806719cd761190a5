/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * A local listener: one more listening socket on the address of one that the
 * server opened.
 */
#ifndef FASTSOCK_LOCAL_H
#define FASTSOCK_LOCAL_H

#include <stdbool.h>

/**
 * local_make() - by the module, else as a second SO_REUSEPORT socket
 * @fd: the server's listener
 * @cpu: whose connections it is for
 * @reserved: what local_reserve() gave, or -1; used up by this call if needed
 * @cloned: receives whether it was the module
 *
 * Return: a private, non-blocking listening descriptor, or -1 with errno of the
 * way that came nearest.  Why is told once on stderr.
 */
int local_make(int fd, int cpu, int *reserved, bool *cloned);

/**
 * local_reserve() - bind now what may be listened on later
 * @fd: the server's listener
 *
 * For a process that is about to give up the right to bind: a socket on the
 * listener's address, not listening.  Nothing is made when the module is there,
 * which needs no such help.
 *
 * Return: a private descriptor, or -1.
 */
int local_reserve(int fd);

#endif
