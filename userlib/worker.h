/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * A worker is a thread with an epoll of its own: which CPU it belongs to, and
 * its pinning there.
 */
#ifndef FASTSOCK_WORKER_H
#define FASTSOCK_WORKER_H

#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

struct worker {
	pid_t tid;
	int cpu;		/* -1: not chosen yet */
	bool pinned;		/* by us; then @before is what it could use until then */
	cpu_set_t before;
};

/* The calling thread's. */
struct worker *worker_self(void);

/* The one with this thread id (of this process), or NULL when there are too many. */
struct worker *worker_of(pid_t tid);

/**
 * worker_choose_cpu() - the CPU that @worker's listeners serve
 * @row: group in which a place is wanted
 * @load: how many sockets it has there now
 *
 * The first choice is kept for all later groups, so that a worker's listeners
 * for several addresses are on one CPU.  A worker bound to one CPU has that one;
 * otherwise the least occupied of those it may run on.
 *
 * Return: a CPU number, or -1 when it may run on none that the maps know.
 */
int worker_choose_cpu(struct worker *worker, unsigned int row, unsigned int *load);

/* The choice has a slot now: keep it, and pin unless switched off. */
void worker_settle(struct worker *worker, int cpu);

/*
 * A thread or process that a pinned worker makes is not the worker: give it the
 * CPUs that the worker had.  Called in the new thread or process.
 */
void worker_unpin_child(const struct worker *parent);

/* The thread has ended; its number may come again. */
void worker_forget(pid_t tid);

/* After fork, in the child: no worker of the parent is ours. */
void worker_forget_all(void);

#endif
