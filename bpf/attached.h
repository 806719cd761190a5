/* SPDX-License-Identifier: GPL-2.0-only */
/* What attached.bpf.c writes for each socket of a reuseport group. */
#ifndef FASTSOCK_ATTACHED_H
#define FASTSOCK_ATTACHED_H

#include <linux/types.h>

struct attached {
	__u64 cookie;
	__u32 id;		/* of the group's program; 0 with a name: classic BPF */
	char name[16];		/* "": the group has none */
	__u32 reserved;
};

#endif
