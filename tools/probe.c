// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "expect.h"
#include "probe.h"

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif

/* What a port search may try before it is told as exhausted. */
#define TRIES 65536u

static void clear(struct probe *probe)
{
	memset(probe, 0, sizeof(*probe));
	memset(probe->seen_on, 0xff, sizeof(probe->seen_on));
}

static int incoming_cpu(int fd)
{
	socklen_t length = sizeof(int);
	int cpu = -1;

	return getsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &cpu, &length) ? -1 : cpu;
}

static void count(struct probe *probe, int expected, int cpu)
{
	probe->connections++;
	if (cpu == expected) {
		probe->home[expected]++;
	} else {
		probe->away[expected]++;
		probe->strays++;
		probe->seen_on[expected] = cpu;
	}
}

static bool take_range(int fd, unsigned int lo, unsigned int hi)
{
	__u32 range = hi << 16 | lo;

	return !setsockopt(fd, SOL_IP, IP_LOCAL_PORT_RANGE, &range, sizeof(range));
}

/* A socket bound to the device, which gives up after a while. */
static int open_socket(const struct device *device, int family, int type)
{
	const struct timeval patience = { .tv_sec = 3 };
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (!setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device->name, strlen(device->name) + 1) &&
	    !setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)))
		return fd;
	close(fd);
	return -1;
}

/* Our address towards the peer: a UDP socket that connects sends nothing. */
static bool our_address(const struct device *device, const struct sockaddr_storage *peer,
			struct sockaddr_storage *ours)
{
	int fd = open_socket(device, peer->ss_family, SOCK_DGRAM), error;
	socklen_t length = sizeof(*ours);
	bool known;

	known = fd >= 0 && !connect(fd, (const struct sockaddr *)peer, sizeof(*peer)) &&
		!getsockname(fd, (struct sockaddr *)ours, &length);
	error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return known;
}

/*
 * The range to choose from: a block, or the one port that is next to suit.
 * *from is where to look on; false: none is left.
 */
static bool next_range(const struct fastsock_rfd *entry, struct sockaddr_storage *ours,
		       const struct sockaddr_storage *peer, int cpu, unsigned int *from,
		       unsigned int *lo, unsigned int *hi)
{
	if (entry->mode == FASTSOCK_RFD_BLOCKS) {
		*lo = fastsock_block_first(&entry->blocks, entry->block_of_cpu[cpu]);
		*hi = fastsock_block_last(&entry->blocks, entry->block_of_cpu[cpu]);
		return true;
	}
	for (; *from <= entry->port_hi; ++*from) {
		address_set_port(ours, *from);
		if (expect_cpu(entry, ours, peer) != cpu)
			continue;
		*lo = *hi = (*from)++;
		return true;
	}
	errno = EADDRNOTAVAIL;
	return false;
}

static bool connect_from(const struct device *device, const struct fastsock_rfd *entry,
			 struct sockaddr_storage *ours, const struct sockaddr_storage *peer, int cpu,
			 unsigned int *from, struct probe *probe)
{
	const struct linger at_once = { .l_onoff = 1 };
	unsigned int lo, hi;
	bool done = false;
	int fd;

	for (unsigned int i = 0; i < TRIES && !done; i++) {
		if (!next_range(entry, ours, peer, cpu, from, &lo, &hi))
			return false;
		fd = open_socket(device, peer->ss_family, SOCK_STREAM);
		if (fd < 0)
			return false;
		done = take_range(fd, lo, hi) &&
		       !connect(fd, (const struct sockaddr *)peer, sizeof(*peer));
		if (done)
			count(probe, cpu, incoming_cpu(fd));
		else
			probe->error = errno;
		/* A reset leaves no TIME_WAIT: the ports are the servers'. */
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		close(fd);
		if (!done && probe->error != EADDRNOTAVAIL && probe->error != EADDRINUSE)
			break;
	}
	errno = probe->error;
	return done;
}

