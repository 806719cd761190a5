/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The pinned BPF objects of `fsctl enable`, opened while the process may still
 * do so (a server started by root loses that right when it changes its user)
 * and inherited by its workers.
 */
#ifndef FASTSOCK_PINS_H
#define FASTSOCK_PINS_H

#include <stdbool.h>

struct fastsock_load;

struct pins {
	int select, config, groups, members, slots, loads;	/* private descriptors, -1 = none */
	int reasons;		/* may be missing while the others are there */
	unsigned int cpus, rows;
	struct fastsock_load *load;	/* `loads`, mapped; never unmapped, only replaced */
};

extern struct pins pins;

/**
 * pins_open() - open them if that has not been done
 *
 * Return: true when all are open.  Otherwise errno says why (ENOENT: not
 * enabled; EACCES: enabled, not for this user; EPROTO: another ABI, told on
 * stderr) and none is.
 */
bool pins_open(void);

/**
 * pins_usable() - open, still the same objects, and enabled
 *
 * The application may have closed or replaced descriptors in ways the library
 * does not see; this compares kernel ids.  A few system calls: slow path only.
 */
bool pins_usable(void);

/* Follow a private descriptor that moved to another number. */
void pins_moved(int from, int to);

#endif
