// SPDX-License-Identifier: GPL-2.0-only
/* What the calls on a listener return, and leave in errno, while it has a local one. */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <sys/ioctl.h>

#include "case.h"

#define MARK 4242	/* no errno of the kernel's */

static int cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

/* A connection from a CPU in turn; the caller's affinity is of no account afterwards. */
static int dial_from(int turn, int port)
{
	int fd;

	run_on(turn % cpus());
	fd = dial(port);
	need(fd >= 0);
	return fd;
}

/* The epoll of a worker whose listener has its local one. */
static int watched(int fd)
{
	int epfd = new_epoll();

	add(epfd, fd);
	wait_once(epfd);
	expect_listeners(port_of(fd), 2);
	return epfd;
}

static void in_worker(void (*work)(int fd))
{
	expect_success(worker(work, listener()));
}

static int accept_within(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	double end = now() + DEADLINE;
	int made;

	while ((made = accept4(fd, addr, len, flags)) < 0 && errno == EAGAIN) {
		need(now() < end);
		nap();
	}
	return made;
}

static void work_errors(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	int udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
	int epfd = watched(fd), pipes[2];
	const struct {
		int fd, error;
	} bad[] = {
		{ -1, EBADF }, { 1 << 30, EBADF }, { 0x7fffffff, EBADF }, { pipes[0], ENOTSOCK },
		{ udp, EOPNOTSUPP }, { tcp, EINVAL }, { epfd, ENOTSOCK },
	};

	need(pipe(pipes) == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		int number = i == 3 ? pipes[0] : bad[i].fd;

		need(accept(number, NULL, NULL) == -1 && errno == bad[i].error);
		need(accept4(number, NULL, NULL, SOCK_CLOEXEC) == -1 && errno == bad[i].error);
	}
#ifdef __GLIBC__
	/* musl takes EINVAL for a kernel without accept4(), and tries accept(). */
	need(accept4(fd, NULL, NULL, 0x10) == -1 && errno == EINVAL);
#endif
	need(accept(fd, NULL, NULL) == -1 && errno == EAGAIN);
	need(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event) == -1 && errno == EEXIST);
	need(epoll_ctl(epfd, EPOLL_CTL_MOD, fd, (struct epoll_event *)8) == -1 && errno == EFAULT);
	need(epoll_ctl(epfd, EPOLL_CTL_ADD, epfd, &event) == -1 && errno == EINVAL);
	need(epoll_ctl(epfd, 99, fd, &event) == -1 && errno == EINVAL);
	need(epoll_ctl(-1, EPOLL_CTL_DEL, fd, NULL) == -1 && errno == EBADF);
	need(epoll_ctl(fd, EPOLL_CTL_ADD, tcp, &event) == -1 && errno == EINVAL);
	need(listen(-1, 1) == -1 && errno == EBADF);
	need(listen(pipes[0], 1) == -1 && errno == ENOTSOCK);
	need(listen(udp, 1) == -1 && errno == EOPNOTSUPP);
	need(setsockopt(fd, SOL_SOCKET, 9999, &epfd, sizeof(epfd)) == -1 && errno == ENOPROTOOPT);
	need(dup2(-1, 300) == -1 && errno == EBADF);
	need(dup2(fd, -1) == -1 && errno == EBADF);
	need(dup3(fd, fd, 0) == -1 && errno == EINVAL);
	need(dup2(fd, fd) == fd);
	need(close(-1) == -1 && errno == EBADF);
	need(close(1 << 30) == -1 && errno == EBADF);
	need(shutdown(-1, SHUT_RD) == -1 && errno == EBADF);
	/* All that has changed nothing. */
	for (int i = 0; i < 4; i++) {
		int client = dial_from(i, port_of(fd));
		int made = accept_within(fd, NULL, NULL, 0);

		need(made >= 0);
		close(made);
		close(client);
	}
}

static void errors__are_the_kernels(void)
{
	in_worker(work_errors);
}

static void work_address(int fd)
{
	watched(fd);
	for (int i = 0; i < 2 * cpus(); i++) {
		int client = dial_from(i, port_of(fd)), made;
		struct sockaddr_in mine, seen = { 0 };
		socklen_t len = sizeof(mine);
		char little[4] = "\xff\xff\xff\xff";

		need(getsockname(client, (struct sockaddr *)&mine, &len) == 0);
		len = sizeof(seen);
		made = accept_within(fd, (struct sockaddr *)&seen, &len, 0);
		need(made >= 0 && len == sizeof(seen) && seen.sin_family == AF_INET);
		need(seen.sin_port == mine.sin_port && seen.sin_addr.s_addr == mine.sin_addr.s_addr);
		close(made);
		close(client);

		/* Cut short: the length is what it would have been, no more is written. */
		client = dial_from(i, port_of(fd));
		len = 2;
		made = accept_within(fd, (struct sockaddr *)little, &len, 0);
		need(made >= 0 && len == sizeof(seen));
		need(*(sa_family_t *)little == AF_INET && !memcmp(little + 2, "\xff\xff", 2));
		close(made);
		close(client);
	}
}

