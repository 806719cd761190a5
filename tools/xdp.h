/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The steering program (bpf/steer.bpf.c) on an interface of this network
 * namespace.  All functions that can fail say why in one line of @why.
 */
#ifndef FSCTL_XDP_H
#define FSCTL_XDP_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "fastsock_rfd.h"
#include "steer.h"

#define XDP_WHY 384		/* room for a reason */

/* How names of its pins begin.  Root's alone: who may open a link may end it. */
#define XDP_PIN "xdp-"

struct xdp_status {
	__u32 program;		/* its id */
	bool completes;		/* computes missing checksums; else such frames are left alone */
	struct steer_counters total;	/* of all CPUs */
};

/* Would it work there, as far as can be told without touching the interface? */
bool xdp_suits(unsigned int ifindex, char *why, size_t size);

/*
 * The same, and the program was attached and taken off again: the only proof.
 * A NIC may restart its queues for that.
 */
bool xdp_probe(unsigned int ifindex, char *why, size_t size);

/*
 * Attach it, or put it in the place of one with other blocks without a gap.
 * @block_of_cpu has FASTSOCK_RFD_CPUS entries, as in struct fastsock_rfd.  CPUs
 * that are offline get no replies sent.  FASTSOCK_PINS has to exist.
 */
bool xdp_attach(unsigned int ifindex, const struct fastsock_blocks *blocks,
		const __u16 *block_of_cpu, char *why, size_t size);

/* Take it off, and nothing else.  Not attached, or no such interface: no error. */
bool xdp_detach(unsigned int ifindex, char *why, size_t size);

/* false: it is not attached (any more). */
bool xdp_look(unsigned int ifindex, struct xdp_status *status);

#endif
