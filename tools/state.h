/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What enable did and disable must undo: /run/fastsock/state.json, written to a
 * new file and renamed, under a lock that keeps two fsctl apart.
 */
#ifndef FSCTL_STATE_H
#define FSCTL_STATE_H

#include <net/if.h>
#include <stdbool.h>

#define STATE_DIR	"/run/fastsock"
#define STATE_INTERFACES 64

struct state {
	int interfaces;
	struct {
		char name[IFNAMSIZ];
		unsigned long netns;	/* inode of the namespace it is in */
	} interface[STATE_INTERFACES];
	bool mounted_bpffs;		/* by us */
	bool loaded_module;		/* by us */
};

unsigned long state_netns(void);	/* of this process */

/* Wait for the lock, which ends with the process; false (told) if there is none. */
bool state_lock(void);

/* No file is no error: nothing is enabled then.  false: told on stderr. */
bool state_read(struct state *state);
bool state_write(const struct state *state);
bool state_remove(void);

/* Index of an interface of this namespace, or -1. */
int state_find(const struct state *state, const char *name);

#endif
