// SPDX-License-Identifier: GPL-2.0-only
/*
 * cost COUNT: what a worker's calls take, COUNT connections one after another
 * over loopback.  Prints a line `CALL NS` for each, the median.
 *
 * Each call is in a function of its own, for callgrind to count in:
 *	valgrind --tool=callgrind --collect-atstart=no --toggle-collect=cost_accept4
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BY_ITSELF __attribute__((noipa))

enum call { ACCEPT4, CONNECT, EPOLL_CTL, CLOSE, CALLS };
static const char *const names[] = { "accept4", "connect", "epoll_ctl", "close" };

static uint64_t *times[CALLS];
static struct sockaddr_in address = { .sin_family = AF_INET };

static void die(const char *what)
{
	perror(what);
	exit(1);
}

BY_ITSELF int cost_accept4(int listener)
{
	return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

BY_ITSELF int cost_connect(int fd)
{
	return connect(fd, (struct sockaddr *)&address, sizeof(address));
}

BY_ITSELF int cost_epoll_ctl(int epoll, int fd, struct epoll_event *event)
{
	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, event);
}

BY_ITSELF int cost_close(int fd)
{
	return close(fd);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

#define TIMED(call, expression) ({		\
	uint64_t from = now();			\
	int result_ = (expression);		\
	times[call][i] = now() - from;		\
	if (result_ < 0)			\
		die(names[call]);		\
	result_;				\
})

static int smaller(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Inherits the listener, adds it to an epoll of its own and waits there: a worker. */
static void work(int listener, int count)
{
	struct epoll_event event = { .events = EPOLLIN }, none;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event))
		die("epoll_ctl of the listener");
	epoll_wait(epoll, &none, 1, 0);
	for (int i = 0; i < count; i++) {
		int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;

		TIMED(CONNECT, cost_connect(client));
		server = TIMED(ACCEPT4, cost_accept4(listener));
		TIMED(EPOLL_CTL, cost_epoll_ctl(epoll, server, &event));
		TIMED(CLOSE, cost_close(server));
		close(client);
	}
}

int main(int argc, char **argv)
{
	int count = argc == 2 ? atoi(argv[1]) : 0, listener, on = 1, status;
	socklen_t length = sizeof(address);
	cpu_set_t cpu;

	if (count < 1) {
		fprintf(stderr, "usage: cost COUNT\n");
		return 2;
	}
	/* Where it receives, too. */
	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	sched_setaffinity(0, sizeof(cpu), &cpu);
	for (int call = 0; call < CALLS; call++)
		times[call] = calloc(count, sizeof(uint64_t));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, 64) || getsockname(listener, (struct sockaddr *)&address, &length))
		die("listen");
	if (fork()) {
		wait(&status);
		return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	}
	work(listener, count);
	for (int call = 0; call < CALLS; call++) {
		qsort(times[call], count, sizeof(uint64_t), smaller);
		printf("%s %lu\n", names[call], times[call][count / 2]);
	}
	return 0;
}
