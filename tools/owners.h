/* SPDX-License-Identifier: GPL-2.0-only */
/* Which process holds a socket, from one look through /proc. */
#ifndef FSCTL_OWNERS_H
#define FSCTL_OWNERS_H

#include <stdbool.h>
#include <stddef.h>

struct owner {
	unsigned int inode;
	int pid;		/* of those that hold it, the one with the lowest number */
	char comm[16];
};

struct owners {
	struct owner *owners;	/* by inode, then pid */
	size_t count;
	bool incomplete;	/* there are processes that we may not look into */
};

bool owners_read(struct owners *owners);	/* false with errno */
const struct owner *owners_find(const struct owners *owners, unsigned int inode);
void owners_free(struct owners *owners);

#endif
