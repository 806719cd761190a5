/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything about a device that enable may change, each as a kind, a target and
 * a text: to be read, compared, written down and set again without knowing more.
 *
 *   file      queues/tx-0/xps_cpus     its text
 *   irq       NUMBER NAME              text of its smp_affinity
 *   channels  -                        rx, tx, other, combined
 *   table     -                        the indirection table: a queue for each entry; to
 *                                      be set, TABLE_DEFAULT, too
 *   fields    flow type                RXH_* that are hashed
 *   ntuple    -                        1: the device obeys flow rules
 *   rule      PLACE FLOW PORT MASK QUEUE   yes, no, or other: another rule is there
 *   usecs     -                        receive coalescing: adaptive, microseconds
 *   xdp       -                        id of the program that is attached, 0: none
 */
#ifndef FSCTL_SETTINGS_H
#define FSCTL_SETTINGS_H

#include <stdbool.h>

#include "device.h"

#define TABLE_DEFAULT	"default"

struct setting {
	const char *kind;
	/* Text to be freed, or NULL with errno. */
	char *(*get)(const struct device *device, const char *target);
	/* False with errno. */
	bool (*set)(const struct device *device, const char *target, const char *value);
};

const struct setting *setting_find(const char *kind);

/* Do two texts mean the same? */
bool setting_same(const struct setting *setting, const char *target, const char *value,
		  const char *other);

#endif
