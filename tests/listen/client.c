// SPDX-License-Identifier: GPL-2.0-only
/*
 * New connections without pause, one request each, and what became of them.
 *
 *	client [-t THREADS] [-d SECONDS] [-n CONNECTIONS] [-s REQUEST] [-e REPLY]
 *	       [-l FILE] [-k FILE] ADDRESS... PORT
 *
 * The threads are spread over the CPUs that the client may use, and over the
 * addresses.  A connection is *answered* when its reply begins with REPLY and,
 * with the default HTTP request, ends by the server's closing.  Otherwise it is
 *
 *	refused		connect() failed
 *	unanswered	it ended or stood still for 10 s before the first byte of
 *			a reply: it was waiting in a queue, or was lost
 *	broken		it ended within the reply, or the reply was wrong
 *	killed		it ended while a worker that was killed held it: accepted
 *			and not answered yet.  FILE of -k has them, `TIME PORT`,
 *			the client's port and when (CLOCK_REALTIME)
 *
 * SIGTERM ends it before its time.
 *
 * Prints `answered refused unanswered broken killed slowest-in-ms`; -l writes a
 * line for each one not answered, and for each that waited for longer than a second.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define THREADS		256
#define FAILURES	65536
#define PATIENCE	10	/* seconds */
#define SLOW		1	/* seconds: worth a line, though answered */

enum outcome { ANSWERED, REFUSED, UNANSWERED, BROKEN, KILLED, OUTCOMES };
static const char *const names[] = { "answered", "refused", "unanswered", "broken", "killed" };

static const char *request = "GET / HTTP/1.0\r\n\r\n", *reply = "HTTP/1";
static bool until_end = true;
static struct sockaddr_storage targets[16];
static int target_count;
static volatile double deadline;
static long budget = -1;	/* connections to make yet; -1: as many as go */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long counts[OUTCOMES];
static double slowest;
static struct failure {
	enum outcome outcome;
	int error;		/* 0: closed */
	double from, to;
	unsigned int port;
} failures[FAILURES];
static int failure_count;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static unsigned int local_port(int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);

	getsockname(fd, (struct sockaddr *)&address, &len);
	/* At the same place for both families. */
	return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

/* Reads the reply; *error is 0 when the server closed. */
static enum outcome converse(int fd, int *error)
{
	size_t want = strlen(reply), got = 0;
	char text[4096];
	ssize_t part;

	if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		goto unanswered;
	while (got < want || until_end) {
		size_t room = got < want ? sizeof(text) - got : sizeof(text) - want;

		/* What follows the beginning is of no interest. */
		part = recv(fd, text + (got < want ? got : want), room, 0);
		if (part < 0)
			goto unanswered;
		if (part == 0)
			break;
		got += part;
	}
	*error = 0;
	if (!got)
		return UNANSWERED;
	return got >= want && !memcmp(text, reply, want) ? ANSWERED : BROKEN;

unanswered:
	*error = errno;
	return got ? BROKEN : UNANSWERED;
}

