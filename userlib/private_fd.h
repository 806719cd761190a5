/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The library's own descriptors: those of the pinned BPF objects and the local
 * listeners.  They are close-on-exec and live at high numbers, out of the way of
 * programs that expect the lowest free one.  close(), close_range() and dup2()
 * by the application leave them alone (see wrap_fd.c).
 */
#ifndef FASTSOCK_PRIVATE_FD_H
#define FASTSOCK_PRIVATE_FD_H

#include <stdbool.h>

/**
 * private_fd_adopt() - move a new descriptor to a private number
 * @fd: open descriptor; closed by this call, also on failure
 *
 * Return: the private descriptor, or -1 with errno.
 */
int private_fd_adopt(int fd);

/* Close a private descriptor (ignores -1). */
void private_fd_close(int fd);

/* Move one elsewhere, because the application claims its number by dup2(). */
int private_fd_move(int fd);

bool private_fd_is(int fd);

/* The lowest private descriptor >= @from, or -1. */
int private_fd_next(int from);

#endif
