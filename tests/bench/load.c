// SPDX-License-Identifier: GPL-2.0-only
/*
 * The load of a measured run: a closed loop of requests, a new connection for
 * each or (-k) on connections that stay, from one thread on each CPU of a list.
 *
 *	load [-k] [-p CPUS] [-c CONNECTIONS] [-w SECONDS] [-d SECONDS]
 *	     [-s REQUEST] [-e REPLY] ADDRESS PORT
 *
 * -c is for each thread; -p has CPUs as 0,2,5.  A first request tells what a
 * reply is: every other must begin with REPLY and be as long, and without -k end
 * by the server's closing.  Anything else is an error.  So is a request that has
 * waited for more than a second when the run is over: a closed loop sends nothing
 * more on that connection, and would hide what it waits for.
 *
 * Prints "measuring" when the warm-up is over, then one JSON object.  Threads
 * share nothing while they measure: tests/listen/client.c, which says for each
 * connection what became of it, takes a lock for each and could not.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define BATCH		64
#define THREADS		256

/* Latencies in ns: 32 steps for each power of two, so within 3 %. */
#define STEP_BITS	5
#define STEPS		((64 - STEP_BITS) << STEP_BITS)

struct connection {
	int fd;
	uint64_t begun;
	size_t got;
	bool sent;
};

struct thread {
	pthread_t id;
	int cpu;
	int epoll;
	struct connection *connections;
	uint64_t answered, errors;
	uint64_t steps[STEPS];
} __attribute__((aligned(64)));

static const char *request = "GET / HTTP/1.1\r\nHost: bench\r\n\r\n", *reply = "HTTP/1.1 200";
static struct sockaddr_storage target;
static socklen_t target_length;
static size_t request_length, begins, reply_length;
static int connection_count = 32;
static bool keep;
static uint64_t measure_from, measure_to;

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static int step_of(uint64_t ns)
{
	int bits = 64 - __builtin_clzll(ns | 1);

	if (bits <= STEP_BITS)
		return ns;
	/* The leading bit is implied. */
	return ((bits - STEP_BITS) << STEP_BITS) |
	       ((ns >> (bits - STEP_BITS - 1)) & ((1 << STEP_BITS) - 1));
}

/* Middle of a step. */
static double step_value(int step)
{
	int shift = step >> STEP_BITS;

	if (!shift)
		return step;
	return ((1ull << STEP_BITS | (step & ((1 << STEP_BITS) - 1))) + 0.5) *
	       (1ull << (shift - 1));
}

static void begin(struct thread *thread, struct connection *connection);

static void count(struct thread *thread, struct connection *connection, bool well)
{
	uint64_t time = now();

	if (time < measure_from || time >= measure_to)
		return;
	if (well) {
		thread->answered++;
		thread->steps[step_of(time - connection->begun)]++;
	} else {
		thread->errors++;
	}
}

static void finish(struct thread *thread, struct connection *connection, bool well)
{
	count(thread, connection, well);
	if (keep && well) {
		connection->begun = now();
		connection->got = 0;
		if (send(connection->fd, request, request_length, MSG_NOSIGNAL) ==
		    (ssize_t)request_length)
			return;
		count(thread, connection, false);
	}
	close(connection->fd);
	/* Refusals come back at once: not to spend the whole run on them. */
	if (!well)
		usleep(1000);
	begin(thread, connection);
}

static void begin(struct thread *thread, struct connection *connection)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLET,
		.data.ptr = connection,
	};

	connection->fd = socket(target.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (connection->fd < 0) {
		perror("load: socket");
		exit(1);
	}
	connection->got = 0;
	connection->sent = false;
	connection->begun = now();
	/* What fails here is reported as EPOLLERR, too, except for want of a port. */
	if (connect(connection->fd, (struct sockaddr *)&target, target_length) &&
	    errno == EADDRNOTAVAIL) {
		fprintf(stderr, "load: no port left\n");
		exit(1);
	}
	if (epoll_ctl(thread->epoll, EPOLL_CTL_ADD, connection->fd, &event)) {
		perror("load: epoll_ctl");
		exit(1);
	}
}

static void receive(struct thread *thread, struct connection *connection)
{
	char text[4096];
	ssize_t part;

	for (;;) {
		part = recv(connection->fd, text, sizeof(text), 0);
		if (part < 0) {
			if (errno == EAGAIN)
				return;
			finish(thread, connection, false);
			return;
		}
		if (part == 0) {
			finish(thread, connection, !keep && connection->got == reply_length);
			return;
		}
		/* Replies are shorter than a segment: the beginning comes in one piece. */
		if (!connection->got && ((size_t)part < begins || memcmp(text, reply, begins))) {
			finish(thread, connection, false);
			return;
		}
		connection->got += part;
		if (keep && connection->got >= reply_length) {
			finish(thread, connection, connection->got == reply_length);
			return;
		}
	}
}

static void go_on(struct thread *thread, struct connection *connection, uint32_t events)
{
	if (!connection->sent && (events & EPOLLOUT)) {
		connection->sent = true;
		if (send(connection->fd, request, request_length, MSG_NOSIGNAL) !=
		    (ssize_t)request_length) {
			finish(thread, connection, false);
			return;
		}
	}
	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		receive(thread, connection);
}

static void pin(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one)) {
		fprintf(stderr, "load: cannot run on CPU %d: %s\n", cpu, strerror(errno));
		exit(1);
	}
}

