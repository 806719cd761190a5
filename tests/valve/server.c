// SPDX-License-Identifier: GPL-2.0-only
/*
 * server [OPTIONS] PORT: one answer of 64 bytes for each connection, as nginx
 * with workers would: they share a listener that the master opened. Ends with
 * its parent, and by itself after a minute.
 *
 *	-w N	workers (2)		-t	threads instead of processes
 *	-r	a SO_REUSEPORT socket for each worker instead of a shared one
 *	-x	EPOLLEXCLUSIVE		-e	edge-triggered
 *	-m	accept until EAGAIN instead of once for each event
 *	-s MS	the first worker stalls for 100 ms, MS after it did so last; the
 *		answer that waited for it begins with 's', so that the client can
 *		tell it from those that only stood behind it
 *	-b	it computes meanwhile; otherwise it sleeps
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EVENTS	128
#define STALL	0.1

static bool threads, own, exclusive, edge, many, busy;
static double every;
static int port, opened[64];	/* by the master, as nginx and HAProxy do */

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static int open_listener(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (own)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 4096))
		err(1, "port %d", port);
	return fd;
}

static bool stalls(bool first)
{
	static double next;
	double start = now();

	if (!first || every <= 0 || start < next)
		return false;
	if (!busy)
		usleep(STALL * 1e6);
	while (now() < start + STALL)
		;
	next = now() + every;
	return true;
}

static void answer(int fd, bool first)
{
	char text[4096];

	if (read(fd, text, sizeof(text)) < 0 && errno == EAGAIN)
		return;
	memset(text, stalls(first) ? 's' : '.', 64);
	if (write(fd, text, 64) < 0)
		warn("write");
	close(fd);
}

static void *work(void *number)
{
	int epfd = epoll_create1(0), listener = opened[own ? (intptr_t)number : 0];
	struct epoll_event events[EVENTS], event = {
		.events = EPOLLIN | (exclusive ? EPOLLEXCLUSIVE : 0) | (edge ? EPOLLET : 0),
		.data.fd = listener,
	};
	bool first = !number;

	if (epoll_ctl(epfd, EPOLL_CTL_ADD, listener, &event))
		err(1, "epoll_ctl");
	for (;;) {
		int count = epoll_wait(epfd, events, EVENTS, -1);

		for (int i = 0; i < count; i++) {
			int fd = events[i].data.fd;

			if (fd != listener) {
				answer(fd, first);
				continue;
			}
			while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
				struct epoll_event in = { .events = EPOLLIN, .data.fd = fd };

				epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &in);
				if (!many && !edge)
					break;
			}
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int option, workers = 2;

	while ((option = getopt(argc, argv, "w:trxems:b")) != -1) {
		switch (option) {
		case 'w': workers = atoi(optarg); break;
		case 't': threads = true; break;
		case 'r': own = true; break;
		case 'x': exclusive = true; break;
		case 'e': edge = true; break;
		case 'm': many = true; break;
		case 's': every = atoi(optarg) / 1e3; break;
		case 'b': busy = true; break;
		default: return 2;
		}
	}
	if (optind + 1 != argc || workers < 1 || workers > 64)
		errx(2, "1 to 64 workers, and one port");
	port = atoi(argv[optind]);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(60);
	for (int i = 0; i < (own ? workers : 1); i++)
		opened[i] = open_listener();
	for (intptr_t i = 0; i < workers; i++) {
		pthread_t thread;

		if (threads && pthread_create(&thread, NULL, work, (void *)i))
			errx(1, "pthread_create");
		if (!threads && !fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			alarm(60);
			work((void *)i);
		}
	}
	for (;;)
		pause();
}
