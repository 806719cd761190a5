/* SPDX-License-Identifier: GPL-2.0-only */
/* The tree of `fsctl status`, for people. */
#ifndef FSCTL_STATUS_TABLE_H
#define FSCTL_STATUS_TABLE_H

#include <json-c/json.h>

void status_print(struct json_object *root);

#endif
