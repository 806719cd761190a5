/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A flow rule for a block of ports as a setting (settings.h).  Its target says all of
 * it, PLACE FLOW PORT MASK QUEUE; its value is yes (it is there), no (the place is
 * free) or other (somebody else's rule is there).
 */
#ifndef FSCTL_RULES_H
#define FSCTL_RULES_H

#include <stdbool.h>

#include "device.h"

/* PLACE of a rule whose place the driver picks. */
#define RULE_ANY "any"

char *rule_get(const struct device *device, const char *target);

/* yes: refused with EEXIST where another is; anything else removes ours, and no other. */
bool rule_set(const struct device *device, const char *target, const char *value);

/* Has the device any rule, whoever's? */
bool rules_any(const struct device *device);

#endif
