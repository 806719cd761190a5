/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The BPF objects under FASTSOCK_PINS.  They appear all at once: made in a
 * directory beside it, which is then renamed.
 */
#ifndef FSCTL_PINS_H
#define FSCTL_PINS_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

#include "fastsock_slots.h"

/* Is bpffs mounted on /sys/fs/bpf?  If not, mount it.  1: mounted now, 0: was, -1: told. */
int pins_mount(void);
void pins_unmount(void);

bool pins_exist(void);

/* The pinned objects' configuration; false with errno. */
bool pins_config(struct fastsock_config *config);

/* Load the program and pin it with its maps; @group may use them, -1: root only. */
bool pins_create(gid_t group);

/* Running servers go back to their original listener; then remove all pins. */
bool pins_remove(void);

/* An open pinned map, or -1 with errno. */
int pins_open(const char *name);

#endif
