// SPDX-License-Identifier: LGPL-2.1-only
/* Interposed: the calls that make a socket and connect it. */
#define _GNU_SOURCE
#include <stdatomic.h>

#include "fdtable.h"
#include "listener.h"
#include "outgoing.h"
#include "real.h"
#include "rfd.h"
#include "settings.h"
#include "wrap.h"

static bool choosing(void)
{
	return atomic_load_explicit(&rfd_mapped, memory_order_acquire);
}

WRAP int socket(int family, int type, int protocol)
{
	int fd = real.socket(family, type, protocol);

	if (fd < 0)
		return fd;
	/* Before listen() it is no listener: no need to ask when an epoll gets it. */
	if (fd_kind(fd) == FD_UNKNOWN)
		fd_mark(fd, FD_PLAIN);
	if (choosing())
		outgoing_made(fd, family, type, protocol);
	return fd;
}

WRAP int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	int result;

	outgoing_bind(fd);
	result = real.bind(fd, addr, len);
	if (result == 0)
		outgoing_bound(fd, addr, len);
	if (result == 0 && settings.udp)
		listener_bound(fd);
	return result;
}

WRAP int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	uint8_t what = outgoing_belief(fd);

	if (fd_kind(fd) == FD_UNKNOWN)
		fd_mark(fd, FD_PLAIN);
	else if (fd_kind(fd) >= FD_LISTENER)
		listener_connecting(fd);
	return what ? outgoing_connect(fd, what, addr, len) : real.connect(fd, addr, len);
}
