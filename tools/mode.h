/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ways to have the replies of outgoing connections arrive on the CPU that made
 * them: `fsctl enable --mode`.  A mode knows how packets are placed, and so what
 * the library has to know for its choice of ports.  Whether it can work is found
 * out by doing it; what it did is undone by saved_undo().
 */
#ifndef FSCTL_MODE_H
#define FSCTL_MODE_H

#include "cpus.h"
#include "device.h"
#include "fastsock_rfd.h"
#include "layout.h"
#include "ports.h"
#include "saved.h"

struct mode_wanted {
	const char *interface;
	struct cpus cpus;		/* that take part */
	struct ports ports;		/* to choose from */
	int usecs;			/* receive coalescing; -1: as it is */
};

struct attempt {
	const struct mode_wanted *wanted;
	struct device device;
	struct saved *saved;		/* NULL: nothing may be changed, say what would be */
	bool planned;			/* queues lie as layout_make() would have them */
	struct fastsock_rfd entry;	/* what to tell the library */
	char why[256];			/* it cannot be done */
	char note[256];			/* it was done, but */
};

enum mode_layout {
	MODE_HANDS_OFF,		/* the device stays as it is */
	MODE_SOFTWARE,		/* only RPS goes */
	MODE_QUEUES,		/* a queue for each CPU */
};

struct mode {
	const char *name;
	enum mode_layout layout;
	bool automatic;		/* --mode auto tries it */
	/* The functions return false with `why`; NULL is true. */
	bool (*possible)(struct attempt *attempt);	/* reads only */
	bool (*apply)(struct attempt *attempt);		/* changes through attempt->saved */
	bool (*describe)(struct attempt *attempt);	/* the entry, from the device as it is */
	/* Takes back what is not in attempt->saved; may be repeated. */
	bool (*undo)(struct attempt *attempt);
};

extern const struct mode mode_rss, mode_ntuple, mode_xdp;

/* In the order that auto tries them; ends with NULL. */
extern const struct mode *const modes[];

/* NULL: there is none of that name. */
const struct mode *mode_find(const char *name);

/* All names and auto, for messages. */
const char *mode_names(void);

/*
 * What a user wants, from the words of --cpus and --ports (NULL: not given); 0 or
 * an exit status (told).
 */
int mode_read_wanted(struct mode_wanted *wanted, const char *cpus, const char *ports);

/* Which ports belong to which CPU, a line for each. */
void mode_print(const struct fastsock_rfd *entry);

/* An entry with a block for each of the CPUs, in their order. */
bool mode_make_blocks(struct attempt *attempt, const struct cpus *cpus);

bool mode_fails(struct attempt *attempt, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
