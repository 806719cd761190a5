/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * /dev/fastsock.  Opened for one request at a time: an open descriptor would
 * keep the module from being unloaded.  The exception is a process that is
 * about to chroot(), which could not reach the device later.
 */
#ifndef FASTSOCK_MODULE_H
#define FASTSOCK_MODULE_H

#include <stdbool.h>

/**
 * module_clone() - another listener on @fd's address, for @cpu
 *
 * Return: a non-blocking, close-on-exec socket, or -1 with errno: ENOENT or
 * ENXIO no module, EACCES device not readable, EPROTO another ABI (told on
 * stderr), else as FASTSOCK_IOC_CLONE.
 */
int module_clone(int fd, int cpu);

/* Can this process open the device? */
bool module_present(void);

/* Keep the device open from now on in this process. */
void module_hold(void);

/* Follow a private descriptor that moved to another number. */
void module_moved(int from, int to);

#endif
