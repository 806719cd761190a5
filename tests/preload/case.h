/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs of this suite share. Each is a list of cases and runs one:
 *
 *	PROGRAM CASE [stock]	exit 0: as it should be
 *	PROGRAM --list
 *
 * `stock` says that the library is not there: everything but the number of
 * listeners and the pinning has to be the same. The workers become user and
 * group $FS_TEST_UID if that is set. Every process ends by itself (alarm), and with its
 * parent.
 */
#ifndef CASE_H
#define CASE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE	10	/* seconds until a wait has failed */
#define ANSWER		10	/* seconds until a connection counts as stranded */
#define LIFE		45	/* seconds any process of a case may live */

#ifdef __GLIBC__
#define HAVE_CLOSE_RANGE 1
#else	/* musl has neither these nor the third way to wait */
#define HAVE_CLOSE_RANGE 0
static inline int close_range(unsigned int first, unsigned int last, int flags)
{
	for (unsigned int fd = first; !flags && fd <= last && fd < 8192; fd++)
		close(fd);
	return 0;
}

static inline void closefrom(int first)
{
	close_range(first, ~0u, 0);
}

static inline int epoll_pwait2(int epfd, struct epoll_event *events, int most,
			       const struct timespec *timeout, const sigset_t *mask)
{
	return epoll_pwait(epfd, events, most, timeout->tv_sec * 1000 + timeout->tv_nsec / 1000000,
			   mask);
}
#endif

struct test_case {
	const char *name;
	void (*run)(void);
};

static bool stock;
static const char *case_name;
static pid_t case_workers[64];
static unsigned int case_worker_count;

