// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fastsock.h"
#include "module.h"

#define MODPROBE "/sbin/modprobe"

bool module_loaded(void)
{
	return access("/sys/module/fastsock", F_OK) == 0;
}

/* By its path: root's PATH need not have sbin (su without -). */
static int modprobe(int error_output)
{
	char *arguments[] = { "modprobe", "fastsock", NULL };
	posix_spawn_file_actions_t actions;
	pid_t child;
	int error;

	error = posix_spawn_file_actions_init(&actions);
	if (error)
		return error;
	error = posix_spawn_file_actions_adddup2(&actions, error_output, STDERR_FILENO);
	if (!error)
		error = posix_spawn(&child, MODPROBE, &actions, NULL, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (!error)
		waitpid(child, NULL, 0);
	return error;
}

bool module_load(char *why, size_t size)
{
	ssize_t length;
	int pipe[2], error;

	snprintf(why, size, MODPROBE " says nothing");
	/*
	 * Non-blocking: what is not there when modprobe has ended never comes, and a
	 * pipe that is full costs modprobe the rest of its words, not us an end.
	 */
	if (pipe2(pipe, O_CLOEXEC | O_NONBLOCK)) {
		snprintf(why, size, "%s", strerror(errno));
		return module_loaded();
	}
	error = modprobe(pipe[1]);
	length = read(pipe[0], why, size - 1);
	if (length > 0) {
		why[length] = '\0';
		why[strcspn(why, "\n")] = '\0';
	}
	close(pipe[0]);
	close(pipe[1]);
	if (error)
		snprintf(why, size, MODPROBE ": %s", strerror(error));
	return module_loaded();
}

int module_unload(void)
{
	return syscall(SYS_delete_module, "fastsock", O_NONBLOCK) ? errno : 0;
}

int module_abi(void)
{
	struct fastsock_hello hello = { .abi = FASTSOCK_ABI };
	int fd = open(FASTSOCK_DEVICE, O_RDWR | O_CLOEXEC), error;

	if (fd < 0)
		return -1;
	if (ioctl(fd, FASTSOCK_IOC_HELLO, &hello) && errno != EPROTO) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	close(fd);
	return hello.abi;
}
