/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc tells about a process and fastsock. */
#ifndef FSCTL_PROCESS_H
#define FSCTL_PROCESS_H

#include <linux/types.h>
#include <stdbool.h>
#include <time.h>

/* Is libfastsock.so mapped?  0, 1, or -1 with errno: we may not look. */
int process_has_library(int pid);

/* Was it started with FASTSOCK=off? */
bool process_switched_off(int pid);

enum process_maps {
	PROCESS_NO_MAPS,
	PROCESS_THIS_MAP,	/* has the BPF map with this id open */
	PROCESS_OTHER_MAPS,	/* others only */
};

enum process_maps process_maps(int pid, __u32 id);

/* Did it start before @when (CLOCK_REALTIME)? */
bool process_older_than(int pid, time_t when);

void process_name(int pid, char *name, size_t size);

#endif
