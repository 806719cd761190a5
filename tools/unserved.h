/* SPDX-License-Identifier: GPL-2.0-only */
/* Listeners of this network namespace that are not served, or not for every worker. */
#ifndef FSCTL_UNSERVED_H
#define FSCTL_UNSERVED_H

#include <json-c/json.h>

#include "diag.h"
#include "notes.h"
#include "owners.h"
#include "rows.h"

/* An array: each with its address, whose it is, why (a word), and that in a sentence. */
struct json_object *unserved_describe(const struct rows *rows, const struct diag *diag,
				      const struct owners *owners, const struct notes *notes);

#endif
