// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fdtable.h"
#include "lock.h"
#include "thread.h"
#include "watch.h"
#include "worker.h"

atomic_bool thread_any;

static pthread_key_t leaving;		/* set in threads that may have watches */

/* A thread ends: what came to its local listeners would wait for ever. */
static void thread_leaves(void *unused)
{
	pid_t tid = syscall(SYS_gettid);
	sigset_t saved;

	(void)unused;
	lock_take(&saved);
	for (unsigned int i = 0; i < watch_end; i++) {
		if (!watches[i].listener || watches[i].tid != tid)
			continue;
		watch_take_away(&watches[i]);
		/* Whoever waits on that epoll next. */
		watches[i].due = true;
		if (fd_is_epoll(watches[i].epfd))
			fd_mark(watches[i].epfd, FD_EPOLL_DUE);
	}
	worker_forget(tid);
	lock_drop(&saved);
}

void thread_start(void)
{
	pthread_key_create(&leaving, thread_leaves);
}

void thread_watches(const struct watch *watch)
{
	pthread_setspecific(leaving, watch);
}

void thread_made(void)
{
	atomic_store(&thread_any, true);
}
