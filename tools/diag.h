/* SPDX-License-Identifier: GPL-2.0-only */
/* Sockets that wait for clients in this network namespace, as ss sees them. */
#ifndef FSCTL_DIAG_H
#define FSCTL_DIAG_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct diag_socket {
	__u64 cookie;
	int family;
	__u8 addr[16];			/* as in struct fastsock_group_key */
	__be16 port;
	__u32 ifindex;
	__u32 uid;
	unsigned int inode;
	unsigned int queue;		/* waiting for accept() */
	unsigned int backlog;		/* most that may wait */
};

struct diag {
	struct diag_socket *sockets;
	size_t count;
};

bool diag_listeners(struct diag *diag);		/* TCP; false with errno */
bool diag_unconnected(struct diag *diag);	/* UDP; false with errno */
const struct diag_socket *diag_find(const struct diag *diag, __u64 cookie);
void diag_free(struct diag *diag);

#endif
