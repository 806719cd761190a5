/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * libc's functions of these names are points of cancellation.  A thread that is
 * cancelled in one of ours would leave the lock taken, or a descriptor open.
 */
#ifndef FASTSOCK_QUIET_H
#define FASTSOCK_QUIET_H

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int quiet_open(const char *path, int flags)
{
	return syscall(SYS_openat, AT_FDCWD, path, flags);
}

static inline void quiet_close(int fd)
{
	syscall(SYS_close, fd);
}

static inline ssize_t quiet_send(int fd, const void *data, size_t size)
{
	return syscall(SYS_sendto, fd, data, size, 0, NULL, 0);
}

static inline ssize_t quiet_recv(int fd, void *data, size_t size, int flags)
{
	return syscall(SYS_recvfrom, fd, data, size, flags, NULL, NULL);
}

#endif
