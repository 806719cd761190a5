/* SPDX-License-Identifier: GPL-2.0-only */
/* bpf/steer.bpf.c, made ready for a set of blocks; and what it counted. */
#ifndef FSCTL_STEERING_PROGRAM_H
#define FSCTL_STEERING_PROGRAM_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "fastsock_rfd.h"
#include "steer.h"

#include "steer.skel.h"		/* knows no types by itself */

/*
 * Loaded, its cpumap filled, and not attached; NULL: @why is told.  The first
 * online CPU that @block_of_cpu gives a block to is its home.
 */
struct steer_bpf *steer_load(const struct fastsock_blocks *blocks, const __u16 *block_of_cpu,
			     bool complete, char *why, size_t size);

/* Adds up all CPUs' counters, found through the program: they have no pin of their own. */
void steer_count(__u32 program, struct steer_counters *total);

#endif
