/* SPDX-License-Identifier: GPL-2.0-only */
/* How often the selection program made each choice. */
#ifndef FSCTL_COUNTERS_H
#define FSCTL_COUNTERS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "fastsock_slots.h"

/* In the order in which they are shown. */
struct counter_kind {
	const char *name;
	size_t offset;		/* in struct fastsock_counters */
};

#define COUNTER_KINDS	(sizeof(struct fastsock_counters) / sizeof(__u64))
extern const struct counter_kind counter_kinds[COUNTER_KINDS];

__u64 *counter(struct fastsock_counters *counters, size_t kind);

/* All CPUs' of one row; @counters has room for each possible CPU. */
bool counters_read(int map, __u32 row, struct fastsock_counters *counters);

void counters_add(struct fastsock_counters *sum, const struct fastsock_counters *more);

struct json_object *counters_json(const struct fastsock_counters *counters);

#endif
