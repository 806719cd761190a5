// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

#define PATH_SIZE 64

static FILE *open_file(int pid, const char *name)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return fopen(path, "re");
}

int process_has_library(int pid)
{
	FILE *file = open_file(pid, "maps");
	char *line = NULL;
	size_t size = 0;
	int found = 0;

	if (!file)
		return -1;
	while (!found && getline(&line, &size, file) > 0)
		found = strstr(line, "/libfastsock.so") != NULL;
	/* The permission is asked for on the first read. */
	if (!found && ferror(file))
		found = -1;
	free(line);
	fclose(file);
	return found;
}

bool process_switched_off(int pid)
{
	FILE *file = open_file(pid, "environ");
	char *entry = NULL;
	size_t size = 0;
	bool off = false;

	while (file && !off && getdelim(&entry, &size, '\0', file) > 0)
		off = !strcmp(entry, "FASTSOCK=off");
	free(entry);
	if (file)
		fclose(file);
	return off;
}

static __u32 map_id(int pid, const char *fd)
{
	char name[PATH_SIZE / 2], line[128];
	unsigned int id = 0;
	FILE *file;

	snprintf(name, sizeof(name), "fdinfo/%.12s", fd);
	file = open_file(pid, name);
	while (file && !id && fgets(line, sizeof(line), file))
		sscanf(line, "map_id: %u", &id);
	if (file)
		fclose(file);
	return id;
}

enum process_maps process_maps(int pid, __u32 id)
{
	enum process_maps maps = PROCESS_NO_MAPS;
	char path[PATH_SIZE], target[32];
	struct dirent *entry;
	DIR *directory;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	directory = opendir(path);
	while (directory && maps != PROCESS_THIS_MAP && (entry = readdir(directory))) {
		length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		if (!strcmp(target, "anon_inode:bpf-map"))
			maps = map_id(pid, entry->d_name) == id ? PROCESS_THIS_MAP :
								   PROCESS_OTHER_MAPS;
	}
	if (directory)
		closedir(directory);
	return maps;
}

bool process_older_than(int pid, time_t when)
{
	FILE *file = open_file(pid, "stat");
	struct timespec now, up;
	unsigned long long ticks = 0;
	char line[1024] = "", *at;
	bool found = file && fgets(line, sizeof(line), file);

	if (file)
		fclose(file);
	/* The name, in brackets, may have blanks; the 22nd field is the 20th behind it. */
	at = found ? strrchr(line, ')') : NULL;
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (!at || sscanf(at, "%llu", &ticks) != 1)
		return false;
	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	return now.tv_sec - up.tv_sec + (time_t)(ticks / sysconf(_SC_CLK_TCK)) < when;
}

void process_name(int pid, char *name, size_t size)
{
	FILE *file = open_file(pid, "comm");

	*name = '\0';
	if (file && fgets(name, size, file))
		name[strcspn(name, "\n")] = '\0';
	if (file)
		fclose(file);
}
