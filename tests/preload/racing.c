// SPDX-License-Identifier: GPL-2.0-only
/* Threads, signal handlers and fork() meeting in the library's calls. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>

#include "case.h"

#define SECONDS	2
#define THREADS	4

static atomic_int current;		/* number of the listener that is open now, or -1 */
static atomic_int other_port;		/* of a listener that nobody accepts from */
static atomic_bool ended;
static atomic_long accepted;

/* accept() may give a connection of a listener of this case, or fail; nothing else. */
static void check_accepted(int made)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	int type;

	if (made < 0) {
		/* Closed by now, and the number given to something else. */
		need(errno == EAGAIN || errno == EBADF || errno == EINVAL || errno == ENOTSOCK ||
		     errno == ECONNABORTED || errno == EOPNOTSUPP);
		return;
	}
	need(getsockname(made, (struct sockaddr *)&address, &len) == 0);
	need(address.sin_family == AF_INET && ntohs(address.sin_port) != other_port);
	len = sizeof(type);
	need(getsockopt(made, SOL_SOCKET, SO_ACCEPTCONN, &type, &len) == 0 && !type);
	accepted++;
	need(close(made) == 0);
}

static void *accept_always(void *unused)
{
	struct epoll_event event;
	int epfd = new_epoll();

	(void)unused;
	while (!ended) {
		int fd = current;

		if (fd < 0)
			continue;
		event = (struct epoll_event){ .events = EPOLLIN, .data.fd = fd };
		epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event);
		for (int i = 0; i < 20 && fd == current; i++)
			if (epoll_wait(epfd, &event, 1, 1) == 1)
				check_accepted(accept(fd, NULL, NULL));
	}
	close(epfd);
	return NULL;
}

static void *dial_always(void *unused)
{
	(void)unused;
	while (!ended) {
		int fd = current, client = -1;
		struct sockaddr_in address;
		socklen_t len = sizeof(address);

		if (fd >= 0 && !getsockname(fd, (struct sockaddr *)&address, &len) &&
		    address.sin_port)
			client = dial(ntohs(address.sin_port));
		if (client >= 0)
			close(client);
	}
	return NULL;
}

/*
 * Again on the port of the last one, which becomes free only when every thread
 * has left its accept() and the library has nothing listening there any more.
 */
static int listener_again(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	double end = now() + DEADLINE;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

	need(fd >= 0);
	need(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0);
	while (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	       listen(fd, 128) < 0)
		need(errno == EADDRINUSE && now() < end);
	return fd;
}

/* Listeners come and go while threads accept from them. */
static void close__while_others_accept(void)
{
	double end = now() + SECONDS;
	pthread_t threads[THREADS + 1];
	int decoy = listener(), fd = listener(), port = port_of(fd);

	other_port = port_of(decoy);
	current = -1;
	for (int i = 0; i < THREADS; i++)
		need(!pthread_create(&threads[i], NULL, accept_always, NULL));
	need(!pthread_create(&threads[THREADS], NULL, dial_always, NULL));
	/* For longer on a machine so busy that hardly anybody got to accept. */
	while (now() < end || (accepted <= 100 && now() < end + DEADLINE)) {
		current = fd;
		usleep(3000);
		current = -1;
		need(close(fd) == 0);
		fd = listener_again(port);
	}
	ended = true;
	for (int i = 0; i <= THREADS; i++)
		need(!pthread_join(threads[i], NULL));
	need(accepted > 100);
}

/* Handlers */

static int handler_fd, handler_epoll;
static volatile sig_atomic_t interrupted;
static int through[2];		/* a pipe: from now on the worker only serves */

static void flip(int fd, int epfd, unsigned int turn)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
	int made;

	switch (turn % 4) {
	case 0:
		made = accept(fd, NULL, NULL);
		if (made >= 0)
			close(made);
		break;
	case 1:
		epoll_ctl(epfd, EPOLL_CTL_DEL, fd, NULL);
		break;
	case 2:
		epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event);
		break;
	case 3:
		close(dup(fd));
		break;
	}
}

static void handler(int signal)
{
	int error = errno;

	(void)signal;
	flip(handler_fd, handler_epoll, interrupted++);
	errno = error;
}