static void accept__address(void)
{
	in_worker(work_address);
}

static void work_bad_address(int fd)
{
	socklen_t len = sizeof(struct sockaddr_in);

	watched(fd);
	for (int i = 0; i < cpus(); i++) {
		int client = dial_from(i, port_of(fd));
		double end = now() + DEADLINE;

		while (accept(fd, (struct sockaddr *)8, &len) == -1 && errno == EAGAIN)
			need(now() < end);
		need(errno == EFAULT);
		close(client);
	}
}

static void accept__bad_address(void)
{
	in_worker(work_bad_address);
}

static void work_flags(int fd)
{
	watched(fd);
	for (int i = 0; i < 4 * cpus(); i++) {
		int flags = (i & 1 ? SOCK_NONBLOCK : 0) | (i & 2 ? SOCK_CLOEXEC : 0);
		int client = dial_from(i, port_of(fd)), made = accept_within(fd, NULL, NULL, flags);

		need(made >= 0);
		need(!(fcntl(made, F_GETFL) & O_NONBLOCK) == !(flags & SOCK_NONBLOCK));
		need(!(fcntl(made, F_GETFD) & FD_CLOEXEC) == !(flags & SOCK_CLOEXEC));
		close(made);
		close(client);
	}
}

static void accept__flags(void)
{
	in_worker(work_flags);
}

/* What succeeds leaves errno alone, as the calls of libc that it replaces do. */
static void work_errno(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epfd = watched(fd), other, one = 1, port = port_of(fd);

	for (int i = 0; i < 2 * cpus(); i++) {
		int client = dial_from(i, port), made;
		double end = now() + DEADLINE;

		do {
			errno = MARK;
			made = accept(fd, NULL, NULL);
			need(made >= 0 || errno == EAGAIN);
			need(now() < end);
		} while (made < 0);
		need(errno == MARK);
		need(close(made) == 0 && errno == MARK);
		close(client);
	}
	errno = MARK;
	need(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0 && errno == MARK);
	need(listen(fd, 64) == 0 && errno == MARK);
	need(epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &event) == 0 && errno == MARK);
	need(epoll_ctl(epfd, EPOLL_CTL_DEL, fd, &event) == 0 && errno == MARK);
	need(epoll_wait(epfd, &event, 1, 0) == 0 && errno == MARK);
	need(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event) == 0 && errno == MARK);
	need(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) == 0 && errno == MARK);
	need(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0 && errno == MARK);
	need(epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &event) == 0 && errno == MARK);
	need((other = dup2(fd, 300)) == 300 && errno == MARK);
	need(shutdown(fd, SHUT_RDWR) == 0 && errno == MARK);
	need(close(epfd) == 0 && errno == MARK);
	need(close(fd) == 0 && errno == MARK);
	need(close(other) == 0 && errno == MARK);
}

static void errno__kept_by_success(void)
{
	in_worker(work_errno);
}

