// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "group.h"
#include "pins.h"
#include "settings.h"
#include "worker.h"

#define WORKERS 1024

/* Changed under the library's lock only. */
static struct worker workers[WORKERS];
static unsigned int count;

struct worker *worker_of(pid_t tid)
{
	for (unsigned int i = 0; i < count; i++)
		if (workers[i].tid == tid)
			return &workers[i];
	if (count == WORKERS)
		return NULL;
	workers[count] = (struct worker){ .tid = tid, .cpu = -1 };
	return &workers[count++];
}

struct worker *worker_self(void)
{
	return worker_of(syscall(SYS_gettid));
}

void worker_forget(pid_t tid)
{
	for (unsigned int i = 0; i < count; i++)
		if (workers[i].tid == tid)
			workers[i--] = workers[--count];
}

void worker_forget_all(void)
{
	count = 0;
}

int worker_choose_cpu(struct worker *worker, unsigned int row, unsigned int *load)
{
	unsigned int here;
	cpu_set_t allowed;
	int best = -1;

	*load = ~0u;
	if (worker->cpu >= 0)
		return worker->cpu;
	if (sched_getaffinity(worker->tid, sizeof(allowed), &allowed) < 0)
		return -1;
	for (unsigned int cpu = 0; cpu < pins.cpus && cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		here = group_load(row, cpu);
		if (here < *load) {
			*load = here;
			best = cpu;
		}
	}
	return best;
}

void worker_settle(struct worker *worker, int cpu)
{
	cpu_set_t one;

	if (worker->cpu >= 0)
		return;
	worker->cpu = cpu;
	if (!settings.pin ||
	    sched_getaffinity(worker->tid, sizeof(worker->before), &worker->before) < 0 ||
	    CPU_COUNT(&worker->before) == 1)
		return;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	/* Unpinned it is still served well while the scheduler leaves it there. */
	worker->pinned = !sched_setaffinity(worker->tid, sizeof(one), &one);
}

void worker_unpin_child(const struct worker *parent)
{
	cpu_set_t now;

	/* Somebody else has changed it since: theirs to decide. */
	if (!parent->pinned || sched_getaffinity(0, sizeof(now), &now) < 0 ||
	    CPU_COUNT(&now) != 1 || !CPU_ISSET(parent->cpu, &now))
		return;
	sched_setaffinity(0, sizeof(parent->before), &parent->before);
}
