/* SPDX-License-Identifier: GPL-2.0-only */
/* The clones that fastsock.ko knows in this network namespace. */
#ifndef FSCTL_CLONES_H
#define FSCTL_CLONES_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct clone {
	__u64 cookie;
	__u32 pid;		/* of the thread that asked for it; 0: not visible from here */
	__u32 tid;
};

struct clones {
	struct clone *clones;
	size_t count;
};

bool clones_read(struct clones *clones);	/* false with errno */
const struct clone *clones_find(const struct clones *clones, __u64 cookie);
void clones_free(struct clones *clones);

#endif
