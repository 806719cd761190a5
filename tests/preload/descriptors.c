// SPDX-License-Identifier: GPL-2.0-only
/* Numbers of a listener or an epoll that come, go and are reused. */
#define _GNU_SOURCE
#include <linux/close_range.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "case.h"

static int (*duplicate)(int fd);

static int by_dup2(int fd)
{
	return dup2(fd, 200);
}

static int by_dup3(int fd)
{
	return dup3(fd, 201, O_CLOEXEC);
}

static int by_fcntl(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, 202);
}

static void work_accept_on_duplicate(int fd)
{
	int other = duplicate(fd), epfd = new_epoll();

	need(other >= 200);
	add(epfd, fd);
	serve(epfd, other);
}

static void work_watch_duplicate(int fd)
{
	int other = duplicate(fd), epfd = new_epoll();

	need(other >= 200);
	add(epfd, other);
	serve(epfd, fd);
}

static void duplicated(void (*work)(int fd), int (*how)(int fd))
{
	int fd = listener(), port = port_of(fd);
	pid_t pid;

	duplicate = how;
	pid = worker(work, fd);
	expect_listeners(port, 2);
	all_answered(port, 20, pid);
}

static void dup2__accept(void)
{
	duplicated(work_accept_on_duplicate, by_dup2);
}

static void dup2__watch(void)
{
	duplicated(work_watch_duplicate, by_dup2);
}

static void dup3__accept(void)
{
	duplicated(work_accept_on_duplicate, by_dup3);
}

static void dup3__watch(void)
{
	duplicated(work_watch_duplicate, by_dup3);
}

static void fcntl__accept(void)
{
	duplicated(work_accept_on_duplicate, by_fcntl);
}

static void fcntl__watch(void)
{
	duplicated(work_watch_duplicate, by_fcntl);
}

static void work_one_fd(void (*work)(int fd), int listeners_wanted)
{
	int fd = listener(), port = port_of(fd);
	pid_t pid = worker(work, fd);

	if (listeners_wanted)
		expect_listeners(port, listeners_wanted);
	all_answered(port, 20, pid);
}

static void work_close_duplicate(int fd)
{
	int epfd = new_epoll();

	add(epfd, fd);
	need(close(dup(fd)) == 0);
	serve(epfd, fd);
}

static void close__of_a_duplicate(void)
{
	work_one_fd(work_close_duplicate, 2);
}

/* The kernel keeps the registration while any number of the socket is open. */
static void work_close_first(int fd)
{
	int epfd = new_epoll(), other;

	add(epfd, fd);
	other = dup(fd);
	need(close(fd) == 0);
	serve(epfd, other);
}

static void close__of_the_number_watched(void)
{
	work_one_fd(work_close_first, 0);
}

static void work_watch_both(int fd)
{
	int epfd = new_epoll();

	add(epfd, fd);
	add(epfd, dup(fd));
	serve(epfd, fd);
}

static void duplicate__both_watched(void)
{
	work_one_fd(work_watch_both, 0);
}

static void work_two_epolls(int fd)
{
	int first = new_epoll(), second = new_epoll();
	struct epoll_event event;

	add(first, fd);
	add(second, fd);
	for (;;) {
		if (epoll_wait(first, &event, 1, 10) == 1)
			answer(fd);
		if (epoll_wait(second, &event, 1, 10) == 1)
			answer(fd);
	}
}

static void epolls__two_of_one_thread(void)
{
	work_one_fd(work_two_epolls, 0);
}

/*
 * A duplicate with a large number outlives the number that was watched. Then
 * another listener comes; accept() on the duplicate must not give its connections.
 */
