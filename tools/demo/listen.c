// SPDX-License-Identifier: GPL-2.0-only
/*
 * The listening sockets, all opened before the workers are made: a bad address
 * is refused at once, and the order in a reuseport group, which the classic BPF
 * program counts in, is the order of the workers.
 */
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"

#define BACKLOG	4096

static int refuse(const struct address *address, const char *what, int fd)
{
	say("%s: %s: %s", address->text, what, strerror(errno));
	close(fd);
	return -1;
}

static int open_listener(const struct options *options, const struct address *address, int cpu)
{
	const int on = 1;
	int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return refuse(address, "socket", fd);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		return refuse(address, "SO_REUSEADDR", fd);
	/* So that 0.0.0.0 and [::] can be given side by side. */
	if (address->socket.ss_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
		return refuse(address, "IPV6_V6ONLY", fd);
	if (options->sharing != SHARED &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)))
		return refuse(address, "SO_REUSEPORT", fd);
	if (options->sharing == INCOMING_CPU &&
	    setsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &cpu, sizeof(cpu)))
		return refuse(address, "SO_INCOMING_CPU", fd);
	if (bind(fd, (const struct sockaddr *)&address->socket, address->length))
		return refuse(address, "bind", fd);
	if (listen(fd, BACKLOG))
		return refuse(address, "listen", fd);
	return fd;
}

/* Member number (receiving CPU - first CPU) mod workers. */
static int attach_cbpf(const struct options *options, const struct address *address, int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_CPU),
		/* Not below zero, whose remainder would be another. */
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, options->last_cpu + 1 - options->first_cpu),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, options->last_cpu + 1),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, options->workers),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(*code), .filter = code };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)))
		return refuse(address, "SO_ATTACH_REUSEPORT_CBPF", fd);
	return 0;
}

int open_listeners(const struct options *options, int *fds)
{
	int count = options->listen_count;

	for (int worker = 0; worker < options->workers; worker++)
		for (int i = 0; i < count; i++) {
			int *fd = &fds[worker * count + i];

			if (worker && options->sharing == SHARED) {
				*fd = fds[i];
				continue;
			}
			*fd = open_listener(options, &options->listen[i],
					    worker_cpu(options, worker));
			if (*fd < 0)
				return -1;
			if (!worker && options->sharing == CBPF &&
			    attach_cbpf(options, &options->listen[i], *fd))
				return -1;
		}
	return 0;
}
