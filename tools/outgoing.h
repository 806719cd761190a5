/* SPDX-License-Identifier: GPL-2.0-only */
/* What status shows of outgoing connections: modes, maps, headroom, counters. */
#ifndef FSCTL_OUTGOING_H
#define FSCTL_OUTGOING_H

#include <json-c/json.h>

/*
 * {"interfaces": [{name, mode, cpus: [{cpu, queue, ports, headroom}]}], "cpus": [{cpu,
 * chosen, exhausted, no_queue}]}; NULL: nothing is steered in this namespace.
 */
struct json_object *outgoing_describe(void);

void outgoing_print(struct json_object *outgoing);

#endif