static void work_large_duplicate(int fd)
{
	int epfd = new_epoll(), second = new_epoll(), other = fcntl(fd, F_DUPFD, 3000), old, fresh;
	int port = port_of(fd);

	need(other >= 3000);
	add(epfd, fd);
	add(epfd, other);
	change(epfd, EPOLL_CTL_DEL, other, 0);
	need(epoll_pwait(epfd, &(struct epoll_event){ 0 }, 1, 0, NULL) == 0);
	old = dup(fd);
	need(close(fd) == 0);
	/* One that is shared and so has a local listener: it was not made here. */
	fresh = fcntl(fd + 1, F_DUPFD, 0);
	need(fresh >= 0 && port_of(fresh) != port);
	add(second, fresh);
	for (int i = 0; i < 20; i++) {
		int made, client = dial(port_of(fresh));
		struct sockaddr_in address;
		socklen_t len = sizeof(address);

		need(client >= 0);
		errno = 0;
		made = accept(other, NULL, NULL);
		if (made >= 0) {
			need(getsockname(made, (struct sockaddr *)&address, &len) == 0);
			need(ntohs(address.sin_port) == port);
		}
		need(errno == EAGAIN);
		close(client);
	}
	close(old);
}

static void duplicate__large_number_stays(void)
{
	struct rlimit limit;
	int fd, other;

	need(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = limit.rlim_max < 8192 ? limit.rlim_max : 8192;
	need(setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= 4096);
	fd = listener();
	other = listener();
	need(other == fd + 1);
	expect_success(worker(work_large_duplicate, fd));
}

/* What is deleted by one number of an epoll is deleted by all. */
static void work_delete_by_duplicate(int fd)
{
	int epfd = new_epoll(), other = dup(epfd);
	struct epoll_event event;

	add(epfd, fd);
	wait_once(epfd);
	expect_listeners(port_of(fd), 2);
	change(other, EPOLL_CTL_DEL, fd, 0);
	for (int i = 0; i < 8; i++) {
		run_on(i % sysconf(_SC_NPROCESSORS_ONLN));
		need(dial(port_of(fd)) >= 0);
	}
	need(epoll_wait(epfd, &event, 1, 300) == 0);
}

static void epoll__deleted_by_a_duplicate(void)
{
	expect_success(worker(work_delete_by_duplicate, listener()));
}

static void work_close_epoll_number(int fd)
{
	int epfd = new_epoll(), other = dup(epfd);

	add(epfd, fd);
	need(close(epfd) == 0);
	serve(other, fd);
}

static void epoll__closed_but_for_a_duplicate(void)
{
	work_one_fd(work_close_epoll_number, 0);
}

#if HAVE_CLOSE_RANGE
static void work_bad_range(int fd)
{
	int epfd = new_epoll();

	add(epfd, fd);
	need(close_range(10, 3, 0) == -1 && errno == EINVAL);
	need(close_range(10, ~0u, 1 << 20) == -1 && errno == EINVAL);
	serve(epfd, fd);
}

static void close_range__refused(void)
{
	work_one_fd(work_bad_range, 2);
}

/* Not closed, only marked: the listener goes on. */
static void work_mark_range(int fd)
{
	int epfd = new_epoll();

	add(epfd, fd);
	need(close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) == 0);
	serve(epfd, fd);
}

static void close_range__cloexec(void)
{
	work_one_fd(work_mark_range, 2);
}
#endif

static const struct test_case cases[] = {
	{ "dup2__accept", dup2__accept },
	{ "dup2__watch", dup2__watch },
	{ "dup3__accept", dup3__accept },
	{ "dup3__watch", dup3__watch },
	{ "fcntl__accept", fcntl__accept },
	{ "fcntl__watch", fcntl__watch },
	{ "close__of_a_duplicate", close__of_a_duplicate },
	{ "close__of_the_number_watched", close__of_the_number_watched },
	{ "duplicate__both_watched", duplicate__both_watched },
	{ "duplicate__large_number_stays", duplicate__large_number_stays },
	{ "epolls__two_of_one_thread", epolls__two_of_one_thread },
	{ "epoll__deleted_by_a_duplicate", epoll__deleted_by_a_duplicate },
	{ "epoll__closed_but_for_a_duplicate", epoll__closed_but_for_a_duplicate },
#if HAVE_CLOSE_RANGE
	{ "close_range__refused", close_range__refused },
	{ "close_range__cloexec", close_range__cloexec },
#endif
};

CASE_MAIN(cases)
