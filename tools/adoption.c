// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nothing that clients notice happens before all sockets have their slots: the
 * program is attached last, to the whole group at once, and detached first.  Nor
 * is anything else of the server's changed (not SO_INCOMING_CPU: it would go on
 * steering when the program is gone), so that there is nothing to remember and a
 * release undoes all.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "adoption.h"
#include "bpf.h"
#include "fsctl.h"
#include "group.h"
#include "group_pins.h"
#include "process.h"

#ifndef SO_DETACH_REUSEPORT_BPF
#define SO_DETACH_REUSEPORT_BPF 68
#endif

/* How often a thread that is busy is looked for again, and after how long. */
#define LOOKS		20
#define LOOK_NS		(10 * 1000 * 1000)

/* The program's name in the kernel, which has room for 15 bytes. */
#define OUR_PROGRAM	"fastsock_select"

static int get_int(int fd, int name, int otherwise)
{
	socklen_t length = sizeof(otherwise);

	return getsockopt(fd, SOL_SOCKET, name, &otherwise, &length) ? -1 : otherwise;
}

/* The number under which a process has the socket, or -1. */
static int number_in(int pid, unsigned int inode)
{
	char path[64], target[32], wanted[32];
	struct dirent *entry;
	ssize_t length;
	int fd = -1;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	snprintf(wanted, sizeof(wanted), "socket:[%u]", inode);
	directory = opendir(path);
	while (directory && fd < 0 && (entry = readdir(directory))) {
		length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		if (!strcmp(target, wanted))
			fd = atoi(entry->d_name);
	}
	if (directory)
		closedir(directory);
	return fd;
}

static int fetch(int pid, unsigned int inode, __u64 cookie)
{
	int process = syscall(SYS_pidfd_open, pid, 0), number, fd, error;
	socklen_t length = sizeof(cookie);
	__u64 found = 0;

	if (process < 0)
		return -1;
	number = number_in(pid, inode);
	fd = number < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, number, 0);
	error = number < 0 ? ESRCH : errno;
	close(process);
	/* The number may have become another file's meanwhile. */
	if (fd >= 0 && (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &found, &length) || found != cookie)) {
		close(fd);
		fd = -1;
		error = ESRCH;
	}
	errno = error;
	return fd;
}

bool adoption_fetch(struct adoption *adoption, const struct owners *owners)
{
	for (size_t i = 0; i < adoption->count; i++) {
		struct adopted_socket *each = &adoption->sockets[i];
		const struct owner *owner = owners_find(owners, each->diag->inode);

		if (!owner) {
			complain("%s: no process to be seen has the socket%s", adoption->address,
				 owners->incomplete ? " (CAP_SYS_PTRACE is needed for others')" : "");
			return false;
		}
		each->fd = fetch(owner->pid, each->diag->inode, each->diag->cookie);
		if (each->fd >= 0)
			continue;
		if (errno == EPERM)
			complain("%s: cannot take a copy of %s/%d's socket: CAP_SYS_PTRACE is needed",
				 adoption->address, owner->comm, owner->pid);
		else if (errno == ESRCH || errno == EBADF)
			complain("%s: %s/%d closed it or ended meanwhile: nothing was changed, try again",
				 adoption->address, owner->comm, owner->pid);
		else
			complain("%s: cannot take a copy of %s/%d's socket: %s", adoption->address,
				 owner->comm, owner->pid, strerror(errno));
		return false;
	}
	return true;
}

static bool held_by(const struct owners *owners, unsigned int inode, int pid)
{
	const struct owner *owner = owners_find(owners, inode);

	for (; owner && owner < owners->owners + owners->count && owner->inode == inode; owner++)
		if (owner->pid == pid)
			return true;
	return false;
}

/* Served from within already: the library would not know what we do. */
static const struct owner *with_library(const struct adoption *adoption,
					const struct owners *owners)
{
	for (size_t i = 0; i < adoption->count; i++) {
		const struct owner *owner = owners_find(owners, adoption->sockets[i].diag->inode);

		if (owner && process_has_library(owner->pid) == 1)
			return owner;
	}
	return NULL;
}

static bool ours(const struct attached *attached)
{
	return !strncmp(attached->name, OUR_PROGRAM, sizeof(attached->name) - 1);
}

static bool check_program(const struct adoption *adoption, const struct attached_list *programs)
{
	const struct attached *attached;

	if (!programs) {
		if (adoption->protocol == IPPROTO_TCP) {
			printf("%s: this kernel does not tell whether the server attached a program of "
			       "its own (no BPF iterators); if so, ours takes its place\n",
			       adoption->address);
			return true;
		}
		complain("%s: this kernel does not tell whether the server attached a program of its "
			 "own (no BPF iterators), and a UDP server that did (QUIC) would break: left "
			 "as it is", adoption->address);
		return false;
	}
	for (size_t i = 0; i < adoption->count; i++) {
		attached = attached_find(programs, adoption->sockets[i].diag->cookie);
		if (!attached || !*attached->name || ours(attached))
			continue;
		if (attached->id)
			complain("%s: has a reuseport program of its own, '%.16s' (id %u): left as it is",
				 adoption->address, attached->name, attached->id);
		else
			complain("%s: has a classic reuseport program of its own: left as it is",
				 adoption->address);
		return false;
	}
	return true;
}

