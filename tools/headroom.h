/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many source ports a CPU has for one destination, and what stands in its
 * way: reserved ports, listeners within the range.
 */
#ifndef FSCTL_HEADROOM_H
#define FSCTL_HEADROOM_H

#include <linux/types.h>

#include "fastsock_rfd.h"

/* Fewer than that are soon spent: 60 s of TIME_WAIT leave so few connections a second. */
#define HEADROOM_SMALL 1024u

struct headroom {
	__u32 ports[FASTSOCK_RFD_CPUS];	/* for each CPU; 0 where it takes no part */
	__u32 least, least_cpu;		/* of those that take part */
	__u32 reserved;			/* ports of the entry that are reserved */
};

void headroom_read(const struct fastsock_rfd *entry, struct headroom *headroom);

/* One line, and warnings: small, reserved ports, listeners. */
void headroom_print(const struct fastsock_rfd *entry, const char *interface);

#endif