static void work_interrupted(int fd)
{
	struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = { { 0, 0 }, { 0, 0 } };
	double end = now() + SECONDS;
	struct sigaction action = { .sa_handler = handler };

	handler_fd = fd;
	handler_epoll = new_epoll();
	need(sigaction(SIGALRM, &action, NULL) == 0);
	need(setitimer(ITIMER_REAL, &often, NULL) == 0);
	for (unsigned int i = 0; now() < end || (interrupted <= 100 && now() < end + DEADLINE); i++)
		flip(fd, handler_epoll, i / 3);
	need(setitimer(ITIMER_REAL, &never, NULL) == 0);
	signal(SIGALRM, SIG_DFL);
	alarm(LIFE);
	need(interrupted > 100);
	/* And it serves still. */
	epoll_ctl(handler_epoll, EPOLL_CTL_DEL, fd, NULL);
	add(handler_epoll, fd);
	need(write(through[1], "", 1) == 1);
	serve(handler_epoll, fd);
}

static void signals__interrupt_the_same_calls(void)
{
	int fd = listener();
	pid_t pid;
	char byte;

	need(pipe(through) == 0);
	pid = worker(work_interrupted, fd);
	close(through[1]);
	need(read(through[0], &byte, 1) == 1);
	all_answered(port_of(fd), 20, pid);
}

/* The listener itself closed by the handler, within accept(). */
static void close_handler(int signal)
{
	int error = errno;

	(void)signal;
	close(handler_fd);
	interrupted++;
	errno = error;
}

static void work_closed_by_handler(int fd)
{
	struct sigaction action = { .sa_handler = close_handler };

	need(sigaction(SIGALRM, &action, NULL) == 0);
	for (int i = 0; i < 200; i++) {
		struct itimerval once = { { 0, 0 }, { 0, 100 + i * 5 } };
		int epfd = new_epoll(), made;

		handler_fd = dup(fd);
		interrupted = 0;
		add(epfd, handler_fd);
		need(setitimer(ITIMER_REAL, &once, NULL) == 0);
		do {
			made = accept(handler_fd, NULL, NULL);
			need(made < 0 && (errno == EAGAIN || errno == EBADF));
		} while (!interrupted);
		need(accept(handler_fd, NULL, NULL) == -1 && errno == EBADF);
		need(close(epfd) == 0);
	}
	signal(SIGALRM, SIG_DFL);
	need(listeners(port_of(fd)) == 1);
}

static void signals__close_the_listener(void)
{
	expect_success(worker(work_closed_by_handler, listener()));
}

/* fork() while others are in the library: the child finds it usable. */

static void *add_and_delete(void *number)
{
	int epfd = new_epoll();

	while (!ended) {
		add(epfd, (intptr_t)number);
		change(epfd, EPOLL_CTL_DEL, (intptr_t)number, 0);
	}
	return NULL;
}

static void work_fork(int fd)
{
	pthread_t threads[THREADS];
	pid_t parent = getpid(), pid;

	for (int i = 0; i < THREADS; i++)
		need(!pthread_create(&threads[i], NULL, add_and_delete, (void *)(intptr_t)fd));
	for (int i = 0; i < 100; i++) {
		pid = fork();
		if (!pid) {
			struct epoll_event event;
			int epfd;

			live_as_child(parent);
			alarm(ANSWER);
			epfd = new_epoll();
			add(epfd, fd);
			need(accept(fd, NULL, NULL) == -1 && errno == EAGAIN);
			need(epoll_wait(epfd, &event, 1, 0) == 0);
			_exit(0);
		}
		expect_success(pid);
	}
	ended = true;
	for (int i = 0; i < THREADS; i++)
		need(!pthread_join(threads[i], NULL));
}

static void fork__while_threads_change(void)
{
	expect_success(worker(work_fork, listener()));
}

static const struct test_case cases[] = {
	{ "close__while_others_accept", close__while_others_accept },
	{ "signals__interrupt_the_same_calls", signals__interrupt_the_same_calls },
	{ "signals__close_the_listener", signals__close_the_listener },
	{ "fork__while_threads_change", fork__while_threads_change },
};

CASE_MAIN(cases)
