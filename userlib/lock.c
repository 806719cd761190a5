// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "lock.h"

static atomic_flag taken = ATOMIC_FLAG_INIT;

void lock_take(sigset_t *saved)
{
	int error = errno;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, saved);
	while (atomic_flag_test_and_set_explicit(&taken, memory_order_acquire))
		sched_yield();
	errno = error;
}

void lock_drop(const sigset_t *saved)
{
	int error = errno;

	atomic_flag_clear_explicit(&taken, memory_order_release);
	pthread_sigmask(SIG_SETMASK, saved, NULL);
	errno = error;
}
