// SPDX-License-Identifier: GPL-2.0-only
#include <linux/genetlink.h>

#include "netlink.h"

bool netlink_talk(struct mnl_socket *netlink, const struct nlmsghdr *request,
		  mnl_cb_t callback, void *data)
{
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	ssize_t length;
	int more;

	if (mnl_socket_sendto(netlink, request, request->nlmsg_len) < 0)
		return false;
	do {
		length = mnl_socket_recvfrom(netlink, buffer, sizeof(buffer));
		if (length < 0)
			return false;
		more = mnl_cb_run(buffer, length, 0, 0, callback, data);
	} while (more > MNL_CB_STOP);
	return more == MNL_CB_STOP;
}

struct nlmsghdr *netlink_generic(char *buffer, __u16 family, __u16 flags, __u8 command,
				 __u8 version)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *generic;

	header->nlmsg_type = family;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	generic = mnl_nlmsg_put_extra_header(header, sizeof(*generic));
	generic->cmd = command;
	generic->version = version;
	return header;
}

static int family_attribute(const struct nlattr *attribute, void *data)
{
	if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_ID)
		*(__u16 *)data = mnl_attr_get_u16(attribute);
	return MNL_CB_OK;
}

static int family_message(const struct nlmsghdr *header, void *data)
{
	return mnl_attr_parse(header, sizeof(struct genlmsghdr), family_attribute, data);
}

__u16 netlink_family(struct mnl_socket *netlink, const char *name)
{
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *header = netlink_generic(buffer, GENL_ID_CTRL, NLM_F_ACK,
						  CTRL_CMD_GETFAMILY, 1);
	__u16 family = 0;

	mnl_attr_put_strz(header, CTRL_ATTR_FAMILY_NAME, name);
	return netlink_talk(netlink, header, family_message, &family) ? family : 0;
}
