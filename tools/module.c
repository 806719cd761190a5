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

extern char **environ;

bool module_loaded(void)
{
	return access("/sys/module/fastsock", F_OK) == 0;
}

bool module_load(void)
{
	char *arguments[] = { "modprobe", "-q", "fastsock", NULL };
	pid_t child;

	if (module_loaded())
		return true;
	if (posix_spawnp(&child, "modprobe", NULL, NULL, arguments, environ) == 0)
		waitpid(child, NULL, 0);
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
