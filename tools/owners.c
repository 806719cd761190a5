// SPDX-License-Identifier: GPL-2.0-only
/*
 * All sockets of all processes, read once: looking for each slot's owner anew
 * would read /proc as often as the machine has CPUs.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "owners.h"

static bool take(struct owners *owners, const struct owner *owner)
{
	struct owner *more = owners->owners;

	/* Doubled whenever the count is a power of two. */
	if (!(owners->count & (owners->count - 1)))
		more = realloc(more, (owners->count ? 2 * owners->count : 1) * sizeof(*more));
	if (!more)
		return false;
	owners->owners = more;
	more[owners->count++] = *owner;
	return true;
}

static void read_comm(const char *pid, char *comm, size_t size)
{
	char path[300];
	FILE *file;

	*comm = '\0';
	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(comm, size, file))
		comm[strcspn(comm, "\n")] = '\0';
	fclose(file);
}

/* A process that ends meanwhile is no error: it holds nothing any more. */
static bool read_process(struct owners *owners, const char *pid)
{
	struct owner owner = { .pid = atoi(pid) };
	char path[300], target[64];
	struct dirent *entry;
	DIR *directory;
	ssize_t length;
	bool done = true;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	directory = opendir(path);
	if (!directory) {
		owners->incomplete |= errno == EACCES || errno == EPERM;
		return true;
	}
	while (done && (entry = readdir(directory))) {
		length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);
		if (length < 0) {
			/* "." and ".." are no links. */
			owners->incomplete |= errno == EACCES || errno == EPERM;
			continue;
		}
		target[length] = '\0';
		if (sscanf(target, "socket:[%u]", &owner.inode) != 1)
			continue;
		if (!*owner.comm)
			read_comm(pid, owner.comm, sizeof(owner.comm));
		done = take(owners, &owner);
	}
	closedir(directory);
	return done;
}

static int by_inode_and_pid(const void *left, const void *right)
{
	const struct owner *a = left, *b = right;

	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	return (a->pid > b->pid) - (a->pid < b->pid);
}

bool owners_read(struct owners *owners)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool done = true;

	memset(owners, 0, sizeof(*owners));
	if (!proc)
		return false;
	while (done && (entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]))
			done = read_process(owners, entry->d_name);
	closedir(proc);
	if (owners->count)
		qsort(owners->owners, owners->count, sizeof(*owners->owners), by_inode_and_pid);
	if (!done)
		errno = ENOMEM;
	return done;
}

/* The first of those with the inode. */
const struct owner *owners_find(const struct owners *owners, unsigned int inode)
{
	size_t low = 0, high = owners->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (owners->owners[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low < owners->count && owners->owners[low].inode == inode ? &owners->owners[low] : NULL;
}

void owners_free(struct owners *owners)
{
	free(owners->owners);
}
