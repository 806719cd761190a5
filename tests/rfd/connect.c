// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connects in a given way, and says from where: a line "CPU FROM PORT TO PORT" for
 * each connection, or "CPU error ERRNO".  Connections stay open until the end.
 *
 *	connect [OPTION...] ADDRESS PORT [ADDRESS PORT]...
 *
 *	-n N	so many for each thread, to the destinations in turn (1)
 *	-t N	threads, the i-th pinned on CPU i (1, on CPU -c)
 *	-f N	processes instead, forked after a first connection
 *	-c CPU	for the only thread (0)
 *	-u	UDP
 *	-b	non-blocking: EINPROGRESS, then poll
 *	-m	over an IPv6 socket, to the IPv4-mapped address
 *	-a ADDR	bind to it, leaving the port to connect()
 *	-A ADDR	bind to it, port 0, without that option
 *	-p PORT	bind to the port
 *	-r LO-HI a range of the application's own
 *	-d DEV	SO_BINDTODEVICE
 *	-w	wait for a line on stdin before each
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif

static int times = 1, threads = 1, processes, first_cpu, bind_port, range;
static bool udp, nonblocking, mapped, late, step;
static const char *bind_to, *device;

static int destinations;
static struct sockaddr_storage destination[64];
static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

static socklen_t length(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET ? sizeof(struct sockaddr_in) :
					       sizeof(struct sockaddr_in6);
}

static void make(struct sockaddr_storage *address, const char *text, int port)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	char both[80];

	memset(address, 0, sizeof(*address));
	if (mapped) {
		snprintf(both, sizeof(both), "::ffff:%s", text);
		text = both;
	}
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
	} else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
	} else {
		fprintf(stderr, "connect: %s is no address\n", text);
		exit(2);
	}
}

static int must(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
	return result;
}

static void prepare(int fd)
{
	struct sockaddr_storage address;
	int one = 1;

	if (range)
		must(setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &range, sizeof(range)), "range");
	if (device)
		must(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, strlen(device)), "device");
	if (late)
		must(setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)), "late");
	if (bind_port)
		must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), "reuse");
	if (bind_to || bind_port) {
		make(&address, bind_to ? bind_to :
		     destination[0].ss_family == AF_INET ? "0.0.0.0" : "::", bind_port);
		must(bind(fd, (struct sockaddr *)&address, length(&address)), "bind");
	}
}

static void name(const struct sockaddr_storage *address, char *text, int *port)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;

	if (address->ss_family == AF_INET) {
		inet_ntop(AF_INET, &v4->sin_addr, text, INET6_ADDRSTRLEN);
		*port = ntohs(v4->sin_port);
	} else {
		inet_ntop(AF_INET6, &v6->sin6_addr, text, INET6_ADDRSTRLEN);
		*port = ntohs(v6->sin6_port);
	}
}

static void report(int fd, int error)
{
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	int from_port, to_port;

	pthread_mutex_lock(&output);
	if (error) {
		printf("%d error %d\n", sched_getcpu(), error);
	} else {
		getsockname(fd, (struct sockaddr *)&address, &size);
		name(&address, from, &from_port);
		size = sizeof(address);
		getpeername(fd, (struct sockaddr *)&address, &size);
		name(&address, to, &to_port);
		printf("%d %s %d %s %d\n", sched_getcpu(), from, from_port, to, to_port);
	}
	fflush(stdout);
	pthread_mutex_unlock(&output);
}

static void one(int i)
{
	const struct sockaddr_storage *to = &destination[i % destinations];
	int fd = must(socket(to->ss_family, (udp ? SOCK_DGRAM : SOCK_STREAM) |
			     (nonblocking ? SOCK_NONBLOCK : 0), 0), "socket");
	socklen_t size = sizeof(int);
	int error = 0;
	char line[8];

	prepare(fd);
	if (step && !fgets(line, sizeof(line), stdin))
		exit(0);
	errno = 12345;
	if (connect(fd, (const struct sockaddr *)to, length(to)) < 0) {
		error = errno;
		if (nonblocking && error == EINPROGRESS) {
			struct pollfd wait = { .fd = fd, .events = POLLOUT };

			if (poll(&wait, 1, 5000) != 1)
				must(-1, "poll");
			must(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size), "SO_ERROR");
		}
	} else if (errno != 12345) {
		fprintf(stderr, "connect: errno %d after success\n", errno);
		exit(1);
	}
	report(fd, error);
}

static void run_on(intptr_t cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(sched_setaffinity(0, sizeof(set), &set), "affinity");
}

static void *work(void *cpu)
{
	run_on((intptr_t)cpu);
	for (int i = 0; i < times; i++)
		one(i);
	return NULL;
}

static void run_threads(void)
{
	pthread_t thread[64];

	for (intptr_t i = 0; i < threads; i++)
		pthread_create(&thread[i], NULL, work, (void *)(threads > 1 ? i : first_cpu));
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
}

static void run_processes(void)
{
	int status;

	run_on(first_cpu);
	one(0);
	for (intptr_t i = 0; i < processes; i++)
		if (!must(fork(), "fork")) {
			work((void *)i);
			exit(0);
		}
	while (wait(&status) > 0)
		if (status)
			exit(1);
}

int main(int argc, char **argv)
{
	int option, lo, hi;

	while ((option = getopt(argc, argv, "n:t:f:c:ubma:A:p:r:d:w")) != -1) {
		switch (option) {
		case 'n': times = atoi(optarg); break;
		case 't': threads = atoi(optarg); break;
		case 'f': processes = atoi(optarg); break;
		case 'c': first_cpu = atoi(optarg); break;
		case 'u': udp = true; break;
		case 'b': nonblocking = true; break;
		case 'm': mapped = true; break;
		case 'a': late = true; bind_to = optarg; break;
		case 'A': bind_to = optarg; break;
		case 'p': bind_port = atoi(optarg); break;
		case 'r':
			if (sscanf(optarg, "%d-%d", &lo, &hi) != 2)
				return 2;
			range = hi << 16 | lo;
			break;
		case 'd': device = optarg; break;
		case 'w': step = true; break;
		default: return 2;
		}
	}
	/* By steps it lives for as long as its script goes on. */
	alarm(step ? 600 : 60);
	for (; optind + 1 < argc && destinations < 64; optind += 2)
		make(&destination[destinations++], argv[optind], atoi(argv[optind + 1]));
	if (!destinations || threads > 64)
		return 2;
	if (processes)
		run_processes();
	else
		run_threads();
	return 0;
}
