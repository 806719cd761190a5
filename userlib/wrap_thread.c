// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Interposed: thread creation.  A thread inherits its creator's affinity; when
 * that is one CPU because *we* pinned a worker there, its helper threads must
 * not be squeezed onto the same CPU.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "real.h"
#include "thread.h"
#include "worker.h"
#include "wrap.h"

struct start {
	void *(*routine)(void *);
	void *argument;
	struct worker creator;
};

static void *begin(void *argument)
{
	struct start start = *(struct start *)argument;

	free(argument);
	worker_unpin_child(&start.creator);
	return start.routine(start.argument);
}

WRAP int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			void *(*routine)(void *), void *argument)
{
	struct worker creator;
	struct start *start;
	int error;

	if (!REAL_HAS(pthread_create))
		return EAGAIN;
	thread_made();
	if (!worker_self_pinned(&creator))
		return real.pthread_create(thread, attributes, routine, argument);
	start = malloc(sizeof(*start));
	if (!start)
		return EAGAIN;
	*start = (struct start){ routine, argument, creator };
	error = real.pthread_create(thread, attributes, begin, start);
	if (error)
		free(start);
	return error;
}
