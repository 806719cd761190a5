// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "netlink.h"
#include "redirect.h"

/* From linux/netdev.h, which 6.1's headers do not have. */
#define NETDEV_CMD_DEV_GET		1
#define NETDEV_A_DEV_IFINDEX		1
#define NETDEV_A_DEV_XDP_FEATURES	3
#define NETDEV_XDP_ACT_BASIC		1u
#define NETDEV_XDP_ACT_REDIRECT		2u

static int take_features(const struct nlattr *attribute, void *data)
{
	if (mnl_attr_get_type(attribute) == NETDEV_A_DEV_XDP_FEATURES)
		*(__u64 *)data = mnl_attr_get_u64(attribute);
	return MNL_CB_OK;
}

static int take_device(const struct nlmsghdr *header, void *data)
{
	return mnl_attr_parse(header, sizeof(struct genlmsghdr), take_features, data);
}

bool redirect_works(unsigned int ifindex)
{
	struct mnl_socket *netlink = mnl_socket_open(NETLINK_GENERIC);
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *header;
	__u64 features = 0;
	__u16 family;

	if (!netlink)
		return true;
	if (mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    (family = netlink_family(netlink, "netdev"))) {
		header = netlink_generic(buffer, family, NLM_F_ACK, NETDEV_CMD_DEV_GET, 1);
		mnl_attr_put_u32(header, NETDEV_A_DEV_IFINDEX, ifindex);
		netlink_talk(netlink, header, take_device, &features);
	}
	mnl_socket_close(netlink);
	return !(features & NETDEV_XDP_ACT_BASIC) || features & NETDEV_XDP_ACT_REDIRECT;
}
