// SPDX-License-Identifier: GPL-2.0-only
/*
 * A worker: one CPU, one epoll, its listeners, its connections. Nothing is
 * shared with other workers but, in the mode of that name, the listening socket.
 *
 * An event may end a connection whose other half has an event later in the same
 * batch: what is closed is taken out of the epoll at once and freed after the
 * batch, and a closed watch (fd < 0) is passed over.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "demo.h"

#define BATCH	256
/* Accepted in one go; what is left may be another worker's. */
#define ACCEPTS	16
#define SAMPLE	16

int worker_cpu(const struct options *options, int number)
{
	return (options->first_cpu + number) % (options->last_cpu + 1);
}

int worker_watch(struct worker *worker, struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	if (watch->events == events)
		return 0;
	if (epoll_ctl(worker->epoll, watch->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, watch->fd,
		      &event))
		return -1;
	watch->events = events;
	return 0;
}

void worker_close(struct worker *worker, struct watch *watch, void *memory)
{
	/* close() takes it out of the epoll: no other descriptor means the socket. */
	close(watch->fd);
	watch->fd = -1;
	if (!memory)
		return;
	watch->memory = memory;
	watch->dead = worker->dead;
	worker->dead = watch;
}

static void bury(struct worker *worker)
{
	struct watch *watch, *next;

	for (watch = worker->dead; watch; watch = next) {
		next = watch->dead;
		free(watch->memory);
	}
	worker->dead = NULL;
}

bool worker_samples(const struct worker *worker, uint64_t number)
{
	return worker->options->verbose && number % SAMPLE == 0;
}

/* Was the last packet of this connection received on the CPU we are on? */
bool is_local(int fd)
{
	int cpu = -1;
	socklen_t length = sizeof(cpu);

	getsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &cpu, &length);
	return cpu == sched_getcpu();
}

/* No descriptor left: refuse one instead of being told of it for ever. */
static void turn_away(struct worker *worker, int listener)
{
	close(worker->spare);
	close(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	worker->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (!worker->counters->failed++)
		say("worker %d has no descriptor left and turns connections away", worker->number);
}

static void accept_some(struct worker *worker, struct watch *watch, uint32_t events)
{
	struct counters *counters = worker->counters;

	(void)events;
	for (int i = 0; i < ACCEPTS; i++) {
		int fd = accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			if (errno == EMFILE || errno == ENFILE)
				turn_away(worker, watch->fd);
			else if (errno != EAGAIN)
				say("accept: %s", strerror(errno));
			return;
		}
		if (worker_samples(worker, counters->accepted)) {
			counters->sampled++;
			counters->local += is_local(fd);
		}
		counters->accepted++;
		if (worker->options->debug)
			say("worker %d accepts descriptor %d on CPU %d, %s", worker->number, fd,
			    sched_getcpu(), is_local(fd) ? "local" : "remote");
		if (worker->options->backend_count)
			proxy_start(worker, fd);
		else
			serve_start(worker, fd);
	}
}

static void give_up(struct worker *worker, const char *what)
{
	say("worker %d: %s: %s", worker->number, what, strerror(errno));
	exit(1);
}

/* @fds: this worker's listening sockets, one for each address */
void worker_run(struct worker *worker, const int *fds)
{
	const struct options *options = worker->options;
	struct epoll_event events[BATCH];
	/* Of a socket that many watch only one is woken: what a careful server does. */
	uint32_t wake = EPOLLIN | (options->sharing == SHARED ? EPOLLEXCLUSIVE : 0);
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(worker->cpu, &cpu);
	if (sched_setaffinity(0, sizeof(cpu), &cpu))
		give_up(worker, "sched_setaffinity");
	worker->epoll = epoll_create1(EPOLL_CLOEXEC);
	worker->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (worker->epoll < 0 || worker->spare < 0)
		give_up(worker, "epoll_create1");
	for (int i = 0; i < options->listen_count; i++) {
		worker->listeners[i] = (struct watch){ .fd = fds[i], .ready = accept_some };
		if (worker_watch(worker, &worker->listeners[i], wake))
			give_up(worker, "epoll_ctl");
	}
	for (;;) {
		int count = epoll_wait(worker->epoll, events, BATCH, -1);

		if (count < 0 && errno != EINTR)
			give_up(worker, "epoll_wait");
		for (int i = 0; i < count; i++) {
			struct watch *watch = events[i].data.ptr;

			if (watch->fd >= 0)
				watch->ready(worker, watch, events[i].events);
		}
		bury(worker);
	}
}
