// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#include "bpf.h"
#include "fastsock_load.h"
#include "fastsock_slots.h"
#include "pins.h"
#include "private_fd.h"
#include "say.h"

struct pins pins = { -1, -1, -1, -1, -1, -1, -1, 0, 0, NULL };

static const struct {
	const char *path;
	int *fd;
	bool optional;
} objects[] = {
	{ FASTSOCK_PINS "/config", &pins.config, false },
	{ FASTSOCK_PINS "/select", &pins.select, false },
	{ FASTSOCK_PINS "/groups", &pins.groups, false },
	{ FASTSOCK_PINS "/members", &pins.members, false },
	{ FASTSOCK_PINS "/slots", &pins.slots, false },
	{ FASTSOCK_PINS "/loads", &pins.loads, false },
	{ FASTSOCK_PINS "/reasons", &pins.reasons, true },
};
#define OBJECTS (sizeof(objects) / sizeof(*objects))

static __u32 ids[OBJECTS];

static void close_all(void)
{
	for (size_t i = 0; i < OBJECTS; i++) {
		/* Only what is certainly ours: the number may be somebody else's by now. */
		if (*objects[i].fd >= 0 && bpf_id(*objects[i].fd) == ids[i])
			private_fd_close(*objects[i].fd);
		*objects[i].fd = -1;
	}
	/* Mapped it stays: an accept() may be about to write to it. */
	pins.load = NULL;
}

static bool map_loads(const struct fastsock_config *config)
{
	size_t size = fastsock_slots(config->groups, config->cpus) * sizeof(*pins.load);
	void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, pins.loads, 0);

	if (mapped != MAP_FAILED)
		pins.load = mapped;
	return mapped != MAP_FAILED;
}

static bool read_config(struct fastsock_config *config)
{
	__u32 zero = 0;

	return bpf_read(pins.config, &zero, config) == 0;
}

bool pins_open(void)
{
	struct fastsock_config config;
	char theirs[12], ours[12];
	int fd, error;

	if (pins.slots >= 0)
		return true;
	for (size_t i = 0; i < OBJECTS; i++) {
		fd = bpf_open(objects[i].path);
		if (fd >= 0)
			fd = private_fd_adopt(fd);
		if (fd < 0 && objects[i].optional)
			continue;
		if (fd < 0) {
			error = errno;
			close_all();
			errno = error;
			return false;
		}
		*objects[i].fd = fd;
		ids[i] = bpf_id(fd);
	}
	if (!read_config(&config) || config.abi != FASTSOCK_PINS_ABI) {
		say(SAY_PINS_ABI, FASTSOCK_PINS " has ABI ", say_number(theirs, config.abi),
		    ", this library ", say_number(ours, FASTSOCK_PINS_ABI),
		    ": not used; run 'fsctl disable --all' and enable with the matching fsctl",
		    NULL);
		close_all();
		errno = EPROTO;
		return false;
	}
	if (!map_loads(&config)) {
		error = errno;
		close_all();
		errno = error;
		return false;
	}
	pins.cpus = config.cpus;
	pins.rows = config.groups;
	return true;
}

bool pins_usable(void)
{
	struct fastsock_config config;

	if (!pins_open())
		return false;
	for (size_t i = 0; i < OBJECTS; i++) {
		__u32 id = *objects[i].fd >= 0 ? bpf_id(*objects[i].fd) : ids[i];

		if (id == ids[i])
			continue;
		/* Not to be asked by this user is not gone: closed they could not be opened again. */
		if (!id && (errno == EPERM || errno == EACCES))
			return false;
		close_all();
		errno = EBADF;
		return false;
	}
	if (read_config(&config) && config.enabled)
		return true;
	/* Disabled since: perhaps enabled anew, with other objects. */
	close_all();
	return pins_open();
}

void pins_moved(int from, int to)
{
	for (size_t i = 0; i < OBJECTS; i++)
		if (*objects[i].fd == from)
			*objects[i].fd = to;
}