static void listen__fails(void)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	int first = socket(AF_INET, SOCK_STREAM, 0), second = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(first, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(second, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	address = (struct sockaddr_in){ .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	need(bind(first, (struct sockaddr *)&address, sizeof(address)) == 0);
	need(getsockname(first, (struct sockaddr *)&address, &len) == 0);
	need(bind(second, (struct sockaddr *)&address, sizeof(address)) == 0);
	need(listen(first, 5) == 0);
	need(listen(second, 5) == -1 && errno == EADDRINUSE);
}

/* Send-Q of each listener of the port is the longest queue it may have. */
static bool all_backlogs(int port, int wanted)
{
	char command[128];
	int backlog, count = 0;
	bool good = true;
	FILE *file;

	snprintf(command, sizeof(command), "ss -Hltn 'sport = :%d'", port);
	file = popen(command, "re");
	need(file);
	while (fscanf(file, "LISTEN %*d %d %*[^\n]\n", &backlog) == 1) {
		good = good && backlog == wanted;
		count++;
	}
	pclose(file);
	return good && count == (stock ? 1 : 2);
}

static void work_listen_again(int fd)
{
	watched(fd);
	need(listen(fd, 37) == 0);
	need(all_backlogs(port_of(fd), 37));
}

static void listen__again(void)
{
	in_worker(work_listen_again);
}

/* Ends listening; nobody is answered or left waiting from then on. */
static void work_shutdown(int fd)
{
	int port = port_of(fd);

	watched(fd);
	need(shutdown(fd, SHUT_RD) == 0);
	for (int i = 0; i < 4 * cpus(); i++) {
		run_on(i % cpus());
		need(dial(port) == -1 && errno == ECONNREFUSED);
	}
	need(accept(fd, NULL, NULL) == -1 && errno == EINVAL);
	/* HAProxy resumes in this way. */
	need(listen(fd, 10) == 0);
	for (int i = 0; i < 4 * cpus(); i++) {
		/* Not the port of before: that one was the kernel's choice. */
		int client = dial_from(i, port_of(fd)), made = accept_within(fd, NULL, NULL, 0);

		need(made >= 0);
		close(made);
		close(client);
	}
}

static void shutdown__and_listen(void)
{
	in_worker(work_shutdown);
}

/* Blocking: it waits, and for whichever socket the connection comes to. */
static void blocks(int fd)
{
	double start = now();
	int parent = getpid(), made;
	pid_t pid = fork();

	if (!pid) {
		int clients[8];

		live_as_child(parent);
		usleep(200000);
		for (int i = 0; i < 8; i++)
			clients[i] = dial_from(i, port_of(fd));
		for (int i = 0; i < 8; i++)
			answer_on(clients[i]);
		_exit(0);
	}
	for (int i = 0; i < 8; i++) {
		made = accept(fd, NULL, NULL);
		need(made >= 0);
		if (i == 0)
			need(now() - start > 0.1);
		close(made);
	}
	need(waitpid(pid, NULL, 0) == pid);
}

/* After one was accepted, when the library may take EAGAIN for the end of a queue. */
static void accept_some(int fd)
{
	for (int i = 0; i < cpus(); i++) {
		int client = dial_from(i, port_of(fd)), made = accept_within(fd, NULL, NULL, 0);

		close(made);
		close(client);
	}
}

static void work_block_fcntl(int fd)
{
	watched(fd);
	accept_some(fd);
	need(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK) == 0);
	blocks(fd);
}

static void blocking__made_by_fcntl(void)
{
	in_worker(work_block_fcntl);
}

static void work_block_ioctl(int fd)
{
	int off = 0;

	watched(fd);
	accept_some(fd);
	need(ioctl(fd, FIONBIO, &off) == 0);
	blocks(fd);
}

static void blocking__made_by_ioctl(void)
{
	in_worker(work_block_ioctl);
}

/* O_NONBLOCK belongs to the open file, which has other numbers and other processes. */
static void work_block_duplicate(int fd)
{
	int other = dup(fd);

	watched(fd);
	accept_some(fd);
	need(fcntl(other, F_SETFL, fcntl(other, F_GETFL) & ~O_NONBLOCK) == 0);
	blocks(fd);
}

static void blocking__made_by_a_duplicate(void)
{
	in_worker(work_block_duplicate);
}

static void work_unblock_later(int fd)
{
	int epfd = new_epoll();

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	add(epfd, fd);
	need(listeners(port_of(fd)) == 1);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	change(epfd, EPOLL_CTL_MOD, fd, EPOLLIN);
	serve(epfd, fd);
}

static void blocking__until_later(void)
{
	int fd = listener();
	pid_t pid = worker(work_unblock_later, fd);

	expect_listeners(port_of(fd), 2);
	all_answered(port_of(fd), 20, pid);
}

static void work_options(int fd)
{
	int one = 1, idle = 77, value;
	socklen_t len = sizeof(value);

	watched(fd);
	need(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0);
	need(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one)) == 0);
	need(setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle)) == 0);
	for (int i = 0; i < 4 * cpus(); i++) {
		int client = dial_from(i, port_of(fd)), made = accept_within(fd, NULL, NULL, 0);

		need(getsockopt(made, IPPROTO_TCP, TCP_NODELAY, &value, &len) == 0 && value);
		need(getsockopt(made, SOL_SOCKET, SO_KEEPALIVE, &value, &len) == 0 && value);
		need(getsockopt(made, IPPROTO_TCP, TCP_KEEPIDLE, &value, &len) == 0 && value == 77);
		close(made);
		close(client);
	}
}

static void options__set_later(void)
{
	in_worker(work_options);
}

/* A socket filter cannot be read back: that listener stays as it is. */
static void options__that_cannot_be_copied(void)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, ~0u);
	struct sock_fprog program = { 1, &all };
	int fd = listener();
	pid_t pid;

	need(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0);
	pid = worker(work_plain, fd);
	all_answered(port_of(fd), 20, pid);
	need(listeners(port_of(fd)) == 1);
}

static const struct test_case cases[] = {
	{ "errors__are_the_kernels", errors__are_the_kernels },
	{ "accept__address", accept__address },
	{ "accept__bad_address", accept__bad_address },
	{ "accept__flags", accept__flags },
	{ "errno__kept_by_success", errno__kept_by_success },
	{ "listen__fails", listen__fails },
	{ "listen__again", listen__again },
	{ "shutdown__and_listen", shutdown__and_listen },
	{ "blocking__made_by_fcntl", blocking__made_by_fcntl },
	{ "blocking__made_by_ioctl", blocking__made_by_ioctl },
	{ "blocking__made_by_a_duplicate", blocking__made_by_a_duplicate },
	{ "blocking__until_later", blocking__until_later },
	{ "options__set_later", options__set_later },
	{ "options__that_cannot_be_copied", options__that_cannot_be_copied },
};

CASE_MAIN(cases)
