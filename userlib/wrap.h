/* SPDX-License-Identifier: LGPL-2.1-only */
/* Marks a function that takes the place of libc's for the whole program. */
#ifndef FASTSOCK_WRAP_H
#define FASTSOCK_WRAP_H

#include <signal.h>
#include <sys/epoll.h>
#include <time.h>

#define WRAP __attribute__((visibility("default")))

/* musl follows POSIX here; and does not know some calls, which its programs may bring along. */
#ifdef __GLIBC__
typedef unsigned long ioctl_request;
#else
typedef int ioctl_request;
int close_range(unsigned int first, unsigned int last, int flags);
void closefrom(int first);
int epoll_pwait2(int epfd, struct epoll_event *events, int most, const struct timespec *timeout,
		 const sigset_t *mask);
#endif

#endif
