// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Interposed: waiting for a lock that processes share.  Servers whose workers
 * take turns (Apache's prefork and worker with more than one listener) hold such
 * a lock around epoll_wait() and accept().  A listener of its own would strand
 * its connections while its worker waits for its turn.  The calls are those that
 * a portable library has for that; fcntl() is in wrap_fd.c.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/sem.h>

#include "epoll.h"
#include "real.h"
#include "wrap.h"

/*
 * No call tells whether a lock is for processes or for the threads of one (Python's
 * are).  Both libcs keep that in a bit; wrongly read it would cost speed, or this
 * precaution.
 */
#define BIT 128

static bool mutex_of_processes(const pthread_mutex_t *mutex)
{
#ifdef __GLIBC__
	return mutex->__data.__kind & BIT;
#else
	return mutex->__u.__i[0] & BIT;
#endif
}

static bool semaphore_of_processes(const sem_t *semaphore)
{
#ifdef __GLIBC__
	/* Behind the 64 bits of value and waiters. */
	return ((const int *)semaphore)[2] & BIT;
#else
	return !(semaphore->__val[2] & BIT);
#endif
}

WRAP int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	if (epoll_unproved() && mutex_of_processes(mutex))
		epoll_takes_turns();
	return real.pthread_mutex_lock(mutex);
}

WRAP int sem_wait(sem_t *semaphore)
{
	if (epoll_unproved() && semaphore_of_processes(semaphore))
		epoll_takes_turns();
	return real.sem_wait(semaphore);
}

WRAP int semop(int id, struct sembuf *operations, size_t count)
{
	if (epoll_unproved())
		epoll_takes_turns();
	return real.semop(id, operations, count);
}

WRAP int semtimedop(int id, struct sembuf *operations, size_t count, const struct timespec *limit)
{
	if (epoll_unproved())
		epoll_takes_turns();
	return real.semtimedop(id, operations, count, limit);
}

WRAP int flock(int fd, int operation)
{
	if (!(operation & (LOCK_NB | LOCK_UN)) && epoll_unproved())
		epoll_takes_turns();
	return real.flock(fd, operation);
}
