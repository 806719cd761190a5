/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which CPU handles what a receive queue takes in: the queue's interrupt, and
 * where that goes.
 */
#ifndef FSCTL_QUEUES_H
#define FSCTL_QUEUES_H

#include <stdbool.h>

#include "device.h"

#define QUEUES_MOST 1024

struct queue_irq {
	int irq;		/* -1: none known */
	char name[64];		/* of its action, as in /proc/interrupts */
	int cpu;		/* where it goes; -1: to several, or not told */
};

struct queues {
	unsigned int rx;	/* receive queues that are in use */
	unsigned int irqs;	/* of them with an interrupt */
	struct queue_irq queue[QUEUES_MOST];
	/* Further interrupts that serve transmit queues alone. */
	unsigned int tx_irqs;
	struct queue_irq tx[QUEUES_MOST];
};

void queues_read(const struct device *device, struct queues *queues);

/* Is that number an interrupt of this device? */
bool queues_own_irq(const struct device *device, int irq);

/*
 * What an interrupt's name tells: the receive (or transmit) queue it serves.  It
 * is false for those that serve none (link events, flow director, async).
 */
bool queues_parse_name(const char *name, unsigned int *queue, bool *transmit);

#endif
