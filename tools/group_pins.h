/* SPDX-License-Identifier: GPL-2.0-only */
/* What group.h needs before it can be used in fsctl. */
#ifndef FSCTL_GROUP_PINS_H
#define FSCTL_GROUP_PINS_H

#include <linux/types.h>
#include <stdbool.h>

struct fastsock_config;

bool group_pins_open(const struct fastsock_config *config);	/* false with errno */

/* The selection program. */
int group_pins_select(void);

/* The row that the socket with this cookie was entered for, or -1. */
int group_pins_row(__u64 cookie);

/* A slot's worker says nothing of its load, whoever had the slot before. */
void group_pins_untold(__u32 slot);

#endif
