// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netns.h"

__u64 netns_cookie(void)
{
	__u64 cookie = 0;
	socklen_t length = sizeof(cookie);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

	if (fd >= 0) {
		getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length);
		error = errno;
		close(fd);
		errno = error;
	}
	return cookie;
}

static bool is_it(const char *path, __u64 cookie)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool there = fd >= 0 && !setns(fd, CLONE_NEWNET) && netns_cookie() == cookie;

	if (fd >= 0)
		close(fd);
	return there;
}

static bool look_in(const char *directory, const char *format, __u64 cookie)
{
	DIR *list = opendir(directory);
	struct dirent *entry;
	bool found = false;
	char path[512];

	while (list && !found && (entry = readdir(list))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), format, directory, entry->d_name);
		found = is_it(path, cookie);
	}
	if (list)
		closedir(list);
	return found;
}

int netns_enter(__u64 cookie)
{
	int former;

	if (netns_cookie() == cookie)
		return 0;
	former = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (former < 0)
		return -1;
	if (look_in("/run/netns", "%s/%s", cookie) || look_in("/run/docker/netns", "%s/%s", cookie) ||
	    look_in("/proc", "%s/%s/ns/net", cookie))
		return former;
	netns_leave(former);
	return -1;
}

void netns_leave(int former)
{
	if (former <= 0)
		return;
	/* Out of our own there is no way that could fail. */
	(void)!setns(former, CLONE_NEWNET);
	close(former);
}

bool netns_join(int fd)
{
	return setns(fd, CLONE_NEWNET) == 0;
}
