/* SPDX-License-Identifier: GPL-2.0-only */
/* One netlink request and all that answers it; what generic netlink needs besides. */
#ifndef FSCTL_NETLINK_H
#define FSCTL_NETLINK_H

#include <libmnl/libmnl.h>
#include <linux/types.h>
#include <stdbool.h>

/* Calls @callback for each message of the answer; false with errno on an error. */
bool netlink_talk(struct mnl_socket *netlink, const struct nlmsghdr *request,
		  mnl_cb_t callback, void *data);

/* A request to a family, put together in @buffer (MNL_SOCKET_BUFFER_SIZE). */
struct nlmsghdr *netlink_generic(char *buffer, __u16 family, __u16 flags, __u8 command,
				 __u8 version);

/* The number of a generic netlink family; 0 with errno when there is none. */
__u16 netlink_family(struct mnl_socket *netlink, const char *name);

#endif
