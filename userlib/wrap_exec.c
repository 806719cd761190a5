// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Interposed: whatever starts another program.  It inherits the affinity of the
 * thread that starts it; when that is one CPU because *we* pinned a worker there,
 * the program must not be squeezed onto it.  A child of fork() has been given the
 * former CPUs back already; the others have not: exec by the worker itself or by
 * its vfork() child, and libc's own children of posix_spawn() and system().
 *
 * The names with an argument list are written out, because libc's go to its own
 * execve() past us.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "real.h"
#include "worker.h"
#include "wrap.h"

/* CALL is made with the worker's former CPUs; the thread has its one CPU after it. */
#define LOOSELY(call)				\
	({					\
		cpu_set_t was;			\
		bool loose = worker_loosen(&was);\
		__typeof__(call) result = (call);\
						\
		if (loose)			\
			worker_tighten(&was);	\
		result;				\
	})

WRAP int execve(const char *path, char *const arguments[], char *const environment[])
{
	return LOOSELY(real.execve(path, arguments, environment));
}

WRAP int execv(const char *path, char *const arguments[])
{
	return execve(path, arguments, environ);
}

WRAP int execvpe(const char *file, char *const arguments[], char *const environment[])
{
	if (!REAL_HAS(execvpe)) {
		errno = ENOSYS;
		return -1;
	}
	return LOOSELY(real.execvpe(file, arguments, environment));
}

WRAP int execvp(const char *file, char *const arguments[])
{
	return execvpe(file, arguments, environ);
}

WRAP int fexecve(int fd, char *const arguments[], char *const environment[])
{
	if (!REAL_HAS(fexecve)) {
		errno = ENOSYS;
		return -1;
	}
	return LOOSELY(real.fexecve(fd, arguments, environment));
}

/* How many words there are, the NULL behind them included; -1 when too many. */
static int count_words(va_list words)
{
	int count = 2;

	while (va_arg(words, char *))
		if (++count == INT_MAX)
			return -1;
	return count;
}

/*
 * Declares `arguments`, an array of the words from @first to NULL, on the stack:
 * these are called between vfork() and exec, where malloc() is not allowed.
 */
#define TAKE_WORDS(words, first)				\
	int count;						\
	va_start(words, first);					\
	count = count_words(words);				\
	va_end(words);						\
	if (count < 0) {					\
		errno = E2BIG;					\
		return -1;					\
	}							\
	char *arguments[count];					\
	va_start(words, first);					\
	arguments[0] = (char *)first;				\
	for (int i = 1; i < count; i++)				\
		arguments[i] = va_arg(words, char *)

WRAP int execl(const char *path, const char *first, ...)
{
	va_list words;

	TAKE_WORDS(words, first);
	va_end(words);
	return execve(path, arguments, environ);
}

WRAP int execlp(const char *file, const char *first, ...)
{
	va_list words;

	TAKE_WORDS(words, first);
	va_end(words);
	return execvpe(file, arguments, environ);
}

WRAP int execle(const char *path, const char *first, ...)
{
	char *const *environment;
	va_list words;

	TAKE_WORDS(words, first);
	environment = va_arg(words, char *const *);
	va_end(words);
	return execve(path, arguments, environment);
}

WRAP int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		     const posix_spawnattr_t *attributes, char *const arguments[],
		     char *const environment[])
{
	if (!REAL_HAS(posix_spawn))
		return ENOSYS;
	return LOOSELY(real.posix_spawn(pid, path, actions, attributes, arguments, environment));
}

WRAP int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
		      const posix_spawnattr_t *attributes, char *const arguments[],
		      char *const environment[])
{
	if (!REAL_HAS(posix_spawnp))
		return ENOSYS;
	return LOOSELY(real.posix_spawnp(pid, file, actions, attributes, arguments, environment));
}

WRAP int system(const char *command)
{
	if (!REAL_HAS(system)) {
		errno = ENOSYS;
		return -1;
	}
	return LOOSELY(real.system(command));
}

WRAP FILE *popen(const char *command, const char *mode)
{
	if (!REAL_HAS(popen)) {
		errno = ENOSYS;
		return NULL;
	}
	return LOOSELY(real.popen(command, mode));
}
