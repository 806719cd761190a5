/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a device's queues lie over the CPUs: as many channels as CPUs, each
 * queue's interrupt on one of them, transmit queues likewise (XPS), and no
 * software spreading (RPS) behind a device that spreads.
 */
#ifndef FSCTL_LAYOUT_H
#define FSCTL_LAYOUT_H

#include <stdbool.h>

#include "cpus.h"
#include "device.h"
#include "saved.h"

struct layout {
	const struct device *device;
	const struct cpus *cpus;
	int usecs;		/* receive coalescing; -1: as it is */
	bool software;		/* only what software does: RPS off; the queues stay */
	struct saved *saved;	/* NULL: only say what would be done */
};

/* What a device cannot do is told and passed over. */
void layout_make(const struct layout *layout);

/* How many receive queues there will be. */
unsigned int layout_rx_queues(const struct device *device, const struct cpus *cpus);

#endif