bool adoption_check(const struct adoption *adoption, const struct owners *owners,
		    const struct attached_list *programs)
{
	const struct owner *library = with_library(adoption, owners);

	if (library) {
		complain("%s: %s/%d has libfastsock, which looks after its own sockets",
			 adoption->address, library->comm, library->pid);
		return false;
	}
	for (size_t i = 0; i < adoption->count; i++) {
		if (get_int(adoption->sockets[i].fd, SO_REUSEPORT, 0) != 1) {
			complain("%s: a socket without SO_REUSEPORT, which has no group to choose from: "
				 "start the server by 'fsctl run'", adoption->address);
			return false;
		}
		if (adoption->pid &&
		    !held_by(owners, adoption->sockets[i].diag->inode, adoption->pid)) {
			complain("%s: other processes have sockets there, too, which would get nothing "
				 "any more: leave --pid away", adoption->address);
			return false;
		}
	}
	if (adoption->count == 1) {
		complain("%s: one socket only, there is nothing to choose from: let the server open one "
			 "for each worker, or start it by 'fsctl run'", adoption->address);
		return false;
	}
	if (adoption->count > (size_t)adoption->cpus * FASTSOCK_LANES) {
		complain("%s: %zu sockets, and room for %u on each of %u CPUs; one without a place would "
			 "get nothing any more: left as it is", adoption->address, adoption->count,
			 FASTSOCK_LANES, adoption->cpus);
		return false;
	}
	return check_program(adoption, programs);
}

static unsigned int planned(const struct adoption *adoption, int cpu)
{
	unsigned int count = 0;

	for (size_t i = 0; i < adoption->count; i++)
		count += adoption->sockets[i].cpu == cpu;
	return count;
}

static int only_cpu(const cpu_set_t *set)
{
	for (int cpu = 0; CPU_COUNT(set) == 1 && cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, set))
			return cpu;
	return -1;
}

/* The one with the fewest, of those its worker may use. */
static int next_cpu(const struct adoption *adoption, const cpu_set_t *allowed)
{
	unsigned int fewest = ~0u;
	int best = 0;

	for (int cpu = 0; cpu < (int)adoption->cpus && cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, allowed) || planned(adoption, cpu) >= fewest)
			continue;
		fewest = planned(adoption, cpu);
		best = cpu;
	}
	return best;
}

static void find_workers(struct adoption *adoption, const struct owners *owners)
{
	struct timespec pause = { .tv_nsec = LOOK_NS };
	bool known[adoption->count], all = false;

	memset(known, 0, sizeof(known));
	for (int look = 0; look < LOOKS && !all; look++) {
		if (look)
			nanosleep(&pause, NULL);
		all = true;
		for (size_t i = 0; i < adoption->count; i++) {
			if (!known[i])
				known[i] = workers_find(owners, adoption->sockets[i].diag->inode,
							&adoption->sockets[i].worker);
			all &= known[i];
		}
	}
}

void adoption_plan(struct adoption *adoption, const struct owners *owners)
{
	find_workers(adoption, owners);
	for (size_t i = 0; i < adoption->count; i++) {
		struct adopted_socket *each = &adoption->sockets[i];
		int row = group_pins_row(each->diag->cookie);

		each->slot = row < 0 ? FASTSOCK_NO_SLOT : group_find(row, each->diag->cookie);
		if (each->slot != FASTSOCK_NO_SLOT) {
			each->cpu = fastsock_slot_cpu(each->slot, adoption->cpus);
			each->because = "was there already";
			continue;
		}
		each->cpu = only_cpu(&each->worker.allowed);
		each->because = "its worker's only CPU";
		if (each->cpu < 0) {
			each->cpu = get_int(each->fd, SO_INCOMING_CPU, -1);
			each->because = "its SO_INCOMING_CPU";
		}
		if (each->cpu >= (int)adoption->cpus)
			each->cpu = -1;
	}
	for (size_t i = 0; i < adoption->count; i++) {
		if (adoption->sockets[i].cpu >= 0)
			continue;
		adoption->sockets[i].cpu = next_cpu(adoption, &adoption->sockets[i].worker.allowed);
		adoption->sockets[i].because = "in order";
	}
}

