/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Which process this is.  Between vfork() and exec a child runs in its parent's
 * memory with a table of descriptors of its own: what it closes or replaces is
 * not closed or replaced for the parent, so nothing may be noted of it.
 */
#ifndef FASTSOCK_PROCESS_H
#define FASTSOCK_PROCESS_H

#include <stdbool.h>

/* At start and in each forked child. */
void process_begin(void);

/* One system call: slow path only. */
bool process_is_vfork_child(void);

#endif
