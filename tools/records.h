/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines of a device's file (saved.h), and what they come to for each setting. */
#ifndef FSCTL_RECORDS_H
#define FSCTL_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "device.h"
#include "settings.h"

/* One setting, put together from its lines. */
struct record {
	const struct setting *setting;
	const char *target;
	const char *was;
	const char *now;	/* NULL: fsctl was killed before it could look */
	bool leave;
};

struct records {
	char *text;
	struct record *record;
	size_t count;
	struct device_identity identity;
	bool undoing;
};

/* One line more; value: NULL where its kind has none.  False with errno. */
bool record_write(int fd, const char *word, const char *kind, const char *target,
		  const char *value);

/* False with errno, and with what must be freed as well. */
bool records_read(int fd, struct records *records);
struct record *records_find(struct records *records, const struct setting *setting,
			    const char *target);
void records_free(struct records *records);

#endif
