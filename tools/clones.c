// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>

#include "clones.h"
#include "fastsock.h"
#include "netlink.h"

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

static int clone_attribute(const struct nlattr *attribute, void *data)
{
	struct clones *clones = data;
	__u64 *more;

	if (mnl_attr_get_type(attribute) != FASTSOCK_A_COOKIE)
		return MNL_CB_OK;
	more = realloc(clones->cookies, (clones->count + 1) * sizeof(*more));
	if (!more)
		return MNL_CB_ERROR;
	clones->cookies = more;
	more[clones->count++] = mnl_attr_get_u64(attribute);
	return MNL_CB_OK;
}

static int clone_message(const struct nlmsghdr *header, void *data)
{
	return mnl_attr_parse(header, sizeof(struct genlmsghdr), clone_attribute, data);
}

static struct nlmsghdr *message(char *buffer, __u16 type, __u16 flags, __u8 command)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *generic;

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	generic = mnl_nlmsg_put_extra_header(header, sizeof(*generic));
	generic->cmd = command;
	generic->version = 1;
	return header;
}

bool clones_read(struct clones *clones)
{
	struct mnl_socket *netlink = mnl_socket_open(NETLINK_GENERIC);
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *header;
	__u16 family = 0;
	bool done;
	int error;

	memset(clones, 0, sizeof(*clones));
	if (!netlink)
		return false;
	header = message(buffer, GENL_ID_CTRL, NLM_F_ACK, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(header, CTRL_ATTR_FAMILY_NAME, FASTSOCK_GENL_NAME);
	done = mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) == 0 &&
	       netlink_talk(netlink, header, family_message, &family) &&
	       netlink_talk(netlink, message(buffer, family, NLM_F_DUMP, FASTSOCK_CMD_GET_CLONES),
		    clone_message, clones);
	error = errno;
	mnl_socket_close(netlink);
	errno = error;
	return done;
}

bool clones_have(const struct clones *clones, __u64 cookie)
{
	for (size_t i = 0; i < clones->count; i++)
		if (clones->cookies[i] == cookie)
			return true;
	return false;
}

void clones_free(struct clones *clones)
{
	free(clones->cookies);
}
