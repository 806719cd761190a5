// SPDX-License-Identifier: GPL-2.0-only
/*
 * client PORT SECONDS CONNECTIONS CPU...: on each CPU one process that keeps so
 * many connections to 127.0.0.1 going, a new one for each request. Prints
 *
 *	ANSWERED RATE P50 P99 P999 MAX SLOW LOST
 *
 * times in microseconds from connect() to the answer. SLOW answers (server -s)
 * are counted and not timed. LOST: refused, reset or silent for 5 s.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST	2048	/* connections of one process */
#define STEPS	1000000	/* of 1 us; longer is the last */
#define SILENT	5.0

/* Shared by all processes; each adds to its own. */
struct result {
	uint64_t answered, slow, lost;
	uint32_t took[STEPS];
};

static struct sockaddr_in server;
static double started[1 << 16];

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void dial(int epfd, struct result *result)
{
	struct epoll_event event = { .events = EPOLLOUT };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || fd >= (int)(sizeof(started) / sizeof(*started)))
		err(1, "socket");
	started[fd] = now();
	event.data.fd = fd;
	if (connect(fd, (struct sockaddr *)&server, sizeof(server)) && errno != EINPROGRESS) {
		result->lost++;
		close(fd);
		started[fd] = 0;
		return;
	}
	epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event);
}

/* Returns whether this connection is over. */
static int serve(int epfd, const struct epoll_event *event, struct result *result)
{
	struct epoll_event in = { .events = EPOLLIN, .data.fd = event->data.fd };
	int fd = event->data.fd;
	char text[128];
	long us;

	if (event->events & EPOLLOUT && !(event->events & EPOLLERR)) {
		if (write(fd, "GET / HTTP/1.0\r\n\r\n", 18) == 18 &&
		    !epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &in))
			return 0;
		result->lost++;
	} else if (read(fd, text, sizeof(text)) <= 0) {
		result->lost++;
	} else if (text[0] == 's') {
		result->slow++;
	} else {
		us = (now() - started[fd]) * 1e6;
		result->took[us < STEPS ? us : STEPS - 1]++;
		result->answered++;
	}
	close(fd);
	started[fd] = 0;
	return 1;
}

static void generate(int cpu, double seconds, int connections, struct result *result)
{
	struct epoll_event events[64];
	int epfd = epoll_create1(0);
	double end;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		err(1, "CPU %d", cpu);
	end = now() + seconds;
	for (int i = 0; i < connections; i++)
		dial(epfd, result);
	while (now() < end) {
		int count = epoll_wait(epfd, events, 64, 100);

		for (int i = 0; i < count; i++)
			if (serve(epfd, &events[i], result))
				dial(epfd, result);
	}
	for (size_t fd = 0; fd < sizeof(started) / sizeof(*started); fd++)
		if (started[fd] && now() - started[fd] > SILENT)
			result->lost++;
}

static long percentile(const struct result *result, double part)
{
	uint64_t want = result->answered * part, sum = 0;

	for (long us = 0; us < STEPS; us++)
		if ((sum += result->took[us]) > want)
			return us;
	return -1;
}

int main(int argc, char **argv)
{
	int processes = argc - 4, connections;
	struct result *results, *all;
	double seconds;
	long most = 0;

	if (processes < 1)
		errx(2, "usage: client PORT SECONDS CONNECTIONS CPU...");
	server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	seconds = atof(argv[2]);
	connections = atoi(argv[3]);
	if (connections < 1 || connections > MOST)
		errx(2, "1 to %d connections", MOST);
	results = mmap(NULL, (processes + 1) * sizeof(*results), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (results == MAP_FAILED)
		err(1, "mmap");
	for (int i = 0; i < processes; i++) {
		if (!fork()) {
			generate(atoi(argv[4 + i]), seconds, connections, &results[i]);
			_exit(0);
		}
	}
	for (int i = 0, status; i < processes; i++)
		if (wait(&status) < 0 || status)
			errx(1, "a generator died");
	all = &results[processes];
	for (int i = 0; i < processes; i++) {
		all->answered += results[i].answered;
		all->slow += results[i].slow;
		all->lost += results[i].lost;
		for (long us = 0; us < STEPS; us++)
			all->took[us] += results[i].took[us];
	}
	for (long us = 0; us < STEPS; us++)
		if (all->took[us])
			most = us;
	printf("%lu %.0f %ld %ld %ld %ld %lu %lu\n", all->answered, all->answered / seconds,
	       percentile(all, 0.5), percentile(all, 0.99), percentile(all, 0.999), most, all->slow,
	       all->lost);
	return 0;
}
