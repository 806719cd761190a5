/* SPDX-License-Identifier: GPL-2.0-only */
/* One netlink request and all that answers it. */
#ifndef FSCTL_NETLINK_H
#define FSCTL_NETLINK_H

#include <libmnl/libmnl.h>
#include <stdbool.h>

/* Calls @callback for each message of the answer; false with errno on an error. */
bool netlink_talk(struct mnl_socket *netlink, const struct nlmsghdr *request,
		  mnl_cb_t callback, void *data);

#endif