#define need(condition)								\
	do {									\
		if (!(condition))						\
			case_fail(#condition, __LINE__);			\
	} while (0)

/* One write and _exit(): also for children of vfork() and for signal handlers. */
static inline void case_fail(const char *what, int line)
{
	char text[256];
	int error = errno, len;

	len = snprintf(text, sizeof(text), "%s:%d: not so: %s (errno %d)\n", case_name, line, what,
		       error);
	if (write(STDERR_FILENO, text, len) < 0)
		_exit(2);
	_exit(1);
}

static inline double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

static inline void nap(void)
{
	usleep(5000);
}

/* Sockets */

/* Not blocking, on 127.0.0.1 and a port of the kernel's choice. */
static inline int listener(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;

	need(fd >= 0);
	need(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0);
	need(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	need(listen(fd, 128) == 0);
	return fd;
}

static inline int port_of(int fd)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	need(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
	return ntohs(address.sin_port);
}

static inline int listeners(int port)
{
	FILE *file = fopen("/proc/self/net/tcp", "re");
	char line[256];
	unsigned int local, state;
	int count = 0;

	need(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " %*d: %*x:%x %*x:%*x %x", &local, &state) == 2 &&
		    local == (unsigned int)port && state == TCP_LISTEN)
			count++;
	fclose(file);
	return count;
}

/* @count with the library, one without. */
static inline void expect_listeners(int port, int count)
{
	double end = now() + DEADLINE;

	while (listeners(port) != (stock ? 1 : count)) {
		need(now() < end);
		nap();
	}
}

static inline int dial(int port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval limit = { ANSWER, 0 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	need(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Who answers a connection: a process id; 0 when nobody does in time. */
static inline pid_t answer_on(int fd)
{
	pid_t who = 0;

	if (recv(fd, &who, sizeof(who), MSG_WAITALL) != sizeof(who))
		who = 0;
	close(fd);
	return who;
}

static inline pid_t ask(int port)
{
	int fd = dial(port);

	return fd < 0 ? 0 : answer_on(fd);
}

static inline cpu_set_t my_cpus(void)
{
	cpu_set_t cpus;

	need(sched_getaffinity(0, sizeof(cpus), &cpus) == 0);
	return cpus;
}

static inline void run_on(int cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	need(sched_setaffinity(0, sizeof(one), &one) == 0);
}

/* @times connections from every CPU are all answered by one of @count processes. */
static inline void all_answered_by(int port, int times, const pid_t *who, int count)
{
	cpu_set_t before = my_cpus();

	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &before))
			continue;
		run_on(cpu);
		for (int i = 0; i < times; i++) {
			pid_t answered = ask(port);
			bool known = false;

			need(answered != 0);
			for (int j = 0; j < count; j++)
				known = known || who[j] == answered;
			need(known);
		}
	}
	need(sched_setaffinity(0, sizeof(before), &before) == 0);
}

static inline void all_answered(int port, int times, pid_t who)
{
	all_answered_by(port, times, &who, 1);
}

/* Accept one and tell who did; false when there is none. */
static inline bool answer(int fd)
{
	pid_t me = getpid();
	int made = accept(fd, NULL, NULL);

	if (made < 0) {
		need(errno == EAGAIN || errno == ECONNABORTED);
		return false;
	}
	need(send(made, &me, sizeof(me), MSG_NOSIGNAL) == sizeof(me) || errno == EPIPE ||
	     errno == ECONNRESET);
	close(made);
	return true;
}

static inline int new_epoll(void)
{
	int epfd = epoll_create1(EPOLL_CLOEXEC);

	need(epfd >= 0);
	return epfd;
}

static inline void change(int epfd, int op, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	need(epoll_ctl(epfd, op, fd, &event) == 0);
}

static inline void add(int epfd, int fd)
{
	change(epfd, EPOLL_CTL_ADD, fd, EPOLLIN);
}

/* The library may do its part as late as here; the first connection may be there by then. */
static inline void wait_once(int epfd)
{
	struct epoll_event event;

	need(epoll_wait(epfd, &event, 1, 0) >= 0);
}

/* One accept() on @accept_on for each event, for ever. */
static inline void serve(int epfd, int accept_on)
{
	struct epoll_event event;

	for (;;)
		if (epoll_wait(epfd, &event, 1, -1) == 1)
			answer(accept_on);
}

/* Processes */

static inline void live_as_child(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	alarm(LIFE);
}

static inline void become_user(void)
{
	const char *user = getenv("FS_TEST_UID");

	if (!user)
		return;
	need(setresgid(atoi(user), atoi(user), atoi(user)) == 0);
	need(setresuid(atoi(user), atoi(user), atoi(user)) == 0);
}

/* A process that runs @work(@fd). */
static inline pid_t worker(void (*work)(int fd), int fd)
{
	pid_t parent = getpid(), pid = fork();

	need(pid >= 0);
	if (pid) {
		need(case_worker_count < sizeof(case_workers) / sizeof(*case_workers));
		case_workers[case_worker_count++] = pid;
		return pid;
	}
	become_user();		/* clears the signal that comes with the parent's end */
	live_as_child(parent);
	work(fd);
	_exit(0);
}

static inline void kill_worker(pid_t pid)
{
	need(kill(pid, SIGKILL) == 0);
	need(waitpid(pid, NULL, 0) == pid);
}

/* The worker ends by itself, with success. */
static inline void expect_success(pid_t pid)
{
	int status;

	need(waitpid(pid, &status, 0) == pid);
	need(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static inline void work_plain(int fd)
{
	int epfd = new_epoll();

	add(epfd, fd);
	serve(epfd, fd);
}

static inline int case_main(int argc, char **argv, const struct test_case *cases, int count)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 2 && !strcmp(argv[1], "--list")) {
		for (int i = 0; i < count; i++)
			puts(cases[i].name);
		return 0;
	}
	stock = argc == 3 && !strcmp(argv[2], "stock");
	for (int i = 0; argc >= 2 && i < count; i++) {
		if (strcmp(cases[i].name, argv[1]))
			continue;
		case_name = cases[i].name;
		alarm(LIFE);
		cases[i].run();
		for (unsigned int j = 0; j < case_worker_count; j++)
			kill(case_workers[j], SIGKILL);
		return 0;
	}
	fprintf(stderr, "usage: %s CASE [stock] | --list\n", argv[0]);
	return 2;
}

#define CASE_MAIN(cases)							\
	int main(int argc, char **argv)						\
	{									\
		return case_main(argc, argv, cases, sizeof(cases) / sizeof(*(cases))); \
	}

#endif
