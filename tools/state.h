/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What enable did and disable must undo: /run/fastsock/state.json, written to a
 * new file and renamed, under a lock that keeps two fsctl apart.
 */
#ifndef FSCTL_STATE_H
#define FSCTL_STATE_H

#include <linux/types.h>
#include <net/if.h>
#include <stdbool.h>

#include "cpus.h"

#define STATE_DIR	"/run/fastsock"
#define STATE_INTERFACES 64
#define STATE_MODE	16

/* The mode of one that is being made: what was done is to be undone. */
#define STATE_HALF	"half"

struct state {
	int interfaces;
	struct {
		char name[IFNAMSIZ];
		unsigned long netns;	/* inode of the namespace it is in */
		__u32 ifindex;		/* these two name its entry in the map `rfd` */
		__u64 netns_cookie;
		unsigned long inode;	/* device.h */
		char mode[STATE_MODE];	/* how it is steered */
		char cpus[CPUS_TEXT];	/* that take part */
		__u32 port_lo, port_hi;	/* to choose from */
	} interface[STATE_INTERFACES];
	bool mounted_bpffs;		/* by us */
	bool loaded_module;		/* by us */
};

/* Wait for the lock, which ends with the process; false (told) if there is none. */
bool state_lock(void);
void state_unlock(void);

/* No file is no error: nothing is enabled then.  false: told on stderr. */
bool state_read(struct state *state);
bool state_write(const struct state *state);
bool state_remove(void);

/*
 * Which interface of this namespace the entry is about; the name may be any that it
 * has, and is what ip(8) shows from then on.  false with errno: there is none.
 */
bool state_identify(struct state *state, int index, const char *name);

/* Is it in this namespace? */
bool state_here(const struct state *state, int index);

/* Its namespace has gone: the inode is this one's by now. */
bool state_dead(const struct state *state, int index);

/*
 * Index of an interface of this namespace, or -1: by whatever name it has, for it may
 * have been renamed since; by the name it had where no other has that now, or it has gone.
 */
int state_find(const struct state *state, const char *name);
void state_drop(struct state *state, int index);

#endif
