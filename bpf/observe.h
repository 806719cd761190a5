/* SPDX-License-Identifier: GPL-2.0-only */
/* What observe.bpf.c counts for each process and CPU. */
#ifndef FASTSOCK_OBSERVE_H
#define FASTSOCK_OBSERVE_H

#include <linux/types.h>

struct observed {
	__u64 accepted;
	__u64 local;		/* of these: on the CPU that received the connection */
};

#endif
