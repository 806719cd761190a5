/* SPDX-License-Identifier: GPL-2.0-only */
/* What locality.bpf.c counts, on each CPU. */
#ifndef LOCALITY_H
#define LOCALITY_H

#include <linux/types.h>

struct locality {
	__u64 passive, passive_local;
	__u64 active, active_local;
};

#endif
