// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "real.h"

static int raw_accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	return syscall(SYS_accept4, fd, addr, len, 0);
}

static int raw_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	return syscall(SYS_accept4, fd, addr, len, flags);
}

static int raw_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return syscall(SYS_bind, fd, addr, len);
}

static int raw_chroot(const char *path)
{
	return syscall(SYS_chroot, path);
}

static int raw_close(int fd)
{
	return syscall(SYS_close, fd);
}

static int raw_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return syscall(SYS_connect, fd, addr, len);
}

static int raw_dup2(int from, int to)
{
	/* dup3() refuses equal numbers, for which dup2() only tests the first. */
	if (from == to)
		return syscall(SYS_fcntl, from, 1 /* F_GETFD */) < 0 ? -1 : to;
	return syscall(SYS_dup3, from, to, 0);
}

static int raw_dup3(int from, int to, int flags)
{
	return syscall(SYS_dup3, from, to, flags);
}

static int raw_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	return syscall(SYS_epoll_ctl, epfd, op, fd, event);
}

/* The kernel's signal sets are 64 bits, libc's longer. */
#define KERNEL_SIGSET 8

static int raw_epoll_pwait(int epfd, struct epoll_event *events, int most, int timeout,
			   const sigset_t *mask)
{
	return syscall(SYS_epoll_pwait, epfd, events, most, timeout, mask, KERNEL_SIGSET);
}

static int raw_epoll_pwait2(int epfd, struct epoll_event *events, int most,
			    const struct timespec *timeout, const sigset_t *mask)
{
	return syscall(SYS_epoll_pwait2, epfd, events, most, timeout, mask, KERNEL_SIGSET);
}

static int raw_epoll_wait(int epfd, struct epoll_event *events, int most, int timeout)
{
	return raw_epoll_pwait(epfd, events, most, timeout, NULL);
}

static int raw_execve(const char *path, char *const arguments[], char *const environment[])
{
	return syscall(SYS_execve, path, arguments, environment);
}

static int raw_fcntl(int fd, int cmd, ...)
{
	va_list args;
	void *arg;

	va_start(args, cmd);
	arg = va_arg(args, void *);
	va_end(args);
	return syscall(SYS_fcntl, fd, cmd, arg);
}

static int raw_flock(int fd, int operation)
{
	return syscall(SYS_flock, fd, operation);
}

static int raw_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	return syscall(SYS_ioctl, fd, request, arg);
}

static int raw_listen(int fd, int backlog)
{
	return syscall(SYS_listen, fd, backlog);
}

/* No system call, but one of libc's that differs in its limit only, which is never reached. */
static const struct timespec never = { .tv_sec = 1ll << 40 };

static int raw_mutex_lock(pthread_mutex_t *mutex)
{
	return pthread_mutex_timedlock(mutex, &never);
}

static int raw_sem_wait(sem_t *semaphore)
{
	return sem_timedwait(semaphore, &never);
}

static int raw_semop(int id, struct sembuf *operations, size_t count)
{
	return syscall(SYS_semop, id, operations, count);
}

static int raw_semtimedop(int id, struct sembuf *operations, size_t count,
			  const struct timespec *limit)
{
	return syscall(SYS_semtimedop, id, operations, count, limit);
}

static int raw_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return syscall(SYS_setsockopt, fd, level, name, value, len);
}

static int raw_shutdown(int fd, int how)
{
	return syscall(SYS_shutdown, fd, how);
}

static int raw_socket(int family, int type, int protocol)
{
	return syscall(SYS_socket, family, type, protocol);
}

struct real real = {
	.accept = raw_accept,
	.accept4 = raw_accept4,
	.bind = raw_bind,
	.chroot = raw_chroot,
	.close = raw_close,
	.connect = raw_connect,
	.dup2 = raw_dup2,
	.dup3 = raw_dup3,
	.epoll_ctl = raw_epoll_ctl,
	.epoll_pwait = raw_epoll_pwait,
	.epoll_pwait2 = raw_epoll_pwait2,
	.epoll_wait = raw_epoll_wait,
	.execve = raw_execve,
	.fcntl = raw_fcntl,
	.flock = raw_flock,
	.ioctl = raw_ioctl,
	.listen = raw_listen,
	.pthread_mutex_lock = raw_mutex_lock,
	.sem_wait = raw_sem_wait,
	.semop = raw_semop,
	.semtimedop = raw_semtimedop,
	.setsockopt = raw_setsockopt,
	.shutdown = raw_shutdown,
	.socket = raw_socket,
};

/* Keeps what was there when the name has no next definition. */
static void resolve(void *pointer, const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found)
		memcpy(pointer, &found, sizeof(found));
}

void real_resolve(void)
{
	resolve(&real.accept, "accept");
	resolve(&real.accept4, "accept4");
	resolve(&real.bind, "bind");
	resolve(&real.chroot, "chroot");
	resolve(&real.close, "close");
	resolve(&real.connect, "connect");
	resolve(&real.dup2, "dup2");
	resolve(&real.dup3, "dup3");
	resolve(&real.epoll_ctl, "epoll_ctl");
	resolve(&real.epoll_pwait, "epoll_pwait");
	resolve(&real.epoll_pwait2, "epoll_pwait2");
	resolve(&real.epoll_wait, "epoll_wait");
	resolve(&real.execve, "execve");
	resolve(&real.execvpe, "execvpe");
	resolve(&real.fcntl, "fcntl");
	resolve(&real.fexecve, "fexecve");
	resolve(&real.flock, "flock");
	resolve(&real.ioctl, "ioctl");
	resolve(&real.listen, "listen");
	resolve(&real.popen, "popen");
	resolve(&real.posix_spawn, "posix_spawn");
	resolve(&real.posix_spawnp, "posix_spawnp");
	resolve(&real.seteuid, "seteuid");
	resolve(&real.setresuid, "setresuid");
	resolve(&real.setreuid, "setreuid");
	resolve(&real.setsockopt, "setsockopt");
	resolve(&real.shutdown, "shutdown");
	resolve(&real.socket, "socket");
	resolve(&real.setuid, "setuid");
	resolve(&real.system, "system");
	resolve(&real.pthread_create, "pthread_create");
	resolve(&real.pthread_mutex_lock, "pthread_mutex_lock");
	resolve(&real.sem_wait, "sem_wait");
	resolve(&real.semop, "semop");
	resolve(&real.semtimedop, "semtimedop");
}
