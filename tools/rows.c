// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <stddef.h>
#include <errno.h>
#include <unistd.h>

#include "pins.h"
#include "rows.h"

static const struct {
	const char *name;
	size_t offset;
} maps[] = {
	{ "groups", offsetof(struct rows, groups) },
	{ "slots", offsetof(struct rows, slots) },
	{ "counters", offsetof(struct rows, counters) },
};
#define MAPS (sizeof(maps) / sizeof(*maps))

static int *map(struct rows *rows, size_t i)
{
	return (int *)((char *)rows + maps[i].offset);
}

const char *rows_open(struct rows *rows)
{
	int error;

	rows->groups = rows->slots = rows->counters = -1;
	for (size_t i = 0; i < MAPS; i++) {
		*map(rows, i) = pins_open(maps[i].name);
		if (*map(rows, i) >= 0)
			continue;
		error = errno;
		rows_close(rows);
		errno = error;
		return maps[i].name;
	}
	return NULL;
}

void rows_close(struct rows *rows)
{
	for (size_t i = 0; i < MAPS; i++) {
		if (*map(rows, i) >= 0)
			close(*map(rows, i));
		*map(rows, i) = -1;
	}
}

bool rows_read(const struct rows *rows, __u32 row, struct fastsock_group *group)
{
	return bpf_map_lookup_elem(rows->groups, &row, group) == 0;
}

__u64 rows_cookie(const struct rows *rows, __u32 slot)
{
	__u64 cookie;

	return bpf_map_lookup_elem(rows->slots, &slot, &cookie) ? 0 : cookie;
}

bool rows_used(const struct rows *rows, __u32 row)
{
	__u32 first = row * fastsock_row(rows->config.cpus);

	for (__u32 i = 0; i < fastsock_row(rows->config.cpus); i++)
		if (rows_cookie(rows, first + i))
			return true;
	return false;
}