void adoption_print(const struct adoption *adoption)
{
	unsigned int without = 0;

	for (size_t i = 0; i < adoption->count; i++) {
		const struct adopted_socket *each = &adoption->sockets[i];

		printf("%s: %s/%d", adoption->address, each->worker.comm, each->worker.pid);
		if (each->worker.tid && each->worker.tid != each->worker.pid)
			printf("/%d", each->worker.tid);
		printf(": CPU %d, %s", each->cpu, each->because);
		if (only_cpu(&each->worker.allowed) != each->cpu)
			printf("; may run elsewhere: pin it ('taskset -cp %d %d') or connections are not "
			       "accepted where they were received", each->cpu,
			       each->worker.tid ? each->worker.tid : each->worker.pid);
		putchar('\n');
	}
	for (__u32 cpu = 0; cpu < adoption->cpus; cpu++)
		without += !planned(adoption, cpu);
	if (without)
		printf("%s: %u of %u CPUs have no socket; the others get their connections\n",
		       adoption->address, without, adoption->cpus);
}

static void take_back(struct adoption *adoption)
{
	for (size_t i = 0; i < adoption->count; i++) {
		struct adopted_socket *each = &adoption->sockets[i];

		if (!each->placed)
			continue;
		group_vacate(each->slot, each->diag->cookie);
		group_leave(each->diag->cookie);
	}
}

static bool place(struct adoption *adoption, struct adopted_socket *each)
{
	if (each->slot != FASTSOCK_NO_SLOT)
		return true;
	errno = 0;
	each->slot = group_place(adoption->row, each->cpu, each->fd, FASTSOCK_LANES);
	/* A socket can be in one map only, and leaves it with the program that has that map. */
	if (each->slot == FASTSOCK_NO_SLOT && errno == EBUSY)
		complain("%s: %s/%d's socket is in another program's map, the server's own or that of "
			 "an earlier 'fsctl enable': in that case restart the server",
			 adoption->address, each->worker.comm, each->worker.pid);
	else if (each->slot == FASTSOCK_NO_SLOT)
		complain("%s: no place for %s/%d's socket on CPU %d (%u sockets at most, and it must "
			 "still listen): left as it is", adoption->address, each->worker.comm,
			 each->worker.pid, each->cpu, FASTSOCK_LANES);
	if (each->slot == FASTSOCK_NO_SLOT)
		return false;
	group_pins_untold(each->slot);
	each->placed = true;
	if (!group_enter(each->diag->cookie, adoption->row))
		return true;
	complain("%s: cannot enter a socket: %s", adoption->address, strerror(errno));
	return false;
}

bool adoption_apply(struct adoption *adoption)
{
	int row = group_row(adoption->sockets[0].fd), program = group_pins_select();

	if (row < 0) {
		complain("%s: no place for another address (%u at most): %s", adoption->address,
			 FASTSOCK_GROUPS, strerror(errno));
		return false;
	}
	adoption->row = row;
	for (size_t i = 0; i < adoption->count; i++) {
		if (place(adoption, &adoption->sockets[i]))
			continue;
		take_back(adoption);
		return false;
	}
	if (!setsockopt(adoption->sockets[0].fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &program,
			sizeof(program)))
		return true;
	complain("%s: cannot attach the selection program: %s", adoption->address, strerror(errno));
	take_back(adoption);
	return false;
}

int adoption_release(struct adoption *adoption, const struct owners *owners,
		     const struct attached_list *programs)
{
	const struct owner *library = with_library(adoption, owners);
	const struct attached *attached;
	int row, zero = 0, any = 0;

	if (library) {
		complain("%s: %s/%d has libfastsock and was not adopted: FASTSOCK=off and a restart, or "
			 "'fsctl disable'", adoption->address, library->comm, library->pid);
		return -1;
	}
	for (size_t i = 0; i < adoption->count; i++) {
		struct adopted_socket *each = &adoption->sockets[i];

		row = group_pins_row(each->diag->cookie);
		each->placed = row >= 0;
		each->slot = row < 0 ? FASTSOCK_NO_SLOT : group_find(row, each->diag->cookie);
		any |= each->placed;
	}
	if (!any)
		return 0;
	/* First: from here on the kernel's hash chooses, as before. */
	attached = programs ? attached_find(programs, adoption->sockets[0].diag->cookie) : NULL;
	if ((!attached || ours(attached)) &&
	    setsockopt(adoption->sockets[0].fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &zero,
		       sizeof(zero)) && errno != ENOENT) {
		complain("%s: cannot detach the selection program: %s", adoption->address,
			 strerror(errno));
		return -1;
	}
	take_back(adoption);
	return 1;
}

void adoption_close(struct adoption *adoption)
{
	for (size_t i = 0; i < adoption->count; i++)
		if (adoption->sockets[i].fd >= 0)
			close(adoption->sockets[i].fd);
	free(adoption->sockets);
}