void probe_connect(const struct device *device, const struct fastsock_rfd *entry,
		   const struct sockaddr_storage *peer, unsigned int each, struct probe *probe)
{
	struct sockaddr_storage ours;
	cpu_set_t former, one;

	clear(probe);
	if (!our_address(device, peer, &ours)) {
		probe->error = errno;
		probe->failed = 1;
		return;
	}
	sched_getaffinity(0, sizeof(former), &former);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		unsigned int from = entry->port_lo;

		if (!expect_takes_part(entry, cpu))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		for (unsigned int i = 0; i < each; i++) {
			if (connect_from(device, entry, &ours, peer, cpu, &from, probe))
				continue;
			probe->error = errno;
			probe->failed++;
			/* One that does not answer would not answer the others. */
			if (!probe->connections)
				goto out;
		}
	}
out:
	sched_setaffinity(0, sizeof(former), &former);
}

static bool is_local(const struct ifaddrs *all, const struct device *device,
		     const struct sockaddr_storage *address)
{
	for (; all; all = all->ifa_next) {
		if (!all->ifa_addr || strcmp(all->ifa_name, device->name) ||
		    all->ifa_addr->sa_family != address->ss_family)
			continue;
		if (address->ss_family == AF_INET ?
		    ((struct sockaddr_in *)all->ifa_addr)->sin_addr.s_addr ==
		    ((const struct sockaddr_in *)address)->sin_addr.s_addr :
		    !memcmp(&((struct sockaddr_in6 *)all->ifa_addr)->sin6_addr,
			    &((const struct sockaddr_in6 *)address)->sin6_addr, 16))
			return true;
	}
	return false;
}

static void look_at(int fd, const struct ifaddrs *addresses, const struct device *device,
		    const struct fastsock_rfd *entry, struct probe *probe)
{
	struct sockaddr_storage ours, peer;
	socklen_t length = sizeof(int), our_length = sizeof(ours), peer_length = sizeof(peer);
	int protocol = 0, expected, cpu;

	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length) || protocol != IPPROTO_TCP ||
	    getsockname(fd, (struct sockaddr *)&ours, &our_length) ||
	    getpeername(fd, (struct sockaddr *)&peer, &peer_length) ||
	    !is_local(addresses, device, &ours))
		return;
	expected = expect_cpu(entry, &ours, &peer);
	cpu = incoming_cpu(fd);
	if (expected >= 0 && cpu >= 0)
		count(probe, expected, cpu);
}

static void look_in(int pid, const struct ifaddrs *addresses, const struct device *device,
		    const struct fastsock_rfd *entry, struct probe *probe)
{
	int process = syscall(SYS_pidfd_open, pid, 0), fd;
	char path[64], link[64];
	struct dirent *each;
	ssize_t length;
	DIR *list;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	list = process >= 0 ? opendir(path) : NULL;
	while (list && (each = readdir(list))) {
		length = readlinkat(dirfd(list), each->d_name, link, sizeof(link) - 1);
		if (length < 8 || strncmp(link, "socket:[", 8))
			continue;
		fd = syscall(SYS_pidfd_getfd, process, atoi(each->d_name), 0);
		if (fd < 0)
			continue;
		look_at(fd, addresses, device, entry, probe);
		close(fd);
	}
	if (list)
		closedir(list);
	if (process >= 0)
		close(process);
}

void probe_look(const struct device *device, const struct fastsock_rfd *entry, struct probe *probe)
{
	struct ifaddrs *addresses = NULL;
	struct dirent *each;
	DIR *proc = opendir("/proc");

	clear(probe);
	getifaddrs(&addresses);
	while (proc && (each = readdir(proc)))
		if (isdigit((unsigned char)each->d_name[0]))
			look_in(atoi(each->d_name), addresses, device, entry, probe);
	if (proc)
		closedir(proc);
	freeifaddrs(addresses);
}
