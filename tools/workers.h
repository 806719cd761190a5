/* SPDX-License-Identifier: GPL-2.0-only */
/* Which thread waits for a socket's clients, seen from outside. */
#ifndef FSCTL_WORKERS_H
#define FSCTL_WORKERS_H

#include <sched.h>
#include <stdbool.h>

#include "owners.h"

struct server_worker {
	int pid;
	int tid;		/* 0: some thread of the process */
	char comm[16];
	cpu_set_t allowed;
};

/**
 * workers_find() - the one that waits for this socket
 * @owners: processes that hold it
 *
 * Several processes may hold it (nginx's master and its other workers): the
 * worker has it in its epoll, or is in a call that names it.  A thread is known
 * only while it waits, so that one may have to ask again.
 *
 * Return: the thread is known, or there is no other.  @worker is the best that is
 * known in either case.
 */
bool workers_find(const struct owners *owners, unsigned int inode, struct server_worker *worker);

#endif
