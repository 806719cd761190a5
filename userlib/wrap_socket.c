// SPDX-License-Identifier: LGPL-2.1-only
/* Interposed: the calls on sockets. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "accept.h"
#include "epoll.h"
#include "fdtable.h"
#include "listener.h"
#include "outgoing.h"
#include "pins.h"
#include "real.h"
#include "say.h"
#include "settings.h"
#include "turn.h"
#include "wrap.h"

static bool refused_by_strict(int fd)
{
	int protocol = 0;
	socklen_t len = sizeof(protocol);

	if (!settings.strict || pins_open())
		return false;
	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) < 0 ||
	    protocol != IPPROTO_TCP)
		return false;
	say(SAY_STRICT, "FASTSOCK=strict and fastsock is not enabled: listen() refused; run "
	    "'fsctl enable --iface IF' first, or set FASTSOCK=auto", NULL);
	errno = EOPNOTSUPP;
	return true;
}

WRAP int listen(int fd, int backlog)
{
	int result;

	if (settings.off)
		return real.listen(fd, backlog);
	if (refused_by_strict(fd))
		return -1;
	outgoing_bind(fd);
	result = real.listen(fd, backlog);
	if (result == 0) {
		int error = errno;

		listener_listened(fd, backlog);
		errno = error;
	}
	return result;
}

WRAP int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	uint16_t kind = fd_kind(fd);

	if (kind == FD_PLAIN || fd_is_epoll(fd) || settings.off || (unsigned int)fd >= FD_TABLE ||
	    (kind == FD_UNKNOWN && op != EPOLL_CTL_ADD))
		return real.epoll_ctl(epfd, op, fd, event);
	return epoll_changed(epfd, op, fd, event);
}

WRAP int epoll_wait(int epfd, struct epoll_event *events, int most, int timeout)
{
	int count;

	epoll_about_to_wait(epfd, timeout);
	count = real.epoll_wait(epfd, events, most, timeout);
	return turn_begin(epfd, events, count, most);
}

WRAP int epoll_pwait(int epfd, struct epoll_event *events, int most, int timeout,
		     const sigset_t *mask)
{
	int count;

	epoll_about_to_wait(epfd, timeout);
	count = real.epoll_pwait(epfd, events, most, timeout, mask);
	return turn_begin(epfd, events, count, most);
}

WRAP int epoll_pwait2(int epfd, struct epoll_event *events, int most,
		      const struct timespec *timeout, const sigset_t *mask)
{
	int count;

	epoll_about_to_wait(epfd, timeout && !timeout->tv_sec && !timeout->tv_nsec ? 0 : -1);
	count = real.epoll_pwait2(epfd, events, most, timeout, mask);
	return turn_begin(epfd, events, count, most);
}

WRAP int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	int made = accept_from(fd, addr, len, flags);

	/* A duplicate of a listener, made where we could not see it. */
	if (made < 0 && errno == EAGAIN && fd_kind(fd) == FD_UNKNOWN && listener_recognise(fd))
		made = accept_from(fd, addr, len, flags);
	return made;
}

WRAP int accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	return accept4(fd, addr, len, 0);
}

WRAP int shutdown(int fd, int how)
{
	/* On a listener this ends listening; its local ones must not go on. */
	if (fd_kind(fd) >= FD_LISTENER)
		listener_withdraw(fd);
	return real.shutdown(fd, how);
}

WRAP int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	int result = real.setsockopt(fd, level, name, value, len);

	if (result == 0)
		outgoing_option(fd, level, name, value, len);
	if (result == 0 && (fd_kind(fd) >= FD_LISTENER || listener_is_program(level, name)))
		listener_option(fd, level, name, value, len);
	return result;
}
