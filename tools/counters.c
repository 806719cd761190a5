// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>

#include "counters.h"

#define KIND(name) { #name, offsetof(struct fastsock_counters, name) }

const struct counter_kind counter_kinds[] = {
	KIND(local),
	KIND(spilled),
	KIND(neighbour),
	KIND(original),
	KIND(hashed),
	KIND(migrated),
};

__u64 *counter(struct fastsock_counters *counters, size_t kind)
{
	return (__u64 *)((char *)counters + counter_kinds[kind].offset);
}

bool counters_read(int map, __u32 row, struct fastsock_counters *counters)
{
	return bpf_map_lookup_elem(map, &row, counters) == 0;
}

void counters_add(struct fastsock_counters *sum, const struct fastsock_counters *more)
{
	struct fastsock_counters copy = *more;

	for (size_t i = 0; i < COUNTER_KINDS; i++)
		*counter(sum, i) += *counter(&copy, i);
}

struct json_object *counters_json(const struct fastsock_counters *counters)
{
	struct json_object *object = json_object_new_object();
	struct fastsock_counters copy = *counters;

	for (size_t i = 0; i < COUNTER_KINDS; i++)
		json_object_object_add(object, counter_kinds[i].name,
				       json_object_new_uint64(*counter(&copy, i)));
	return object;
}
