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

static int clone_attribute(const struct nlattr *attribute, void *data)
{
	struct clone *clone = data;

	switch (mnl_attr_get_type(attribute)) {
	case FASTSOCK_A_COOKIE:
		clone->cookie = mnl_attr_get_u64(attribute);
		break;
	case FASTSOCK_A_PID:
		clone->pid = mnl_attr_get_u32(attribute);
		break;
	case FASTSOCK_A_TID:
		clone->tid = mnl_attr_get_u32(attribute);
		break;
	}
	return MNL_CB_OK;
}

static int clone_message(const struct nlmsghdr *header, void *data)
{
	struct clones *clones = data;
	struct clone *more;

	more = realloc(clones->clones, (clones->count + 1) * sizeof(*more));
	if (!more)
		return MNL_CB_ERROR;
	clones->clones = more;
	more[clones->count] = (struct clone){ 0 };
	return mnl_attr_parse(header, sizeof(struct genlmsghdr), clone_attribute,
			      &more[clones->count++]);
}

bool clones_read(struct clones *clones)
{
	struct mnl_socket *netlink = mnl_socket_open(NETLINK_GENERIC);
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	__u16 family;
	bool done;
	int error;

	memset(clones, 0, sizeof(*clones));
	if (!netlink)
		return false;
	done = mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) == 0 &&
	       (family = netlink_family(netlink, FASTSOCK_GENL_NAME)) &&
	       netlink_talk(netlink, netlink_generic(buffer, family, NLM_F_DUMP,
						     FASTSOCK_CMD_GET_CLONES, FASTSOCK_GENL_VERSION),
			    clone_message, clones);
	error = errno;
	mnl_socket_close(netlink);
	errno = error;
	return done;
}

const struct clone *clones_find(const struct clones *clones, __u64 cookie)
{
	for (size_t i = 0; i < clones->count; i++)
		if (clones->clones[i].cookie == cookie)
			return &clones->clones[i];
	return NULL;
}

void clones_free(struct clones *clones)
{
	free(clones->clones);
}
