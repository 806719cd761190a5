// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "fastsock.h"
#include "module.h"
#include "private_fd.h"
#include "quiet.h"
#include "real.h"
#include "say.h"

static int held = -1;

static int greet(int device)
{
	struct fastsock_hello hello = { .abi = FASTSOCK_ABI };
	char theirs[12], ours[12];

	if (!real.ioctl(device, FASTSOCK_IOC_HELLO, &hello))
		return 0;
	if (errno == EPROTO)
		say(SAY_MODULE_ABI, "fastsock.ko has ABI ", say_number(theirs, hello.abi),
		    ", this library ", say_number(ours, FASTSOCK_ABI),
		    ": module not used; install matching versions of both", NULL);
	errno = EPROTO;
	return -1;
}

static int device_open(void)
{
	int fd = quiet_open(FASTSOCK_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd >= 0 && greet(fd) < 0) {
		quiet_close(fd);
		errno = EPROTO;
		return -1;
	}
	return fd;
}

int module_clone(int fd, int cpu)
{
	struct fastsock_clone clone = {
		.fd = fd,
		.cpu = cpu,
		.flags = FASTSOCK_CLONE_CLOEXEC | FASTSOCK_CLONE_NONBLOCK,
	};
	int device = private_fd_is(held) ? held : device_open();
	int made, error;

	if (device < 0)
		return -1;
	made = real.ioctl(device, FASTSOCK_IOC_CLONE, &clone);
	error = errno;
	if (device != held)
		quiet_close(device);
	errno = error;
	return made;
}

bool module_present(void)
{
	return private_fd_is(held) || access(FASTSOCK_DEVICE, R_OK | W_OK) == 0;
}

void module_hold(void)
{
	int fd;

	if (held >= 0)
		return;
	fd = device_open();
	if (fd >= 0)
		held = private_fd_adopt(fd);
}

void module_moved(int from, int to)
{
	if (held == from)
		held = to;
}
