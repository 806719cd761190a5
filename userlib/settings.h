/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What the environment asks for.  Each knob has a reason:
 *
 *   FASTSOCK=auto     (default) accelerate what can be, run the rest as it is
 *   FASTSOCK=off      do nothing at all: the quick way back without a restart
 *                     of whatever sets LD_PRELOAD
 *   FASTSOCK=strict   refuse to listen (EOPNOTSUPP) where fastsock is not
 *                     enabled, for those who would rather notice than be slow
 *   FASTSOCK_PIN=1|0  whether a worker that may run on several CPUs is pinned
 *                     to the one whose listener it gets (default 1)
 */
#ifndef FASTSOCK_SETTINGS_H
#define FASTSOCK_SETTINGS_H

#include <stdbool.h>

struct settings {
	bool off;
	bool strict;
	bool pin;
};

extern struct settings settings;

void settings_read(void);

#endif
