// SPDX-License-Identifier: LGPL-2.1-only
/* The lock is held across fork(), so that the child finds no half-made change. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fork.h"
#include "listener.h"
#include "lock.h"
#include "private_fd.h"
#include "process.h"
#include "thread.h"
#include "watch.h"
#include "worker.h"

static sigset_t fork_saved;
static pid_t fork_tid;

void fork_prepare(void)
{
	sigset_t saved;

	lock_take(&saved);
	/* Not before: another thread may be forking. */
	fork_saved = saved;
	fork_tid = syscall(SYS_gettid);
}

void fork_parent(void)
{
	sigset_t saved = fork_saved;

	lock_drop(&saved);
}

void fork_child(void)
{
	struct worker *worker = worker_of(fork_tid);
	sigset_t saved = fork_saved;

	if (worker)
		worker_unpin_child(worker);
	worker_forget_all();
	process_begin();
	/*
	 * Local listeners are the parent's.  Held open here they would outlive it
	 * and collect connections that nobody accepts.  The slots stay as they are.
	 */
	for (unsigned int i = 0; i < watch_end; i++) {
		/* Also one that is being closed by whoever is in accept(). */
		if (watches[i].local >= 0)
			private_fd_close(watches[i].local);
		watches[i].local = -1;
		watches[i].load = NULL;
		watches[i].listener = NULL;
		watches[i].unproved = false;
		atomic_store(&watches[i].users, 0);
	}
	watch_end = 0;
	thread_watches(NULL);
	atomic_store(&watch_locals, 0);
	atomic_store(&watch_unproved, 0);
	atomic_store(&watch_placed, 0);
	atomic_store(&thread_any, false);
	for (int i = 0; i < LISTENERS; i++) {
		/* Shared with the parent they would be nobody's for certain. */
		listener_close_reserves(&listeners[i]);
		listeners[i].made_here = false;
		listeners[i].hasty = 0;
	}
	atomic_fetch_add(&watch_generation, 1);
	lock_drop(&saved);
}
