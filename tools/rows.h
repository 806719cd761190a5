/* SPDX-License-Identifier: GPL-2.0-only */
/* The pinned maps' rows as a reader sees them: who has which, what is in its slots. */
#ifndef FSCTL_ROWS_H
#define FSCTL_ROWS_H

#include <stdbool.h>

#include "fastsock_slots.h"

struct rows {
	struct fastsock_config config;
	int groups, slots, counters;	/* maps, -1: not open */
};

/**
 * rows_open() - open the maps
 * @rows: with its config read
 *
 * Return: NULL, or the name of the one that cannot be opened, with errno.
 */
const char *rows_open(struct rows *rows);
void rows_close(struct rows *rows);

/* Whose it is; false: nobody's. */
bool rows_read(const struct rows *rows, __u32 row, struct fastsock_group *group);

/* Has it a socket?  It outlives its last one until somebody needs it. */
bool rows_used(const struct rows *rows, __u32 row);

/* Of the socket in a slot; 0: none. */
__u64 rows_cookie(const struct rows *rows, __u32 slot);

#endif
