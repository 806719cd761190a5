/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * A local listener: one more listening socket on the address of one that the
 * server opened.
 */
#ifndef FASTSOCK_LOCAL_H
#define FASTSOCK_LOCAL_H

/**
 * local_make() - by the module, else as a second SO_REUSEPORT socket
 * @fd: the server's listener
 * @cpu: whose connections it is for
 *
 * Return: a private, non-blocking listening descriptor, or -1 with errno of the
 * way that came nearest.  Why is told once on stderr.
 */
int local_make(int fd, int cpu);

#endif
