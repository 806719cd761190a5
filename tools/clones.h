/* SPDX-License-Identifier: GPL-2.0-only */
/* The clones that fastsock.ko knows in this network namespace. */
#ifndef FSCTL_CLONES_H
#define FSCTL_CLONES_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct clones {
	__u64 *cookies;
	size_t count;
};

bool clones_read(struct clones *clones);	/* false with errno */
bool clones_have(const struct clones *clones, __u64 cookie);
void clones_free(struct clones *clones);

#endif
