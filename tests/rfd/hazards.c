// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program must not notice of the port choice: each case as stock and with
 * the library, to a listener on lo.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "../preload/case.h"

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif

#define MARK 12345

static struct sockaddr_in loopback(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return address;
}

static int dial_with(int fd, int port)
{
	struct sockaddr_in to = loopback(port);

	return connect(fd, (struct sockaddr *)&to, sizeof(to));
}

static int tcp(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	need(fd >= 0);
	return fd;
}

static int disconnect(int fd)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	return connect(fd, &nowhere, sizeof(nowhere));
}

/* With SO_REUSEADDR beside: an accepted child lives on the port. */
static int served(void)
{
	return port_of(listener());
}

static void connect__errno(void)
{
	int port = served(), fd = tcp();

	errno = MARK;
	need(dial_with(fd, port) == 0 && errno == MARK);
	need(dial_with(fd, port) == -1 && errno == EISCONN);
	fd = tcp();
	need(dial_with(fd, 1) == -1 && errno == ECONNREFUSED);
	need(dial_with(-1, port) == -1 && errno == EBADF);
	close(fd);
	need(dial_with(fd, port) == -1 && errno == EBADF);
	need(dial_with(1 << 21, port) == -1 && errno == EBADF);
}

static void connect__bad_address(void)
{
	int port = served(), fd = tcp();
	struct sockaddr_in to = loopback(port);

	need(connect(fd, NULL, sizeof(to)) == -1 && errno == EFAULT);
	need(connect(fd, (void *)-1, sizeof(to)) == -1 && errno == EFAULT);
	need(connect(fd, (void *)8, sizeof(to)) == -1 && errno == EFAULT);
	need(connect(fd, (struct sockaddr *)&to, 0) == -1 && errno == EINVAL);
	need(connect(fd, (struct sockaddr *)&to, 1) == -1 && errno == EINVAL);
	need(connect(fd, (struct sockaddr *)&to, 8) == -1 && errno == EINVAL);
	need(connect(fd, (struct sockaddr *)&to, -1) == -1 && errno == EINVAL);
	to.sin_family = AF_INET6;
	need(connect(fd, (struct sockaddr *)&to, sizeof(to)) == -1 && errno == EAFNOSUPPORT);
	need(dial_with(fd, port) == 0);
}

static void connect__nonblocking(void)
{
	int port = served(), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error;
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	socklen_t size = sizeof(error);

	need(dial_with(fd, port) == -1 && errno == EINPROGRESS);
	need(poll(&wait, 1, 5000) == 1);
	need(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0);
	need(dial_with(fd, port) == 0 || errno == EISCONN);
	need(dial_with(fd, port) == -1 && errno == EISCONN);
}

static void connect__disconnected_and_again(void)
{
	int one = served(), other = served(), fd = tcp();

	need(disconnect(fd) == 0);
	for (int i = 0; i < 20; i++) {
		need(dial_with(fd, i % 2 ? one : other) == 0);
		need(disconnect(fd) == 0);
	}
	need(dial_with(fd, 1) == -1 && errno == ECONNREFUSED);
	need(dial_with(fd, one) == 0);
}

static int bound_port(int fd)
{
	struct sockaddr_in at;
	socklen_t size = sizeof(at);

	need(getsockname(fd, (struct sockaddr *)&at, &size) == 0);
	return ntohs(at.sin_port);
}

/* The port of bind() stays, whatever the number was before. */
static void bind__port_stays(void)
{
	int port = served(), fd, at, one = 1;
	struct sockaddr_in any = loopback(0);

	for (int i = 0; i < 20; i++) {
		fd = tcp();
		need(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0);
		need(bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0);
		at = bound_port(fd);
		need(at && dial_with(fd, port) == 0 && bound_port(fd) == at);
		close(fd);
	}
}

static void bind__after_a_failure(void)
{
	struct sockaddr_in any = loopback(0);
	int fd = tcp();
	__u32 range = 1;
	socklen_t size = sizeof(range);

	need(dial_with(fd, 1) == -1 && errno == ECONNREFUSED);
	need(bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0);
	need(getsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &range, &size) == 0 && range == 0);
	need(listen(fd, 1) == 0);
}

static void range__of_the_application(void)
{
	__u32 mine = 60100u << 16 | 60000, seen = 0;
	socklen_t size = sizeof(seen);
	int port = served(), fd = tcp(), alias = dup(fd);

	need(setsockopt(alias, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &mine, sizeof(mine)) == 0);
	need(dial_with(fd, port) == 0);
	need(bound_port(fd) >= 60000 && bound_port(fd) <= 60100);
	need(getsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &seen, &size) == 0 && seen == mine);
}

/* A number that ended unseen, and serves for something else. */
static void stale__number(void)
{
	int port = served(), fd = tcp(), pair[2], listening, made;
	struct sockaddr_un path = { .sun_family = AF_UNIX };
	socklen_t length = offsetof(struct sockaddr_un, sun_path) + 6;

	memcpy(path.sun_path, "\0fs-un", 6);
	syscall(SYS_close, fd);
	need(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair) == 0 && pair[0] == fd);
	need(dial_with(fd, port) == -1 && errno == EINVAL);
	syscall(SYS_close, pair[0]);
	listening = syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	need(listening == fd && bind(fd, (struct sockaddr *)&path, length) == 0 && listen(fd, 1) == 0);
	made = syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	need(connect(made, (struct sockaddr *)&path, length) == 0);
	syscall(SYS_close, fd);
	made = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
	need(made == fd && dial_with(fd, port) == 0);
	syscall(SYS_close, fd);
	need(open("/dev/null", O_RDWR) == fd);
	need(dial_with(fd, port) == -1 && errno == ENOTSOCK);
}

