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
#include <sys/syscall.h>
#include <unistd.h>

#include "listener.h"
#include "real.h"
#include "settings.h"
#include "wrap.h"

struct start {
	void *(*routine)(void *);
	void *argument;
	int creator_tid;
};

static void *begin(void *argument)
{
	struct start start = *(struct start *)argument;

	free(argument);
	listener_thread_born(start.creator_tid);
	return start.routine(start.argument);
}

WRAP int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			void *(*routine)(void *), void *argument)
{
	struct start *start;
	int error;

	if (!real.pthread_create)
		return EAGAIN;
	listener_thread_made();
	if (settings.off || !settings.pin || !listener_any())
		return real.pthread_create(thread, attributes, routine, argument);
	start = malloc(sizeof(*start));
	if (!start)
		return EAGAIN;
	*start = (struct start){ routine, argument, syscall(SYS_gettid) };
	error = real.pthread_create(thread, attributes, begin, start);
	if (error)
		free(start);
	return error;
}