static void *run(void *argument)
{
	struct thread *thread = argument;
	struct epoll_event events[BATCH];

	pin(thread->cpu);
	for (int i = 0; i < connection_count; i++)
		begin(thread, &thread->connections[i]);
	while (now() < measure_to) {
		int ready = epoll_wait(thread->epoll, events, BATCH, 100);

		for (int i = 0; i < ready; i++)
			go_on(thread, events[i].data.ptr, events[i].events);
	}
	for (int i = 0; i < connection_count; i++)
		if (thread->connections[i].begun + 1000000000 < measure_to) {
			thread->errors++;
			thread->steps[step_of(measure_to - thread->connections[i].begun)]++;
		}
	return NULL;
}

/* One request by itself, with time enough, tells how long a reply is. */
static void learn(void)
{
	const struct timeval pause = { .tv_sec = keep ? 0 : 5, .tv_usec = keep ? 200000 : 0 };
	int fd = socket(target.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[65536];
	ssize_t part = -1;

	if (connect(fd, (struct sockaddr *)&target, target_length) ||
	    send(fd, request, request_length, MSG_NOSIGNAL) < 0) {
		perror("load: the first request");
		exit(1);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof(pause));
	while (reply_length < sizeof(text)) {
		part = recv(fd, text + reply_length, sizeof(text) - reply_length, 0);
		if (part <= 0)
			break;
		reply_length += part;
	}
	close(fd);
	if (reply_length < begins || memcmp(text, reply, begins) || (!keep && part != 0)) {
		fprintf(stderr, "load: the first reply (%zu bytes) is not what is meant\n",
			reply_length);
		exit(1);
	}
}

static double quantile(const uint64_t *steps, uint64_t all, double part)
{
	uint64_t sum = 0;

	for (int i = 0; i < STEPS; i++) {
		sum += steps[i];
		if (sum && sum >= part * all)
			return step_value(i) / 1000;
	}
	return 0;
}

static int parse_cpus(const char *text, int *cpus)
{
	int count = 0;
	char *rest;

	for (; *text && count < THREADS; text = *rest == ',' ? rest + 1 : rest) {
		cpus[count++] = strtol(text, &rest, 10);
		if (rest == text || (*rest && *rest != ',')) {
			fprintf(stderr, "load: -p %s: 0,2,5 is meant\n", text);
			exit(2);
		}
	}
	return count;
}

static void parse_target(const char *address, const char *port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(atoi(port)) };

	if (inet_pton(AF_INET, address, &in.sin_addr) == 1) {
		target_length = sizeof(in);
		memcpy(&target, &in, sizeof(in));
	} else if (inet_pton(AF_INET6, address, &in6.sin6_addr) == 1) {
		target_length = sizeof(in6);
		memcpy(&target, &in6, sizeof(in6));
	} else {
		fprintf(stderr, "load: '%s' is not an address\n", address);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	static uint64_t steps[STEPS];
	double warm = 0.5, seconds = 2;
	uint64_t answered = 0, errors = 0, all = 0;
	int cpus[THREADS] = { 0 }, thread_count = 1, option;
	struct thread *threads;

	while ((option = getopt(argc, argv, "kp:c:w:d:s:e:")) != -1) {
		switch (option) {
		case 'k': keep = true; break;
		case 'p': thread_count = parse_cpus(optarg, cpus); break;
		case 'c': connection_count = atoi(optarg); break;
		case 'w': warm = atof(optarg); break;
		case 'd': seconds = atof(optarg); break;
		case 's': request = optarg; break;
		case 'e': reply = optarg; break;
		default: return 2;
		}
	}
	if (argc - optind != 2 || connection_count < 1 || warm < 0 || seconds <= 0) {
		fprintf(stderr, "load: wants an address and a port, connections and time\n");
		return 2;
	}
	parse_target(argv[optind], argv[optind + 1]);
	request_length = strlen(request);
	begins = strlen(reply);
	learn();

	threads = aligned_alloc(64, thread_count * sizeof(*threads));
	memset(threads, 0, thread_count * sizeof(*threads));
	measure_from = now() + warm * 1e9;
	measure_to = measure_from + seconds * 1e9;
	for (int i = 0; i < thread_count; i++) {
		threads[i].cpu = cpus[i];
		threads[i].epoll = epoll_create1(EPOLL_CLOEXEC);
		threads[i].connections = calloc(connection_count, sizeof(struct connection));
		if (pthread_create(&threads[i].id, NULL, run, &threads[i])) {
			fprintf(stderr, "load: cannot make thread %d\n", i);
			return 1;
		}
	}
	usleep(warm * 1e6);
	printf("measuring\n");
	fflush(stdout);
	for (int i = 0; i < thread_count; i++) {
		pthread_join(threads[i].id, NULL);
		answered += threads[i].answered;
		errors += threads[i].errors;
		for (int step = 0; step < STEPS; step++) {
			steps[step] += threads[i].steps[step];
			all += threads[i].steps[step];
		}
	}
	printf("{\"answered\": %lu, \"seconds\": %.3f, \"errors\": %lu, "
	       "\"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f}\n",
	       answered, seconds, errors, quantile(steps, all, 0.5), quantile(steps, all, 0.99),
	       quantile(steps, all, 0.999));
	return 0;
}
