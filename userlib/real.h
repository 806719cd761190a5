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
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

struct real {
	int (*accept)(int, struct sockaddr *, socklen_t *);
	int (*accept4)(int, struct sockaddr *, socklen_t *, int);
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
	int (*fcntl)(int, int, ...);
	int (*ioctl)(int, unsigned long, ...);
	int (*listen)(int, int);
	int (*setsockopt)(int, int, int, const void *, socklen_t);
	int (*shutdown)(int, int);
	/*
	 * No system call stands in for these: NULL until resolved.  (A bare setuid
	 * would change one thread only.)
	 */
	int (*setresuid)(uid_t, uid_t, uid_t);
	int (*setreuid)(uid_t, uid_t);
	int (*setuid)(uid_t);
	int (*seteuid)(uid_t);
	int (*pthread_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
};

extern struct real real;

void real_resolve(void);

#endif
