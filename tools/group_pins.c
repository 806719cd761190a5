// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pins as userlib/group.c wants them: rows and slots are claimed by the same
 * code in library and tool.  A file of its own because both sides have a pins.h.
 */
#include <linux/bpf.h>

#include "../userlib/pins.h"
#include "bpf.h"
#include "fastsock_load.h"
#include "fastsock_slots.h"
#include "group_pins.h"

struct pins pins = { .select = -1, .config = -1, .groups = -1, .members = -1, .slots = -1,
		     .loads = -1, .reasons = -1 };

bool group_pins_open(const struct fastsock_config *config)
{
	pins.cpus = config->cpus;
	pins.rows = config->groups;
	return (pins.select = bpf_open(FASTSOCK_PINS "/select")) >= 0 &&
	       (pins.groups = bpf_open(FASTSOCK_PINS "/groups")) >= 0 &&
	       (pins.members = bpf_open(FASTSOCK_PINS "/members")) >= 0 &&
	       (pins.slots = bpf_open(FASTSOCK_PINS "/slots")) >= 0 &&
	       (pins.loads = bpf_open(FASTSOCK_PINS "/loads")) >= 0;
}

void group_pins_untold(__u32 slot)
{
	struct fastsock_load nothing = { 0 };

	bpf_write(pins.loads, &slot, &nothing, BPF_ANY);
}

int group_pins_select(void)
{
	return pins.select;
}

int group_pins_row(__u64 cookie)
{
	__u32 row;

	return bpf_read(pins.members, &cookie, &row) ? -1 : (int)row;
}
