/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the module's test programs share: reporting, and sockets in one line.
 * A case is one line on stdout, `ok - DESC` or `not ok - DESC`; module.sh makes
 * TAP of it. Anything a test merely needs goes through must().
 */
#ifndef FS_TEST_UTIL_H
#define FS_TEST_UTIL_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fastsock.h"

/* Shared with children: a case that fails in one fails the program. */
static int *t_failed;

__attribute__((constructor)) static void t_init(void)
{
	t_failed = mmap(NULL, sizeof(*t_failed), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
}

__attribute__((format(printf, 2, 3), unused))
static bool ok(bool good, const char *fmt, ...)
{
	char desc[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(desc, sizeof(desc), fmt, ap);
	va_end(ap);
	if (!good)
		__atomic_add_fetch(t_failed, 1, __ATOMIC_SEQ_CST);
	printf("%s - %s\n", good ? "ok" : "not ok", desc);
	return good;
}

/* Compare numbers that are results: a negative one is shown as an error. */
__attribute__((unused))
static bool is(const char *desc, long got, long want)
{
	bool good = ok(got == want, "%s", desc);

	if (!good)
		printf("# got %ld (%s), wanted %ld (%s)\n", got,
		       got < 0 ? strerrorname_np(-got) : "a number",
		       want, want < 0 ? strerrorname_np(-want) : "a number");
	return good;
}

__attribute__((unused))
static void skip(const char *desc, const char *why)
{
	printf("ok - %s # SKIP %s\n", desc, why);
}

#define must(call) must_at((long)(call), #call, __FILE__, __LINE__)

__attribute__((unused))
static long must_at(long result, const char *call, const char *file, int line)
{
	if (result >= 0)
		return result;
	printf("not ok - %s:%d: %s: %s\n", file, line, call, strerror(errno));
	exit(1);
}

__attribute__((unused))
static int t_exit(void)
{
	return *t_failed ? 1 : 0;
}

/* Device */

__attribute__((unused))
static int device_open(void)
{
	return open(FASTSOCK_DEVICE, O_RDWR | O_CLOEXEC);
}

__attribute__((unused))
static int device_hello(int dev)
{
	struct fastsock_hello hello = { .abi = FASTSOCK_ABI };

	return ioctl(dev, FASTSOCK_IOC_HELLO, &hello) ? -errno : 0;
}

__attribute__((unused))
static int device(void)
{
	int dev = must(device_open());

	errno = -device_hello(dev);
	must(-errno);
	return dev;
}

/* The clone, or a negative error. */
__attribute__((unused))
static int clone_flags(int dev, int fd, int cpu, unsigned int flags)
{
	struct fastsock_clone clone = { .fd = fd, .cpu = cpu, .flags = flags };
	int ret = ioctl(dev, FASTSOCK_IOC_CLONE, &clone);

	return ret < 0 ? -errno : ret;
}

__attribute__((unused))
static int clone_of(int dev, int fd, int cpu)
{
	return clone_flags(dev, fd, cpu, FASTSOCK_CLONE_CLOEXEC);
}

/* Sockets */

union addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

__attribute__((unused))
static socklen_t addr_of(union addr *addr, const char *ip, int port)
{
	memset(addr, 0, sizeof(*addr));
	if (strchr(ip, ':')) {
		addr->in6.sin6_family = AF_INET6;
		addr->in6.sin6_port = htons(port);
		inet_pton(AF_INET6, ip, &addr->in6.sin6_addr);
		return sizeof(addr->in6);
	}
	addr->in.sin_family = AF_INET;
	addr->in.sin_port = htons(port);
	inet_pton(AF_INET, ip, &addr->in.sin_addr);
	return sizeof(addr->in);
}

__attribute__((unused))
static int tcp(const char *ip)
{
	return must(socket(strchr(ip, ':') ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

__attribute__((unused))
static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* An int option, or a negative error. */
__attribute__((unused))
static int get(int fd, int level, int option)
{
	socklen_t len = sizeof(int);
	int value = 0;

	return getsockopt(fd, level, option, &value, &len) ? -errno : value;
}

__attribute__((unused))
static uint64_t cookie_of(int fd)
{
	socklen_t len = sizeof(uint64_t);
	uint64_t cookie = 0;

	must(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len));
	return cookie;
}

__attribute__((unused))
static int bind_to(int fd, const char *ip, int port)
{
	union addr addr;
	socklen_t len = addr_of(&addr, ip, port);

	return bind(fd, &addr.sa, len) ? -errno : 0;
}

__attribute__((unused))
static int connect_to(int fd, const char *ip, int port)
{
	union addr addr;
	socklen_t len = addr_of(&addr, ip, port);

	return connect(fd, &addr.sa, len) ? -errno : 0;
}

/* A plain listener: SO_REUSEADDR, not SO_REUSEPORT, non-blocking. */
__attribute__((unused))
static int listener(const char *ip, int port)
{
	int fd = tcp(ip);

	must(set(fd, SOL_SOCKET, SO_REUSEADDR, 1));
	errno = -bind_to(fd, ip, port);
	must(-errno);
	must(listen(fd, 128));
	must(fcntl(fd, F_SETFL, O_NONBLOCK));
	return fd;
}

/* What a process that wants the port would get: 0 or a negative error. */
__attribute__((unused))
static int try_listen(const char *ip, int port, bool reuseport)
{
	int fd = tcp(ip), err;

	must(set(fd, SOL_SOCKET, SO_REUSEADDR, 1));
	must(set(fd, SOL_SOCKET, SO_REUSEPORT, reuseport));
	err = bind_to(fd, ip, port);
	if (!err && listen(fd, 1))
		err = -errno;
	close(fd);
	return err;
}

/* Wait up to five seconds for one of @n listeners; its index and connection. */
__attribute__((unused))
static int accept_any(const int *fds, int n, int *conn)
{
	struct pollfd p[64];
	int i;

	for (i = 0; i < n; i++)
		p[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	if (poll(p, n, 5000) <= 0)
		return -ETIMEDOUT;
	for (i = 0; i < n; i++) {
		if (!(p[i].revents & POLLIN))
			continue;
		*conn = accept4(fds[i], NULL, NULL, SOCK_CLOEXEC);
		return *conn < 0 ? -errno : i;
	}
	return -EIO;
}

__attribute__((unused))
static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(sched_setaffinity(0, sizeof(set), &set));
}

__attribute__((unused))
static void become(uid_t uid)
{
	must(setgroups(0, NULL));
	must(setresgid(uid, uid, uid));
	must(setresuid(uid, uid, uid));
}

/* Run fn in a child, wait for it; a child that dies is a failed case. */
__attribute__((unused))
static void in_child(void (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = must(fork());
	if (!pid) {
		fn(arg);
		exit(0);
	}
	must(waitpid(pid, &status, 0));
	if (status)
		ok(false, "child ended with status 0x%x", status);
}

#endif /* FS_TEST_UTIL_H */
