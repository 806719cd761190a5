// SPDX-License-Identifier: GPL-2.0-only
/* Who fills an epoll, who waits on it, and what comes then. */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <pthread.h>
#include <sys/select.h>
#include <sys/syscall.h>

#include "case.h"

#define THREADS 4

static int shared;		/* the listener, for the threads */

static void *serve_epoll(void *epfd)
{
	serve((intptr_t)epfd, shared);
	return NULL;
}

static pthread_t start(void *(*routine)(void *), intptr_t argument)
{
	pthread_t thread;

	need(pthread_create(&thread, NULL, routine, (void *)argument) == 0);
	return thread;
}

static void *serve_own(void *unused)
{
	int epfd = new_epoll();

	(void)unused;
	add(epfd, shared);
	serve(epfd, shared);
	return NULL;
}

/* HAProxy's model: one listener, made here, one epoll for each thread. */
static void threads__each_its_own(void)
{
	int port;

	shared = listener();
	port = port_of(shared);
	for (int i = 0; i < THREADS; i++)
		start(serve_own, 0);
	expect_listeners(port, 1 + THREADS);
	all_answered(port, 100, getpid());
}

static void work_filled_by_one(int fd)
{
	int epfds[THREADS];

	shared = fd;
	for (int i = 0; i < THREADS; i++) {
		epfds[i] = new_epoll();
		add(epfds[i], fd);
	}
	for (int i = 0; i < THREADS; i++)
		start(serve_epoll, epfds[i]);
	pause();
}

/* One thread fills the epolls of all. */
static void threads__filled_by_another(void)
{
	int fd = listener();
	pid_t pid = worker(work_filled_by_one, fd);

	all_answered(port_of(fd), 50, pid);
}

/* Waits on the one that another thread filled, and has one of its own. */
static void *serve_two(void *other)
{
	struct epoll_event event;
	int own = new_epoll();

	add(own, shared);
	for (;;) {
		if (epoll_wait((intptr_t)other, &event, 1, 5) == 1)
			answer(shared);
		if (epoll_wait(own, &event, 1, 5) == 1)
			answer(shared);
	}
	return NULL;
}

static void work_filled_and_own(int fd)
{
	int epfd = new_epoll();

	shared = fd;
	add(epfd, fd);
	start(serve_two, epfd);
	pause();
}

static void threads__own_and_filled_by_another(void)
{
	int fd = listener();
	pid_t pid = worker(work_filled_and_own, fd);

	usleep(200000);
	all_answered(port_of(fd), 20, pid);
}

/* A master that inherited its listener fills the epoll and only its child waits. */
static void work_fill_and_fork(int fd)
{
	int epfd = new_epoll();
	pid_t parent = getpid(), pid;

	add(epfd, fd);
	pid = fork();
	if (!pid) {
		live_as_child(parent);
		serve(epfd, fd);
	}
	pause();
}

static void epoll__filled_before_fork(void)
{
	int fd = listener(), port = port_of(fd);

	worker(work_fill_and_fork, fd);
	usleep(200000);
	for (int cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++) {
		run_on(cpu);
		for (int i = 0; i < 10; i++)
			need(ask(port) != 0);
	}
}

static void work_exclusive(int fd)
{
	int epfd = new_epoll();

	change(epfd, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLEXCLUSIVE);
	serve(epfd, fd);
}

static void epoll__exclusive(void)
{
	int fd = listener(), port = port_of(fd);
	pid_t pids[] = { worker(work_exclusive, fd), worker(work_exclusive, fd) };

	expect_listeners(port, 3);
	all_answered_by(port, 50, pids, 2);
}

/* The server's own data comes with every event, and nothing else does. */
static void work_data(int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 0x1122334455667788ull }, got;
	int epfd = new_epoll();

	need(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event) == 0);
	for (int i = 0; i < 40; i++) {
		if (i == 20) {
			event.data.u64++;
			need(epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &event) == 0);
		}
		need(epoll_wait(epfd, &got, 1, DEADLINE * 1000) == 1);
		need(got.events == EPOLLIN && got.data.u64 == event.data.u64);
		answer(fd);
	}
	pause();
}

static void epoll__data(void)
{
	int fd = listener(), port = port_of(fd);
	pid_t pid = worker(work_data, fd);

	expect_listeners(port, 2);
	all_answered(port, 40 / sysconf(_SC_NPROCESSORS_ONLN) - 2, pid);
}

/* Many wait already; one accept() for each event gets them all, whichever socket they wait in. */
static void work_backlog(int fd)
{
	int epfd = new_epoll();

	add(epfd, fd);
	wait_once(epfd);
	expect_listeners(port_of(fd), 2);
	usleep(500000);
	serve(epfd, fd);
}

