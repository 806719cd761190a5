// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fsctl.h"
#include "restore.h"

/*
 * What is neither as we found it nor as we made it is somebody else's by now.
 * Decided for all before the first goes back, because they hang together: a
 * device forgets some when its channels change.
 */
bool restore_mark(const struct device *device, struct records *records, int fd)
{
	struct record *record;
	char *current;
	bool done;

	for (size_t i = 0; i < records->count; i++) {
		record = &records->record[i];
		current = record->now ? record->setting->get(device, record->target) : NULL;
		record->leave = current && record->was &&
				!setting_same(record->setting, record->target, current, record->now) &&
				!setting_same(record->setting, record->target, current, record->was);
		if (record->leave)
			complain("%s: %s %s is '%s', which is not fsctl's doing: left so (it was '%s')",
				 device->name, record->setting->kind, record->target, current,
				 record->was);
		done = !record->leave ||
		       record_write(fd, "leave", record->setting->kind, record->target, NULL);
		free(current);
		if (!done)
			return false;
	}
	return record_write(fd, "undo", "-", "-", NULL);
}

/* What is not there any more has nothing to go back to. */
static bool restore(const struct device *device, const struct record *record, bool tell)
{
	const struct setting *setting = record->setting;
	char *current;
	bool done;

	if (record->leave || !record->was)
		return true;
	current = setting->get(device, record->target);
	if (!current) {
		done = errno == ENOENT || errno == EOPNOTSUPP ||
		       (errno == ENODEV && !device_exists(device));
		if (!done && tell)
			complain("%s: cannot set %s %s back to '%s': %s", device->name,
				 setting->kind, record->target, record->was, strerror(errno));
		return done;
	}
	done = setting_same(setting, record->target, current, record->was) ||
	       setting->set(device, record->target, record->was);
	if (!done && tell)
		complain("%s: cannot set %s %s back from '%s' to '%s': %s", device->name,
			 setting->kind, record->target, current, record->was, strerror(errno));
	free(current);
	return done;
}

/*
 * An indirection table that has been written counts as somebody's wish, also where it is
 * as it was, and the kernel takes no channel away that is in it.
 */
static void free_channels(const struct device *device, struct records *records)
{
	const struct setting *setting = setting_find("table");
	const struct record *table = records_find(records, setting, "-");

	if (table && table->was && !table->leave)
		setting->set(device, table->target, TABLE_DEFAULT);
}

/* Twice: a setting may hold up one that was made later. */
bool restore_all(const struct device *device, struct records *records)
{
	bool done = true;

	for (size_t i = records->count; i-- > 0;)
		done &= restore(device, &records->record[i], false);
	if (done)
		return true;
	free_channels(device, records);
	done = true;
	for (size_t i = records->count; i-- > 0;)
		done &= restore(device, &records->record[i], true);
	return done;
}
