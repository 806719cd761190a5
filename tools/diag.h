/* SPDX-License-Identifier: GPL-2.0-only */
/* Listening TCP sockets of this network namespace, as ss sees them. */
#ifndef FSCTL_DIAG_H
#define FSCTL_DIAG_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct diag_socket {
	__u64 cookie;
	unsigned int inode;
	unsigned int queue;		/* waiting for accept() */
	unsigned int backlog;		/* most that may wait */
};

struct diag {
	struct diag_socket *sockets;
	size_t count;
};

bool diag_listeners(struct diag *diag);		/* false with errno */
const struct diag_socket *diag_find(const struct diag *diag, __u64 cookie);
void diag_free(struct diag *diag);

/* The first process that holds the socket: "COMM" and its number; false if not seen. */
bool diag_owner(unsigned int inode, int *pid, char *comm, size_t size);

#endif
