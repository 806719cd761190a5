// SPDX-License-Identifier: LGPL-2.1-only
/*
 * A bitmap with one bit for each descriptor number, changed by atomic
 * operations only, so that it may be read without a lock from any thread or
 * signal handler.  The application's threads see a bit either just before or
 * just after the descriptor exists; both are harmless, since only an
 * application that closes numbers it never opened looks at it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "private_fd.h"
#include "quiet.h"
#include "real.h"

#define WORD	(sizeof(unsigned long) * CHAR_BIT)
#define MOST	(1 << 16)	/* numbers above stay out of our use */
#define HIGH	4096		/* the kernel's table grows to the highest number: not too high */

static _Atomic unsigned long bits[MOST / WORD];

bool private_fd_is(int fd)
{
	return fd >= 0 && fd < MOST &&
	       atomic_load_explicit(&bits[fd / WORD], memory_order_relaxed) >> (fd % WORD) & 1;
}

int private_fd_next(int from)
{
	for (int fd = from < 0 ? 0 : from; fd < MOST; fd++) {
		if (!(fd % WORD) &&
		    !atomic_load_explicit(&bits[fd / WORD], memory_order_relaxed)) {
			fd += WORD - 1;
			continue;
		}
		if (private_fd_is(fd))
			return fd;
	}
	return -1;
}

static int move(int fd)
{
	struct rlimit limit = { 1024, 1024 };
	int lowest, moved;

	getrlimit(RLIMIT_NOFILE, &limit);
	lowest = limit.rlim_cur / 2 < HIGH ? limit.rlim_cur / 2 : HIGH;
	moved = real.fcntl(fd, F_DUPFD_CLOEXEC, lowest);
	if (moved >= MOST) {
		quiet_close(moved);
		errno = EMFILE;
		return -1;
	}
	if (moved >= 0)
		atomic_fetch_or(&bits[moved / WORD], 1ul << (moved % WORD));
	return moved;
}

static void forget(int fd)
{
	atomic_fetch_and(&bits[fd / WORD], ~(1ul << (fd % WORD)));
}

int private_fd_adopt(int fd)
{
	int moved = move(fd), saved = errno;

	quiet_close(fd);
	errno = saved;
	return moved;
}

int private_fd_move(int fd)
{
	int moved = move(fd);

	if (moved >= 0) {
		forget(fd);
		quiet_close(fd);
	}
	return moved;
}

void private_fd_close(int fd)
{
	if (!private_fd_is(fd))
		return;
	forget(fd);
	quiet_close(fd);
}
