/* SPDX-License-Identifier: GPL-2.0-only */
/* What crossings.bpf.c counts, on each CPU. */
#ifndef CROSSINGS_H
#define CROSSINGS_H

#include <linux/types.h>

struct crossings {
	__u64 contended;	/* locks that were found taken */
	__u64 frees;		/* packets freed */
	__u64 remote;		/* of these: on another CPU than the one that made them */
	__u64 sent_home;	/* packets given back to their CPU to be freed there */
};

#endif