static void epoll__many_waiting(void)
{
	int fd = listener(), port = port_of(fd), clients[60];
	pid_t pid;

	for (int i = 0; i < 20; i++)
		need((clients[i] = dial(port)) >= 0);
	pid = worker(work_backlog, fd);
	expect_listeners(port, 2);
	for (int i = 20; i < 60; i++) {
		run_on(i % sysconf(_SC_NPROCESSORS_ONLN));
		need((clients[i] = dial(port)) >= 0);
	}
	for (int i = 0; i < 60; i++)
		need(answer_on(clients[i]) == pid);
}

static void work_muted(int fd)
{
	struct epoll_event event;
	int epfd = new_epoll(), port = port_of(fd);
	struct timespec soon = { 0, 100 * 1000 * 1000 };

	for (int way = 0; way < 3; way++) {
		add(epfd, fd);
		wait_once(epfd);
		expect_listeners(port, 2);
		/* A pause, so that this is no habit. */
		usleep(1100000);
		change(epfd, EPOLL_CTL_DEL, fd, 0);
		for (int i = 0; i < 4; i++) {
			run_on(i % sysconf(_SC_NPROCESSORS_ONLN));
			need(dial(port) >= 0);
		}
		if (way == 0)
			need(epoll_wait(epfd, &event, 1, 100) == 0);
		else if (way == 1)
			need(epoll_pwait(epfd, &event, 1, 100, NULL) == 0);
		else
			need(epoll_pwait2(epfd, &event, 1, &soon, NULL) == 0);
		/* Added again, all that came meanwhile is there. */
		add(epfd, fd);
		for (int i = 0; i < 4; i++) {
			double end = now() + ANSWER;

			need(epoll_wait(epfd, &event, 1, ANSWER * 1000) == 1);
			while (!answer(fd))
				need(now() < end);
		}
		change(epfd, EPOLL_CTL_DEL, fd, 0);
		need(epoll_wait(epfd, &event, 1, 0) == 0);
	}
}

static void epoll__deleted_then_each_wait(void)
{
	expect_success(worker(work_muted, listener()));
}

/* epoll in an epoll, and in select(). */
static void work_nested(int fd)
{
	int inner = new_epoll(), outer = new_epoll();
	struct epoll_event event;
	fd_set set;

	add(inner, fd);
	add(outer, inner);
	for (int i = 0;; i++) {
		if (i & 1) {
			need(epoll_wait(outer, &event, 1, -1) == 1 && event.data.fd == inner);
		} else {
			FD_ZERO(&set);
			FD_SET(inner, &set);
			need(select(inner + 1, &set, NULL, NULL, NULL) == 1);
		}
		while (epoll_wait(inner, &event, 1, 0) == 1)
			answer(fd);
	}
}

static void epoll__nested(void)
{
	int fd = listener();
	pid_t pid = worker(work_nested, fd);

	/* The inner one is waited on when something has come. */
	need(ask(port_of(fd)) == pid);
	expect_listeners(port_of(fd), 2);
	all_answered(port_of(fd), 20, pid);
}

/* A thread cancelled in accept() takes its local listener along. */
static void *accept_cancelled(void *argument)
{
	int epfd = new_epoll(), old;

	(void)argument;
	add(epfd, shared);
	wait_once(epfd);
	expect_listeners(port_of(shared), 2);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	pthread_cancel(pthread_self());
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
	accept(shared, NULL, NULL);
	return NULL;
}

static void work_cancelled(int fd)
{
	void *result;

	shared = fd;
	pthread_join(start(accept_cancelled, 0), &result);
	need(result == PTHREAD_CANCELED);
	expect_listeners(port_of(fd), 1);
}

static void thread__cancelled_in_accept(void)
{
	expect_success(worker(work_cancelled, listener()));
}

/* The first wait is when the library does its part. */
static void *wait_cancelled(void *argument)
{
	int epfd = new_epoll(), old;
	struct epoll_event event;

	(void)argument;
	add(epfd, shared);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	pthread_cancel(pthread_self());
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
	epoll_wait(epfd, &event, 1, -1);
	return NULL;
}

static void work_cancelled_early(int fd)
{
	void *result;

	shared = fd;
	pthread_join(start(wait_cancelled, 0), &result);
	need(result == PTHREAD_CANCELED);
	expect_listeners(port_of(fd), 1);
	close(fd);
}

static void thread__cancelled_in_its_first_wait(void)
{
	expect_success(worker(work_cancelled_early, listener()));
}

