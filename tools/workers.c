// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "workers.h"

#define PATH_SIZE	96
#define EPOLLS		64	/* of one process that have the same socket */

/* Does this epoll (or any other file) of the process name the socket? */
static bool epoll_has(int pid, const char *fd, unsigned int inode)
{
	char path[PATH_SIZE], line[256];
	unsigned long found = 0;
	bool has = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%.12s", pid, fd);
	file = fopen(path, "re");
	while (file && !has && fgets(line, sizeof(line), file))
		has = !strncmp(line, "tfd:", 4) &&
		      sscanf(strstr(line, "ino:") ?: "", "ino:%lx", &found) == 1 && found == inode;
	if (file)
		fclose(file);
	return has;
}

static size_t epolls_with(int pid, unsigned int inode, int fds[EPOLLS])
{
	char path[PATH_SIZE], target[32];
	struct dirent *entry;
	DIR *directory;
	ssize_t length;
	size_t count = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	directory = opendir(path);
	while (directory && count < EPOLLS && (entry = readdir(directory))) {
		length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		if (!strcmp(target, "anon_inode:[eventpoll]") &&
		    epoll_has(pid, entry->d_name, inode))
			fds[count++] = atoi(entry->d_name);
	}
	if (directory)
		closedir(directory);
	return count;
}

static bool is_socket(int pid, unsigned long fd, unsigned int inode)
{
	char path[PATH_SIZE], target[32], wanted[32];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/fd/%lu", pid, fd);
	snprintf(wanted, sizeof(wanted), "socket:[%u]", inode);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = '\0';
	return !strcmp(target, wanted);
}

static bool waits_for(int pid, const char *tid, unsigned int inode, const int *epolls, size_t count)
{
	char path[PATH_SIZE];
	unsigned long fd;
	long call;
	FILE *file;
	bool read;

	snprintf(path, sizeof(path), "/proc/%d/task/%.12s/syscall", pid, tid);
	file = fopen(path, "re");
	read = file && fscanf(file, "%ld 0x%lx", &call, &fd) == 2;
	if (file)
		fclose(file);
	if (!read)
		return false;
	switch (call) {
	case SYS_epoll_wait:
	case SYS_epoll_pwait:
	case SYS_epoll_pwait2:
		for (size_t i = 0; i < count; i++)
			if (epolls[i] == (int)fd)
				return true;
		return false;
	case SYS_accept:
	case SYS_accept4:
	case SYS_recvfrom:
	case SYS_recvmsg:
	case SYS_recvmmsg:
		return is_socket(pid, fd, inode);
	default:
		return false;
	}
}

/* A thread that waits for it; *threads: how many there are. */
static int waiting_thread(int pid, unsigned int inode, const int *epolls, size_t count, int *threads)
{
	char path[PATH_SIZE];
	struct dirent *entry;
	DIR *directory;
	int tid = 0;

	*threads = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		++*threads;
		if (!tid && waits_for(pid, entry->d_name, inode, epolls, count))
			tid = atoi(entry->d_name);
	}
	if (directory)
		closedir(directory);
	return tid;
}

static void choose(struct server_worker *worker, const struct owner *owner, int tid)
{
	*worker = (struct server_worker){ .pid = owner->pid, .tid = tid };
	memcpy(worker->comm, owner->comm, sizeof(worker->comm));
	if (sched_getaffinity(tid ? tid : owner->pid, sizeof(worker->allowed), &worker->allowed))
		CPU_ZERO(&worker->allowed);
}

bool workers_find(const struct owners *owners, unsigned int inode, struct server_worker *worker)
{
	const struct owner *owner = owners_find(owners, inode);
	const struct owner *end = owners->owners + owners->count;
	bool watched = false, alone;
	int epolls[EPOLLS], threads, tid;
	size_t count;

	if (!owner)
		return false;
	alone = owner + 1 == end || owner[1].inode != inode;
	choose(worker, owner, 0);
	for (; owner < end && owner->inode == inode; owner++) {
		count = epolls_with(owner->pid, inode, epolls);
		tid = waiting_thread(owner->pid, inode, epolls, count, &threads);
		if (tid || ((count || alone) && threads == 1)) {
			choose(worker, owner, tid ? tid : owner->pid);
			return true;
		}
		if (count && !watched) {
			choose(worker, owner, 0);
			watched = true;
		}
	}
	return false;
}
