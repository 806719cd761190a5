// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Interposed: the calls that end descriptors or change what they do.  The
 * library's own descriptors survive a program that closes all it can see.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "epoll.h"
#include "fdtable.h"
#include "listener.h"
#include "module.h"
#include "outgoing.h"
#include "pins.h"
#include "private_fd.h"
#include "process.h"
#include "real.h"
#include "wrap.h"

int fcntl64(int fd, int cmd, ...);

WRAP int close(int fd)
{
	if (private_fd_is(fd)) {
		/* As far as the application knows it never opened this number. */
		errno = EBADF;
		return -1;
	}
	outgoing_forget(fd);
	if (fd_kind(fd) != FD_UNKNOWN)
		listener_closing(fd);
	return real.close(fd);
}

static int close_span(unsigned int first, unsigned int last, int flags)
{
	unsigned int end = last < FD_TABLE ? last : FD_TABLE - 1;

	if (!(flags & CLOSE_RANGE_CLOEXEC)) {
		outgoing_forget_all(first, last);
		for (unsigned int fd = first; fd <= end; fd++)
			if (fd_kind(fd) != FD_UNKNOWN)
				listener_closing(fd);
	}
	return syscall(SYS_close_range, first, last, flags);
}

WRAP int close_range(unsigned int first, unsigned int last, int flags)
{
	int keep;

	if (first > last)
		return syscall(SYS_close_range, first, last, flags);
	while ((keep = private_fd_next(first)) >= 0 && (unsigned int)keep <= last) {
		if ((unsigned int)keep > first && close_span(first, keep - 1, flags) < 0)
			return -1;
		if ((unsigned int)keep == last)
			return 0;
		first = keep + 1;
	}
	return close_span(first, last, flags);
}

WRAP void closefrom(int first)
{
	close_range(first < 0 ? 0 : first, UINT_MAX, 0);
}

/* The application claims this number: it may have it. */
static void make_way(int fd)
{
	int moved;

	outgoing_forget(fd);
	if (fd_kind(fd) == FD_UNKNOWN && !private_fd_is(fd))
		return;
	/* The parent keeps what it has under this number. */
	if (process_is_vfork_child())
		return;
	if (!private_fd_is(fd)) {
		listener_closing(fd);
		return;
	}
	moved = private_fd_move(fd);
	pins_moved(fd, moved);
	module_moved(fd, moved);
	listener_moved(fd, moved);
}

WRAP int dup2(int from, int to)
{
	if (from != to)
		make_way(to);
	return real.dup2(from, to);
}

WRAP int dup3(int from, int to, int flags)
{
	if (from != to)
		make_way(to);
	return real.dup3(from, to, flags);
}

/*
 * A listener made blocking waits on the original alone.  The flag belongs to all
 * numbers of a socket, so one that we do not know may be meant.
 */
static void made_blocking(int fd)
{
	if (fd_kind(fd) >= FD_LISTENER || (fd_kind(fd) == FD_UNKNOWN && listener_recognise(fd)))
		listener_withdraw(fd);
}

static void note_fcntl(int fd, int cmd, long arg)
{
	int error = errno;

	/* A lock that processes share: see wrap_lock.c. */
	if ((cmd == F_SETLKW || cmd == F_OFD_SETLKW) && epoll_unproved())
		epoll_takes_turns();
	if (cmd == F_SETFL && !(arg & O_NONBLOCK))
		made_blocking(fd);
	errno = error;
}

WRAP int fcntl(int fd, int cmd, ...)
{
	va_list args;
	void *arg;

	va_start(args, cmd);
	arg = va_arg(args, void *);
	va_end(args);
	note_fcntl(fd, cmd, (long)arg);
	return real.fcntl(fd, cmd, arg);
}

WRAP int fcntl64(int fd, int cmd, ...)
{
	va_list args;
	void *arg;

	va_start(args, cmd);
	arg = va_arg(args, void *);
	va_end(args);
	note_fcntl(fd, cmd, (long)arg);
	return real.fcntl(fd, cmd, arg);
}

WRAP int ioctl(int fd, ioctl_request request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (request == FIONBIO && arg && !*(int *)arg)
		note_fcntl(fd, F_SETFL, 0);
	return real.ioctl(fd, request, arg);
}

WRAP int chroot(const char *path)
{
	/* The device cannot be reached from inside, and workers may yet ask for it. */
	if (listener_any())
		module_hold();
	return real.chroot(path);
}
