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

/**
 * worker_self_pinned() - is the calling thread a worker that we pinned?
 * @copy: receives what it is now, for worker_unpin_child(): by the time that a thread
 *	which it makes can ask, the worker may have moved
 *
 * Takes the library's lock.
 */
bool worker_self_pinned(struct worker *copy);

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

/**
 * worker_move() - to another CPU, for all its listeners
 *
 * Return: false, and nothing has changed, when that is not ours to decide (the
 * program or somebody else has said where it runs) or not possible.
 */
bool worker_move(struct worker *worker, int cpu);

/*
 * A thread or process that a pinned worker makes is not the worker: give it the
 * CPUs that the worker had.  Called in the new thread or process.
 */
void worker_unpin_child(const struct worker *parent);

/**
 * worker_loosen() - before a program is executed or spawned by this thread
 * @was: receives what worker_tighten() needs
 *
 * A program inherits the CPUs of the thread that makes it.  If that is the one
 * CPU of a worker that we pinned, or of the worker whose vfork() child this is,
 * the thread gets the worker's former CPUs back.
 * Return: whether it did.
 */
bool worker_loosen(cpu_set_t *was);

/* The other program has started elsewhere, or could not: back to @was. */
void worker_tighten(const cpu_set_t *was);

/* The thread has ended; its number may come again. */
void worker_forget(pid_t tid);

/* After fork, in the child: no worker of the parent is ours. */
void worker_forget_all(void);

#endif
