// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where do replies arrive?
 *
 *	replies serve IP PORT [BYTES]
 *	replies ask IP PORT [udp] [blocks FIRST,SHIFT] [threads N] [seconds S | count N]
 *
 * serve answers each TCP connection and UDP datagram with BYTES (64), from one
 * process for each CPU, until it is killed.  ask runs N threads pinned to each CPU
 * it may run on, one exchange at a time each; with blocks, the ports come from the
 * block of the CPU's number.  It prints: exchanges, how many replies arrived on the
 * CPU that asked (SO_INCOMING_CPU), how many exchanges failed; on
 * stderr, why each thread's first one did.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif
#define THREADS 256

static union {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
} server;
static socklen_t server_length;

static bool udp;
static int first = -1, shift, threads = 1, seconds, count = 1000;
static double end;

static struct asker {
	pthread_t thread;
	int cpu;
	unsigned int seed;
	long asked, home, failed;
} askers[THREADS];

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static void parse_address(const char *ip, int port)
{
	if (inet_pton(AF_INET, ip, &server.four.sin_addr) == 1) {
		server.four.sin_family = AF_INET;
		server.four.sin_port = htons(port);
		server_length = sizeof(server.four);
	} else if (inet_pton(AF_INET6, ip, &server.six.sin6_addr) == 1) {
		server.six.sin6_family = AF_INET6;
		server.six.sin6_port = htons(port);
		server_length = sizeof(server.six);
	} else {
		exit(2);
	}
}

static void serve_udp(int size)
{
	int fd = socket(server.any.sa_family, SOCK_DGRAM, 0);
	struct sockaddr_storage peer;
	static char buffer[65536];
	socklen_t length;

	if (bind(fd, &server.any, server_length))
		exit(1);
	for (;;) {
		length = sizeof(peer);
		if (recvfrom(fd, buffer, sizeof(buffer), 0, (void *)&peer, &length) >= 0)
			sendto(fd, buffer, size, 0, (void *)&peer, length);
	}
}

static void serve_tcp(int fd, int size)
{
	struct timeval patience = { .tv_sec = 5 };
	char *buffer = calloc(1, size);
	int connection;

	for (;;) {
		connection = accept(fd, NULL, NULL);
		setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		if (recv(connection, buffer, 1, 0) == 1)
			send(connection, buffer, size, MSG_NOSIGNAL);
		close(connection);
	}
}

static void serve(int size)
{
	int fd = socket(server.any.sa_family, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &server.any, server_length) || listen(fd, 1024)) {
		perror("replies: listen");
		exit(1);
	}
	for (long i = sysconf(_SC_NPROCESSORS_ONLN); i >= 0; i--) {
		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (i)
			serve_tcp(fd, size);
		serve_udp(size);
	}
	close(fd);
	while (wait(NULL) > 0)
		;
}

/* A port of this CPU: the kernel's choice in the block, or (UDP) ours. */
static bool choose_port(int fd, struct asker *asker)
{
	__u32 low = first + (asker->cpu << shift), high = low + (1 << shift) - 1;
	__u32 range = high << 16 | low;
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };

	if (first < 0)
		return true;
	if (!udp)
		return setsockopt(fd, SOL_IP, IP_LOCAL_PORT_RANGE, &range, sizeof(range)) == 0;
	for (int i = 0; i < 100; i++) {
		four.sin_port = six.sin6_port = htons(low + rand_r(&asker->seed) % (high - low + 1));
		if ((server.any.sa_family == AF_INET ? bind(fd, (void *)&four, sizeof(four)) :
						       bind(fd, (void *)&six, sizeof(six))) == 0)
			return true;
	}
	return false;
}

static void fail(struct asker *asker, const char *where, int error)
{
	if (!asker->failed++)
		fprintf(stderr, "replies: CPU %d, exchange %ld: %s: %s\n", asker->cpu,
			asker->asked, where, error ? strerror(error) : "closed without an answer");
}

static void ask_once(struct asker *asker)
{
	int fd = socket(server.any.sa_family, udp ? SOCK_DGRAM : SOCK_STREAM, 0), cpu = -1;
	struct timeval patience = { .tv_sec = 20 };
	socklen_t length = sizeof(cpu);
	char buffer[65536];
	ssize_t part, got = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	asker->asked++;
	if (!choose_port(fd, asker)) {
		fail(asker, "port", errno);
	} else if (connect(fd, &server.any, server_length)) {
		fail(asker, "connect", errno);
	} else if (send(fd, "?", 1, MSG_NOSIGNAL) != 1) {
		fail(asker, "send", errno);
	} else {
		do {
			part = recv(fd, buffer, sizeof(buffer), 0);
			got += part > 0 ? part : 0;
		} while (part > 0 && !udp);
		if (part < 0 || !got) {
			fail(asker, "recv", part < 0 ? errno : 0);
		} else {
			getsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &cpu, &length);
			asker->home += cpu == asker->cpu;
		}
	}
	close(fd);
}

static void *ask(void *data)
{
	struct asker *asker = data;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(asker->cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	while (asker->failed < 3 && (seconds ? now() < end : asker->asked < count))
		ask_once(asker);
	return NULL;
}

static void ask_all(void)
{
	long asked = 0, home = 0, failed = 0;
	double began = now();
	cpu_set_t cpus;
	int n = 0;

	sched_getaffinity(0, sizeof(cpus), &cpus);
	end = began + seconds;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		for (int i = 0; CPU_ISSET(cpu, &cpus) && i < threads && n < THREADS; i++, n++) {
			askers[n].cpu = cpu;
			askers[n].seed = n;
			pthread_create(&askers[n].thread, NULL, ask, &askers[n]);
		}
	while (n--) {
		pthread_join(askers[n].thread, NULL);
		asked += askers[n].asked;
		home += askers[n].home;
		failed += askers[n].failed;
	}
	printf("asked %ld home %ld failed %ld rate %.0f\n", asked, home, failed,
	       asked / (now() - began));
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	parse_address(argv[2], atoi(argv[3]));
	if (!strcmp(argv[1], "serve")) {
		serve(argc > 4 ? atoi(argv[4]) : 64);
		return 0;
	}
	for (int i = 4; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (!strcmp(argv[i], "udp")) {
			udp = true;
			continue;
		}
		if (!strcmp(argv[i], "blocks") && sscanf(value, "%d,%d", &first, &shift) != 2)
			return 2;
		if (!strcmp(argv[i], "threads"))
			threads = atoi(value);
		if (!strcmp(argv[i], "seconds"))
			seconds = atoi(value);
		if (!strcmp(argv[i], "count"))
			count = atoi(value);
		i++;
	}
	ask_all();
	return 0;
}