/* Edge-triggered, taken out and put back: it is told again what waits. */
static void work_edge(int fd)
{
	int epfd = new_epoll(), port = port_of(fd), clients[2];
	struct epoll_event event;

	change(epfd, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET);
	for (int i = 0; i < 3; i++) {
		wait_once(epfd);
		expect_listeners(port, 2);
		for (int j = 0; j < 2; j++)
			need((clients[j] = dial(port)) >= 0);
		need(epoll_wait(epfd, &event, 1, ANSWER * 1000) == 1);
		need(answer(fd));
		change(epfd, EPOLL_CTL_DEL, fd, 0);
		change(epfd, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLET);
		need(epoll_wait(epfd, &event, 1, ANSWER * 1000) == 1);
		need(answer(fd));
		for (int j = 0; j < 2; j++)
			need(answer_on(clients[j]) == getpid());
	}
}

static void epoll__edge_added_anew(void)
{
	expect_success(worker(work_edge, listener()));
}

/* Takes its listener out for good and does something else; the second has the habit of nginx. */
static void work_leaves(int fd)
{
	int epfd = new_epoll();

	add(epfd, fd);
	wait_once(epfd);
	change(epfd, EPOLL_CTL_DEL, fd, 0);
	pause();
}

static void work_leaves_later(int fd)
{
	int epfd = new_epoll(), other = new_epoll();
	struct epoll_event event;

	add(epfd, fd);
	for (int i = 0; i < 3; i++) {
		wait_once(epfd);
		change(epfd, EPOLL_CTL_DEL, fd, 0);
		add(epfd, fd);
	}
	wait_once(epfd);
	change(epfd, EPOLL_CTL_DEL, fd, 0);
	epoll_wait(other, &event, 1, -1);
}

static void epoll__deleted_for_good(void)
{
	int fd = listener();
	pid_t pid;

	worker(work_leaves, fd);
	worker(work_leaves_later, fd);
	usleep(500000);
	pid = worker(work_plain, fd);
	expect_listeners(port_of(fd), 2);
	all_answered(port_of(fd), 20, pid);
}

/* One waits in the original, one in the local listener: one registration has one event. */
static void work_twins(int fd)
{
	int epfd = new_epoll(), client;
	struct epoll_event events[8];

	add(epfd, fd);
	wait_once(epfd);
	expect_listeners(port_of(fd), 2);
	need((client = dial(port_of(fd))) >= 0);
	usleep(50000);
	for (int answered = 0; answered < 2; answered += answer(fd))
		need(epoll_wait(epfd, events, 8, ANSWER * 1000) == 1 && events[0].data.fd == fd);
	need(answer_on(client) == getpid());
}

static void epoll__one_event_for_both(void)
{
	int fd = listener(), client = dial(port_of(fd));
	pid_t pid = worker(work_twins, fd);

	need(client >= 0);
	need(answer_on(client) == pid);
	expect_success(pid);
}

static int told[2];		/* a pipe: all that the worker is to find is there */

/* Tells the how manieth each is, one for each event. */
static void work_in_order(int fd)
{
	struct epoll_event events[8];
	int epfd = new_epoll(), made;
	pid_t number = 0;
	char byte;

	add(epfd, fd);
	wait_once(epfd);
	expect_listeners(port_of(fd), 2);
	need(read(told[0], &byte, 1) == 1);
	for (;;) {
		if (epoll_wait(epfd, events, 8, -1) <= 0)
			continue;
		made = accept(fd, NULL, NULL);
		if (made < 0)
			continue;
		number++;
		need(send(made, &number, sizeof(number), MSG_NOSIGNAL) == sizeof(number));
		close(made);
	}
}

/* Its own queue is long; one of a CPU without a worker does not wait for the end of it. */
static void original__beside_a_full_queue(void)
{
	int fd = listener(), port = port_of(fd), clients[100], other, home = 0;
	int count = sysconf(_SC_NPROCESSORS_ONLN);	/* musl's: of this affinity */
	double end;
	cpu_set_t cpus;
	pid_t pid;

	need(pipe(told) == 0);
	pid = worker(work_in_order, fd);
	expect_listeners(port, 2);
	/* It listens first; it has its place when it is pinned. */
	end = now() + DEADLINE;
	do {
		need(now() < end);
		nap();
		need(sched_getaffinity(pid, sizeof(cpus), &cpus) == 0);
	} while (!stock && CPU_COUNT(&cpus) != 1);
	while (!CPU_ISSET(home, &cpus))
		home++;
	/* First: what comes for a worker that has not waited for FASTSOCK_LOAD_STALL goes there, too. */
	run_on((home + 1) % count);
	need((other = dial(port)) >= 0);
	run_on(home);
	for (int i = 0; i < 100; i++)
		need((clients[i] = dial(port)) >= 0);
	need(write(told[1], "", 1) == 1);
	need(answer_on(other) <= (stock ? 101 : 70));
	for (int i = 0; i < 100; i++)
		need(answer_on(clients[i]) > 0);
}