static void duplicate__connects(void)
{
	int port = served(), fd = tcp(), alias = dup(fd);

	need(dial_with(alias, port) == 0);
	need(dial_with(fd, port) == -1 && errno == EISCONN);
	need(disconnect(alias) == 0 && dial_with(fd, port) == 0);
}

static void other_protocols(void)
{
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_UDP), port = served();
	struct sockaddr_un path = { .sun_family = AF_UNIX };

	if (fd >= 0)
		need(dial_with(fd, port) == 0);
	fd = socket(AF_INET, SOCK_STREAM, 262 /* IPPROTO_MPTCP */);
	if (fd >= 0)
		need(dial_with(fd, port) == 0);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	need(connect(fd, (struct sockaddr *)&path, sizeof(path)) == -1 && errno != 0);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	need(connect(fd, (struct sockaddr *)&path, sizeof(path)) == -1);
}

static void fast_open(void)
{
	int listening = listener(), port = port_of(listening), fd, one = 1;
	struct sockaddr_in to = loopback(port);
	char text[8] = "";

	for (int i = 0; i < 3; i++) {
		fd = tcp();
		need(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one)) == 0);
		need(dial_with(fd, port) == 0 && write(fd, "hello", 5) == 5);
		close(fd);
		fd = tcp();
		need(sendto(fd, "hello", 5, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof(to)) == 5);
		close(fd);
	}
	for (int i = 0; i < 6; i++) {
		while ((fd = accept(listening, NULL, NULL)) < 0)
			nap();
		fcntl(fd, F_SETFL, 0);
		need(read(fd, text, sizeof(text)) == 5 && !memcmp(text, "hello", 5));
		close(fd);
	}
}

static void udp__answers(void)
{
	int one = socket(AF_INET, SOCK_DGRAM, 0), other = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in at = loopback(0), from;
	socklen_t size = sizeof(from);
	char text[8];

	need(bind(one, (struct sockaddr *)&at, sizeof(at)) == 0);
	need(dial_with(other, bound_port(one)) == 0 && send(other, "ask", 3, 0) == 3);
	need(recvfrom(one, text, sizeof(text), 0, (struct sockaddr *)&from, &size) == 3);
	need(ntohs(from.sin_port) == bound_port(other));
	need(sendto(one, "tell", 4, 0, (struct sockaddr *)&from, size) == 4);
	need(recv(other, text, sizeof(text), 0) == 4);
	/* Another destination keeps the port; none gives it up. */
	size = bound_port(other);
	need(dial_with(other, 9) == 0 && bound_port(other) == (int)size);
	need(disconnect(other) == 0 && dial_with(other, 9) == 0);
}

/* What it does then is not bound to the ports of a CPU any more. */
static void disconnected__any_port(void)
{
	int one = socket(AF_INET, SOCK_DGRAM, 0), fds[2] = { tcp(), socket(AF_INET, SOCK_DGRAM, 0) };
	struct sockaddr_in at = loopback(0);
	int port = served(), ports[2];

	need(bind(one, (struct sockaddr *)&at, sizeof(at)) == 0);
	ports[0] = port;
	ports[1] = bound_port(one);
	for (int i = 0; i < 2; i++) {
		__u32 range = 1;
		socklen_t size = sizeof(range);

		need(dial_with(fds[i], ports[i]) == 0 && disconnect(fds[i]) == 0);
		need(getsockopt(fds[i], IPPROTO_IP, IP_LOCAL_PORT_RANGE, &range, &size) != 0 || range == 0);
		need(bind(fds[i], (struct sockaddr *)&at, sizeof(at)) == 0);
	}
}

static void vfork__child_makes_sockets(void)
{
	int port = served(), fd = tcp();
	pid_t pid = vfork();

	if (!pid) {
		close(fd);
		_exit(tcp() == fd ? 0 : 1);
	}
	expect_success(pid);
	need(dial_with(fd, port) == 0);
}

static int caught = -1, caught_port;

static void on_signal(int number)
{
	int fd = tcp();

	(void)number;
	caught = dial_with(fd, caught_port);
	close(fd);
}

static void signal__handler_connects(void)
{
	struct itimerval often = { { 0, 500 }, { 0, 500 } };
	double end = now() + 0.3;
	int fd;

	caught_port = served();
	/* The listener's queue is not emptied: a connection ends in it or is refused. */
	signal(SIGVTALRM, on_signal);
	setitimer(ITIMER_VIRTUAL, &often, NULL);
	while (now() < end) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		need(dial_with(fd, 1) == -1);
		close(fd);
	}
	memset(&often, 0, sizeof(often));
	setitimer(ITIMER_VIRTUAL, &often, NULL);
}

static const struct test_case cases[] = {
	{ "connect__errno", connect__errno },
	{ "connect__bad_address", connect__bad_address },
	{ "connect__nonblocking", connect__nonblocking },
	{ "connect__disconnected_and_again", connect__disconnected_and_again },
	{ "bind__port_stays", bind__port_stays },
	{ "bind__after_a_failure", bind__after_a_failure },
	{ "range__of_the_application", range__of_the_application },
	{ "stale__number", stale__number },
	{ "duplicate__connects", duplicate__connects },
	{ "other_protocols", other_protocols },
	{ "fast_open", fast_open },
	{ "udp__answers", udp__answers },
	{ "disconnected__any_port", disconnected__any_port },
	{ "vfork__child_makes_sockets", vfork__child_makes_sockets },
	{ "signal__handler_connects", signal__handler_connects },
};

CASE_MAIN(cases)
