// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "group.h"
#include "lock.h"
#include "pins.h"
#include "settings.h"
#include "worker.h"

#define WORKERS 1024

/* Changed under the library's lock only. */
static struct worker workers[WORKERS];
static unsigned int count;
static atomic_bool pinned;		/* any of them, ever */

static struct worker *find(pid_t tid)
{
	for (unsigned int i = 0; i < count; i++)
		if (workers[i].tid == tid)
			return &workers[i];
	return NULL;
}

struct worker *worker_of(pid_t tid)
{
	struct worker *worker = find(tid);

	if (worker || count == WORKERS)
		return worker;
	workers[count] = (struct worker){ .tid = tid, .cpu = -1 };
	return &workers[count++];
}

struct worker *worker_self(void)
{
	return worker_of(syscall(SYS_gettid));
}

bool worker_self_pinned(struct worker *copy)
{
	const struct worker *self;
	sigset_t saved;

	if (!atomic_load_explicit(&pinned, memory_order_relaxed))
		return false;
	lock_take(&saved);
	self = find(syscall(SYS_gettid));
	if (self)
		*copy = *self;
	lock_drop(&saved);
	return self && copy->pinned;
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
	atomic_store(&pinned, false);
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
	if (worker->pinned)
		atomic_store_explicit(&pinned, true, memory_order_relaxed);
}

bool worker_move(struct worker *worker, int cpu)
{
	cpu_set_t now, one;

	if (sched_getaffinity(worker->tid, sizeof(now), &now) < 0)
		return false;
	if (!worker->pinned) {
		if (CPU_COUNT(&now) == 1 || !CPU_ISSET(cpu, &now))
			return false;
		worker->cpu = cpu;
		return true;
	}
	/* Somebody else has changed it since, or it could not run there before, either. */
	if (CPU_COUNT(&now) != 1 || !CPU_ISSET(worker->cpu, &now) || !CPU_ISSET(cpu, &worker->before))
		return false;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(worker->tid, sizeof(one), &one))
		return false;
	worker->cpu = cpu;
	return true;
}

bool worker_loosen(cpu_set_t *was)
{
	const struct worker *mine = NULL;
	sigset_t saved;
	int error = errno;

	if (!atomic_load_explicit(&pinned, memory_order_relaxed))
		return false;
	/* Not by thread id: the child of a vfork() has another than its worker. */
	if (!sched_getaffinity(0, sizeof(*was), was) && CPU_COUNT(was) == 1) {
		lock_take(&saved);
		for (unsigned int i = 0; i < count && !mine; i++)
			if (workers[i].pinned && CPU_ISSET(workers[i].cpu, was))
				mine = &workers[i];
		if (mine)
			sched_setaffinity(0, sizeof(mine->before), &mine->before);
		lock_drop(&saved);
	}
	errno = error;
	return mine;
}

void worker_tighten(const cpu_set_t *was)
{
	int error = errno;

	sched_setaffinity(0, sizeof(*was), was);
	errno = error;
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
