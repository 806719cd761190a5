// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "netlink.h"
#include "uppers.h"

struct search {
	unsigned int ifindex;
	unsigned int master;
	char vlan[IFNAMSIZ];
};

/* What one link's message says. */
struct seen {
	const char *name;
	const char *kind;
	unsigned int below;
	unsigned int master;
	bool below_elsewhere;		/* in another namespace, by its numbers */
};

static int take_kind(const struct nlattr *attribute, void *data)
{
	struct seen *seen = data;

	if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND)
		seen->kind = mnl_attr_get_str(attribute);
	return MNL_CB_OK;
}

static int take_attribute(const struct nlattr *attribute, void *data)
{
	struct seen *seen = data;

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_IFNAME:
		seen->name = mnl_attr_get_str(attribute);
		break;
	case IFLA_LINK:
		seen->below = mnl_attr_get_u32(attribute);
		break;
	case IFLA_LINK_NETNSID:
		seen->below_elsewhere = true;
		break;
	case IFLA_MASTER:
		seen->master = mnl_attr_get_u32(attribute);
		break;
	case IFLA_LINKINFO:
		return mnl_attr_parse_nested(attribute, take_kind, seen);
	}
	return MNL_CB_OK;
}

static int take_link(const struct nlmsghdr *header, void *data)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(header);
	struct search *search = data;
	struct seen seen = { .name = "", .kind = "" };

	if (mnl_attr_parse(header, sizeof(*link), take_attribute, &seen) < 0)
		return MNL_CB_ERROR;
	if (link->ifi_index == (int)search->ifindex)
		search->master = seen.master;
	if (seen.below == search->ifindex && !seen.below_elsewhere && !strcmp(seen.kind, "vlan"))
		snprintf(search->vlan, IFNAMSIZ, "%s", seen.name);
	return MNL_CB_OK;
}

static bool look(struct search *search)
{
	struct mnl_socket *netlink = mnl_socket_open(NETLINK_ROUTE);
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *link;
	bool whole;
	int error;

	if (!netlink)
		return false;
	header->nlmsg_type = RTM_GETLINK;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	link = mnl_nlmsg_put_extra_header(header, sizeof(*link));
	link->ifi_family = AF_UNSPEC;
	whole = mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) == 0 &&
		netlink_talk(netlink, header, take_link, search);
	error = errno;
	mnl_socket_close(netlink);
	errno = error;
	return whole;
}

/* A dump that links came and went in is cut short (EINTR), and begun anew. */
bool uppers_read(unsigned int ifindex, struct uppers *uppers)
{
	struct search search;
	bool whole = false;

	for (int tries = 0; !whole && tries < 20; tries++) {
		search = (struct search){ .ifindex = ifindex };
		whole = look(&search);
		if (!whole && errno != EINTR)
			return false;
	}
	memset(uppers, 0, sizeof(*uppers));
	snprintf(uppers->vlan, IFNAMSIZ, "%s", search.vlan);
	if (search.master && !if_indextoname(search.master, uppers->master))
		snprintf(uppers->master, IFNAMSIZ, "interface %u", search.master);
	return whole;
}
