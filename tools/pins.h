/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The BPF objects under FASTSOCK_PINS.  They appear and go all at once: made in
 * a directory beside it, and taken apart there, with one rename between.
 */
#ifndef FSCTL_PINS_H
#define FSCTL_PINS_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

#include "fastsock_slots.h"

enum pins {
	PINS_NONE,
	PINS_OURS,	/* whole, and made by an fsctl with the same program */
	PINS_DISABLED,	/* ours, but a disable was killed on its way */
	PINS_FOREIGN,	/* another ABI or program, or damaged: told */
	PINS_ERROR,	/* cannot be compared: told */
};

bool pins_mounted(void);		/* is bpffs on /sys/fs/bpf? */
bool pins_mount(void);			/* false: told */
void pins_unmount(void);		/* unless somebody else uses it: told */

bool pins_exist(void);
enum pins pins_look(void);

/* The pinned objects' configuration; false with errno. */
bool pins_config(struct fastsock_config *config);

/* Load the program and pin it with its maps; @group may use them, -1: root only. */
bool pins_create(gid_t group);

/* May a CPU's connections go to others when its worker is behind?  false: told. */
bool pins_spill(bool on);

/* Let @group use what is pinned already. */
bool pins_share(gid_t group);

/* Running servers go back to their original listener; then remove all pins. */
bool pins_remove(void);

/* An open pinned map, or -1 with errno. */
int pins_open(const char *name);

/* Show all that libbpf has to say; nothing otherwise. */
void pins_be_verbose(void);

#endif
