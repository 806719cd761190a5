/* SPDX-License-Identifier: GPL-2.0-only */
/* Is what the library was told still so?  One look at an interface. */
#ifndef FSCTL_REFRESH_H
#define FSCTL_REFRESH_H

#include "fastsock_rfd.h"
#include "state.h"

#define REFRESH_WHY 256

enum refresh {
	REFRESH_SAME,
	REFRESH_CHANGED,	/* @why: what has; @now: what to tell the library */
	REFRESH_BROKEN,		/* @why: the mode cannot work any more */
};

/* Changes nothing.  @told: what the library has. */
enum refresh refresh_compare(const struct state *state, int at, const struct fastsock_rfd *told,
			     struct fastsock_rfd *now, char why[REFRESH_WHY]);

#endif
