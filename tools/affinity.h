/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of CPUs as the kernel's files have them: lists (0-3,8) and masks (f,0000000f). */
#ifndef FSCTL_AFFINITY_H
#define FSCTL_AFFINITY_H

#include <stdbool.h>

#define AFFINITY_TEXT 512

/* The one CPU of a list; -1: several, none, or no list. */
int affinity_single(const char *list);

/* Mask with this one CPU; @cpu < 0: with none. */
const char *affinity_mask(int cpu, char text[AFFINITY_TEXT]);

bool affinity_is_empty(const char *mask);

/* The same CPUs, however they are grouped and filled with zeros? */
bool affinity_equal(const char *mask, const char *other);

#endif
