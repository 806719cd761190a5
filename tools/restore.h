/* SPDX-License-Identifier: GPL-2.0-only */
/* A device's settings back to what they were, by the records of its file (saved.h). */
#ifndef FSCTL_RESTORE_H
#define FSCTL_RESTORE_H

#include <stdbool.h>

#include "records.h"

/* Which are to be left, written down in fd before the first goes back.  False with errno. */
bool restore_mark(const struct device *device, struct records *records, int fd);

/* All others back, the last one first.  False (told) when some cannot. */
bool restore_all(const struct device *device, struct records *records);

#endif