static int own[2];		/* the threads' listeners, on one port */

/* Tells which one it is, from 1. */
static void *serve_number(void *at)
{
	pid_t number = (intptr_t)at + 1;
	struct epoll_event event;
	int epfd = new_epoll(), made;

	add(epfd, own[number - 1]);
	for (;;) {
		if (epoll_wait(epfd, &event, 1, -1) != 1)
			continue;
		made = accept(own[number - 1], NULL, NULL);
		if (made < 0)
			continue;
		need(send(made, &number, sizeof(number), MSG_NOSIGNAL) == sizeof(number));
		close(made);
	}
	return NULL;
}

/* The server's own program has everything done by its first socket; it is given to one. */
static void choose_first(bool before_listen)
{
	struct sock_filter first = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { 1, &first };
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int one = 1;

	for (int i = 0; i < 2; i++) {
		own[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		need(setsockopt(own[i], SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) == 0);
		need(bind(own[i], (struct sockaddr *)&address, sizeof(address)) == 0);
		address.sin_port = htons(port_of(own[0]));
		if (i == 0 && before_listen)
			need(setsockopt(own[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
					sizeof(program)) == 0);
		need(listen(own[i], 128) == 0);
	}
	if (!before_listen)
		need(setsockopt(own[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
				sizeof(program)) == 0);
	for (int i = 0; i < 2; i++)
		start(serve_number, i);
	usleep(100000);
	all_answered(port_of(own[0]), 30, 1);
}

static pid_t tids[4];

static void *serve_shared(void *at)
{
	struct epoll_event event;
	int number = (intptr_t)at, epfd = new_epoll();

	tids[number] = syscall(SYS_gettid);
	add(epfd, own[number / 2]);
	for (;;)
		if (epoll_wait(epfd, &event, 1, -1) == 1)
			answer(own[number / 2]);
	return NULL;
}

/* HAProxy's "shards 2" with four threads: two share a socket, and are not both pinned to its CPU. */
static void own__shared_by_threads(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int one = 1, pinned = 0;
	cpu_set_t cpus;

	for (int i = 0; i < 2; i++) {
		own[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		need(setsockopt(own[i], SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) == 0);
		need(bind(own[i], (struct sockaddr *)&address, sizeof(address)) == 0);
		address.sin_port = htons(port_of(own[0]));
		need(listen(own[i], 128) == 0);
	}
	for (int i = 0; i < 4; i++)
		start(serve_shared, i);
	usleep(300000);
	for (int i = 0; i < 4; i++) {
		need(sched_getaffinity(tids[i], sizeof(cpus), &cpus) == 0);
		pinned += CPU_COUNT(&cpus) == 1;
	}
	need(pinned <= 2);
	all_answered(port_of(own[0]), 30, getpid());
}

static void program__given_before_listen(void)
{
	choose_first(true);
}

static void program__given_after_listen(void)
{
	choose_first(false);
}

static const struct test_case cases[] = {
	{ "threads__each_its_own", threads__each_its_own },
	{ "threads__filled_by_another", threads__filled_by_another },
	{ "threads__own_and_filled_by_another", threads__own_and_filled_by_another },
	{ "thread__cancelled_in_accept", thread__cancelled_in_accept },
	{ "epoll__filled_before_fork", epoll__filled_before_fork },
	{ "epoll__exclusive", epoll__exclusive },
	{ "epoll__data", epoll__data },
	{ "epoll__many_waiting", epoll__many_waiting },
	{ "epoll__deleted_then_each_wait", epoll__deleted_then_each_wait },
	{ "epoll__nested", epoll__nested },
	{ "thread__cancelled_in_its_first_wait", thread__cancelled_in_its_first_wait },
	{ "epoll__edge_added_anew", epoll__edge_added_anew },
	{ "epoll__deleted_for_good", epoll__deleted_for_good },
	{ "epoll__one_event_for_both", epoll__one_event_for_both },
	{ "original__beside_a_full_queue", original__beside_a_full_queue },
	{ "own__shared_by_threads", own__shared_by_threads },
	{ "program__given_before_listen", program__given_before_listen },
	{ "program__given_after_listen", program__given_after_listen },
};

CASE_MAIN(cases)
