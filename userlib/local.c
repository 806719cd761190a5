// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Two ways.  The module clones under the credentials that opened the original,
 * so an unprivileged worker gets a listener on port 80.  Without the module the
 * kernel lets only the user that opened the original join its port, and below
 * 1024 only with the right to bind there.  A server that gives that right up
 * has sockets bound in reserve just before (local_reserve()); where even that is
 * not possible the server stays as it is.
 *
 * SO_REUSEPORT is set on the original only now, long after bind(): had it been
 * set before, two servers started by mistake on one port would both succeed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "local.h"
#include "module.h"
#include "options.h"
#include "private_fd.h"
#include "quiet.h"
#include "real.h"
#include "say.h"

static int backlog_of(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	/* For a listener tcpi_sacked is the longest accept queue (tcp_get_info()). */
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return SOMAXCONN;
	return info.tcpi_sacked;
}

/* Bound like @fd, with its options, and not listening yet. */
static int bind_second(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int made, error, one = 1, was = 0;
	socklen_t size = sizeof(was);

	if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		return -1;
	made = real.socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (made < 0)
		return -1;
	getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &was, &size);
	if (real.setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) == 0) {
		if (options_copy(fd, made) == 0 &&
		    real.setsockopt(made, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) == 0 &&
		    real.bind(made, (struct sockaddr *)&address, len) == 0)
			return made;
		error = errno;
		if (!was)
			real.setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &was, sizeof(was));
		errno = error;
	}
	error = errno;
	quiet_close(made);
	errno = error;
	return -1;
}

static int second_socket(int fd, int cpu, int *reserved)
{
	int made = *reserved, error;

	*reserved = -1;
	if (made < 0) {
		made = bind_second(fd);
		if (made >= 0)
			made = private_fd_adopt(made);
	}
	if (made < 0)
		return -1;
	if (real.setsockopt(made, SOL_SOCKET, SO_INCOMING_CPU, &cpu, sizeof(cpu)) == 0 &&
	    real.listen(made, backlog_of(fd)) == 0)
		return made;
	error = errno;
	private_fd_close(made);
	errno = error;
	return -1;
}

int local_reserve(int fd)
{
	int made;

	if (module_present())
		return -1;
	made = bind_second(fd);
	return made < 0 ? -1 : private_fd_adopt(made);
}

int local_make(int fd, int cpu, int *reserved, bool *cloned)
{
	int made = module_clone(fd, cpu), why = errno, error;

	*cloned = made >= 0;
	if (made >= 0)
		made = private_fd_adopt(made);
	else if (why != EMFILE && why != ENFILE)
		made = second_socket(fd, cpu, reserved);
	if (made >= 0)
		return made;
	error = errno;
	say(SAY_NO_LOCAL, "no per-CPU listener: the module says '", say_errno(why),
	    "', without it '", say_errno(error), "'; the server runs as without libfastsock",
	    why == ENOENT || why == ENXIO || why == ENODEV ?
		    " (load fastsock.ko, or let the workers keep the user that opened the port)" : "",
	    NULL);
	errno = error;
	return -1;
}