static enum outcome ask(const struct sockaddr_storage *target, struct failure *failure)
{
	const struct timeval patience = { .tv_sec = PATIENCE };
	int fd = socket(target->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	enum outcome outcome = REFUSED;

	if (fd < 0) {
		perror("client: socket");
		exit(1);
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	failure->from = now();
	if (connect(fd, (const struct sockaddr *)target,
		    target->ss_family == AF_INET ? sizeof(struct sockaddr_in) :
						   sizeof(struct sockaddr_in6)) < 0)
		failure->error = errno;
	else
		outcome = converse(fd, &failure->error);
	failure->to = now();
	failure->outcome = outcome;
	failure->port = local_port(fd);
	close(fd);
	return outcome;
}

static void pin_to_nth(int number)
{
	cpu_set_t allowed, one;
	int cpu;

	sched_getaffinity(getpid(), sizeof(allowed), &allowed);
	number %= CPU_COUNT(&allowed);
	for (cpu = 0; !CPU_ISSET(cpu, &allowed) || number--; cpu++)
		;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static void *client(void *argument)
{
	long number = (long)argument, cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct failure failure;
	bool go_on = true;

	pin_to_nth(number);
	while (go_on && now() < deadline) {
		enum outcome outcome;

		pthread_mutex_lock(&lock);
		go_on = budget != 0;
		if (budget > 0)
			budget--;
		pthread_mutex_unlock(&lock);
		if (!go_on)
			break;
		/* Every CPU uses every address. */
		outcome = ask(&targets[number++ / cpus % target_count], &failure);
		number += cpus - 1;
		pthread_mutex_lock(&lock);
		counts[outcome]++;
		if (failure.to - failure.from > slowest)
			slowest = failure.to - failure.from;
		if ((outcome != ANSWERED || failure.to - failure.from > SLOW) &&
		    failure_count < FAILURES)
			failures[failure_count++] = failure;
		pthread_mutex_unlock(&lock);
		/* Refused connections come back at once: others want the CPU, too. */
		if (outcome == REFUSED)
			usleep(1000);
	}
	return NULL;
}

/* Those that a killed worker held are not lost from a queue. */
static void tell_killed(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned int port;
	double time;

	if (!file) {
		perror(path);
		exit(1);
	}
	while (fscanf(file, "%lf %u", &time, &port) == 2)
		for (int i = 0; i < failure_count; i++) {
			struct failure *failure = &failures[i];

			if (failure->port != port || failure->from > time || failure->to < time ||
			    (failure->outcome != UNANSWERED && failure->outcome != BROKEN))
				continue;
			counts[failure->outcome]--;
			failure->outcome = KILLED;
			counts[KILLED]++;
		}
	fclose(file);
}

static void stop(int signal)
{
	(void)signal;
	deadline = 0;
}

static void list_failures(const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file) {
		perror(path);
		exit(1);
	}
	for (int i = 0; i < failure_count; i++)
		fprintf(file, "%.6f %.6f %u %s: %s\n", failures[i].from, failures[i].to,
			failures[i].port, names[failures[i].outcome],
			failures[i].error ? strerror(failures[i].error) : "closed");
	fclose(file);
}

static void add_target(const char *text, int port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1)
		memcpy(&targets[target_count++], &in6, sizeof(in6));
	else if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
		memcpy(&targets[target_count++], &in, sizeof(in));
	else {
		fprintf(stderr, "client: '%s' is not an address\n", text);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	const char *killed = NULL, *list = NULL;
	pthread_t threads[THREADS];
	double seconds = 3600;
	long thread_count = 8;
	int option;

	while ((option = getopt(argc, argv, "t:d:n:s:e:l:k:")) != -1) {
		switch (option) {
		case 't': thread_count = atol(optarg); break;
		case 'd': seconds = atof(optarg); break;
		case 'n': budget = atol(optarg); break;
		case 's': request = optarg; until_end = false; break;
		case 'e': reply = optarg; break;
		case 'l': list = optarg; break;
		case 'k': killed = optarg; break;
		default: return 2;
		}
	}
	if (argc - optind < 2 || argc - optind > 16 || thread_count < 1 || thread_count > THREADS) {
		fprintf(stderr, "client: wants addresses and a port, and 1 to %d threads\n", THREADS);
		return 2;
	}
	while (optind < argc - 1)
		add_target(argv[optind++], atoi(argv[argc - 1]));
	deadline = now() + seconds;
	signal(SIGTERM, stop);
	for (long i = 0; i < thread_count; i++)
		if (pthread_create(&threads[i], NULL, client, (void *)i)) {
			fprintf(stderr, "client: cannot make %ld threads\n", thread_count);
			return 1;
		}
	for (long i = 0; i < thread_count; i++)
		pthread_join(threads[i], NULL);
	if (killed)
		tell_killed(killed);
	if (list)
		list_failures(list);
	for (int i = 0; i < OUTCOMES; i++)
		printf("%ld ", counts[i]);
	printf("%.0f\n", slowest * 1000);
	return 0;
}
