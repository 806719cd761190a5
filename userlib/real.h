/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The next definition of each function that the library interposes: libc's, or
 * that of another preloaded library.  Looked up once, by the constructor and
 * never lazily, because dlsym() takes locks and may allocate, and several of
 * these are called from signal handlers.  Another library's constructor may
 * call us before ours has run: until then the pointers lead to the bare system
 * call.
 */
#ifndef FASTSOCK_REAL_H
#define FASTSOCK_REAL_H

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

struct real {
	int (*accept)(int, struct sockaddr *, socklen_t *);
	int (*accept4)(int, struct sockaddr *, socklen_t *, int);
	int (*bind)(int, const struct sockaddr *, socklen_t);
	int (*chroot)(const char *);
	int (*close)(int);
	int (*connect)(int, const struct sockaddr *, socklen_t);
	int (*dup2)(int, int);
	int (*dup3)(int, int, int);
	int (*epoll_ctl)(int, int, int, struct epoll_event *);
	int (*epoll_pwait)(int, struct epoll_event *, int, int, const sigset_t *);
	int (*epoll_pwait2)(int, struct epoll_event *, int, const struct timespec *,
			    const sigset_t *);
	int (*epoll_wait)(int, struct epoll_event *, int, int);
	int (*execve)(const char *, char *const[], char *const[]);
	int (*fcntl)(int, int, ...);
	int (*flock)(int, int);
	int (*ioctl)(int, unsigned long, ...);
	int (*listen)(int, int);
	int (*pthread_mutex_lock)(pthread_mutex_t *);
	int (*sem_wait)(sem_t *);
	int (*semop)(int, struct sembuf *, size_t);
	int (*semtimedop)(int, struct sembuf *, size_t, const struct timespec *);
	int (*setsockopt)(int, int, int, const void *, socklen_t);
	int (*shutdown)(int, int);
	int (*socket)(int, int, int);
	/*
	 * No system call stands in for these: NULL until resolved.  (A bare setuid
	 * would change one thread only.)
	 */
	int (*setresuid)(uid_t, uid_t, uid_t);
	int (*setreuid)(uid_t, uid_t);
	int (*setuid)(uid_t);
	int (*seteuid)(uid_t);
	int (*execvpe)(const char *, char *const[], char *const[]);
	int (*fexecve)(int, char *const[], char *const[]);
	int (*posix_spawn)(pid_t *, const char *, const posix_spawn_file_actions_t *,
			   const posix_spawnattr_t *, char *const[], char *const[]);
	int (*posix_spawnp)(pid_t *, const char *, const posix_spawn_file_actions_t *,
			    const posix_spawnattr_t *, char *const[], char *const[]);
	int (*system)(const char *);
	FILE *(*popen)(const char *, const char *);
	int (*pthread_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
};

extern struct real real;

void real_resolve(void);

/*
 * Is it there?  Constructors of other libraries run before ours, and one may make a
 * thread or start a program.
 */
#define REAL_HAS(name)	(real.name || (real_resolve(), real.name))

#endif
