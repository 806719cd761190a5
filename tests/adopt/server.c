// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server with a socket for each worker, linked statically, and its client.
 *
 *	server serve KIND ADDRESS PORT WORKERS [OPTION...]
 *	server ask KIND ADDRESS PORT SECONDS
 *
 * KIND: tcp, udp.  Options: threads (else processes, whose parent opened all
 * sockets before it forked), pinned (the last worker to CPU 0 and so on: another
 * order than that of the sockets), blocking (no epoll), program (a classic
 * reuseport program of its own), first (given to the first socket only), shared (no
 * SO_REUSEPORT, one worker).
 *
 * A worker answers with L when it runs on the CPU that received the connection or
 * datagram, else R.  The client says how many it asked, were answered and local;
 * SIGTERM ends it early.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define WORKERS 64

static struct sockaddr_storage address;
static socklen_t address_length;
static bool udp, threads, pinned, blocking, program, first_only, shared_socket;
static int workers, sockets[WORKERS];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void parse_address(const char *host, const char *port)
{
	struct sockaddr_in6 *in6 = (void *)&address;
	struct sockaddr_in *in = (void *)&address;

	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		address_length = sizeof(*in);
		in->sin_family = AF_INET;
		in->sin_port = htons(atoi(port));
	} else if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
		address_length = sizeof(*in6);
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(atoi(port));
	} else {
		die("address");
	}
}

static int new_socket(void)
{
	return socket(address.ss_family, udp ? SOCK_DGRAM : SOCK_STREAM, 0);
}

static int open_socket(void)
{
	struct sock_filter first[] = { { BPF_RET | BPF_K, 0, 0, 0 } };
	struct sock_fprog classic = { 1, first };
	int fd = new_socket(), one = 1;
	static int opened;

	if (!shared_socket && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)))
		die("SO_REUSEPORT");
	if (bind(fd, (void *)&address, address_length) || (!udp && listen(fd, 4096)))
		die("bind, listen");
	if (program && (!first_only || !opened++) &&
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &classic, sizeof(classic)))
		die("SO_ATTACH_REUSEPORT_CBPF");
	return fd;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

static void answer_datagram(int fd)
{
	char control[CMSG_SPACE(64)], byte;
	struct sockaddr_storage from;
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_name = &from, .msg_namelen = sizeof(from),
				  .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };

	if (recvmsg(fd, &message, 0) != 1)
		return;
	/* The client says which CPU it sent from, which is where loopback receives. */
	byte = byte == sched_getcpu() ? 'L' : 'R';
	sendto(fd, &byte, 1, 0, (void *)&from, message.msg_namelen);
}

static void answer_connection(int fd)
{
	int made = accept(fd, NULL, NULL), cpu = -1;
	socklen_t length = sizeof(cpu);
	char byte;

	if (made < 0)
		return;
	getsockopt(made, SOL_SOCKET, SO_INCOMING_CPU, &cpu, &length);
	byte = cpu == sched_getcpu() ? 'L' : 'R';
	if (send(made, &byte, 1, MSG_NOSIGNAL) != 1)
		perror("send");
	close(made);
}

static void *work(void *at)
{
	int number = (int *)at - sockets, fd = *(int *)at, epfd = -1;
	struct epoll_event event = { .events = EPOLLIN };

	if (pinned)
		pin((workers - 1 - number) % sysconf(_SC_NPROCESSORS_ONLN));
	if (!blocking) {
		epfd = epoll_create1(0);
		epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event);
	}
	for (;;) {
		if (epfd >= 0 && epoll_wait(epfd, &event, 1, -1) < 1)
			continue;
		if (udp)
			answer_datagram(fd);
		else
			answer_connection(fd);
	}
	return NULL;
}

static void serve(void)
{
	pthread_t thread;
	int i;

	for (i = 0; i < workers; i++)
		sockets[i] = open_socket();
	for (i = 0; i < workers; i++) {
		if (threads) {
			pthread_create(&thread, NULL, work, &sockets[i]);
		} else if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			work(&sockets[i]);
		}
	}
	printf("up\n");
	fflush(stdout);
	for (;;)
		pause();
}

static atomic_ulong asked, answered, local;
static struct timespec end;
static volatile sig_atomic_t told_to_end;

static void on_term(int number)
{
	(void)number;
	told_to_end = 1;
}

static bool before_end(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return !told_to_end && (now.tv_sec < end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
}

/*
 * To the server's own address, any port.  connect() alone would first bind it to any
 * address and then move it to another chain of the kernel's table, and whoever is reading
 * that chain follows it there: about once in a million datagrams the kernel finds no
 * socket for another one, or takes one without asking the group's program (Linux 6.18).
 */
static void bind_here(int fd)
{
	struct sockaddr_storage here = address;

	((struct sockaddr_in *)&here)->sin_port = 0;	/* where sin6_port is, too */
	if (bind(fd, (void *)&here, address_length))
		die("bind");
}

static void *ask(void *cpu)
{
	struct timeval limit = { .tv_sec = 5 };
	struct linger reset = { 1, 0 };
	char byte;

	pin((long)cpu);
	while (before_end()) {
		int fd = new_socket();

		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		asked++;
		byte = (long)cpu;
		if (udp)
			bind_here(fd);
		if (!connect(fd, (void *)&address, address_length) &&
		    (!udp || send(fd, &byte, 1, 0) == 1) && recv(fd, &byte, 1, 0) == 1) {
			answered++;
			local += byte == 'L';
		}
		/* No TIME_WAIT: ports would run out. */
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
	return NULL;
}

static int ask_all(double seconds)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t each[cpus];

	signal(SIGTERM, on_term);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += seconds;
	for (long i = 0; i < cpus; i++)
		pthread_create(&each[i], NULL, ask, (void *)i);
	for (int i = 0; i < cpus; i++)
		pthread_join(each[i], NULL);
	printf("asked %lu answered %lu local %lu\n", asked, answered, local);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 6)
		return 2;
	udp = !strcmp(argv[2], "udp");
	parse_address(argv[3], argv[4]);
	if (!strcmp(argv[1], "ask"))
		return ask_all(atof(argv[5]));
	workers = atoi(argv[5]);
	for (int i = 6; i < argc; i++) {
		threads |= !strcmp(argv[i], "threads");
		pinned |= !strcmp(argv[i], "pinned");
		blocking |= !strcmp(argv[i], "blocking");
		program |= !strcmp(argv[i], "program");
		first_only |= !strcmp(argv[i], "first");
		shared_socket |= !strcmp(argv[i], "shared");
	}
	if (workers < 1 || workers > WORKERS)
		return 2;
	serve();
}
