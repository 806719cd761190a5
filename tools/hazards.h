/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What keeps replies from where they should arrive, or may at any time: found by
 * looking, changes nothing.
 */
#ifndef FSCTL_HAZARDS_H
#define FSCTL_HAZARDS_H

#include <stdbool.h>

#include "device.h"

/* Calls @tell with a sentence for each. */
void hazards_look(const struct device *device, bool hardware,
		  void (*tell)(void *data, const char *sentence), void *data);

#endif
