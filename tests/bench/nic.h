/* SPDX-License-Identifier: GPL-2.0-only */
/* What the modelled NIC is told, for nic.c and nic.bpf.c. */
#ifndef NIC_H
#define NIC_H

#include "fastsock_ports.h"

struct nic {
	__u32 queues;			/* one for each CPU */
	__u32 only;			/* queue + 1: everything goes there; 0: spread */
	struct fastsock_blocks blocks;	/* flow director; count 0: none */
};

#endif
