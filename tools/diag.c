// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "diag.h"
#include "netlink.h"

static int take(const struct nlmsghdr *header, void *data)
{
	const struct inet_diag_msg *message = mnl_nlmsg_get_payload(header);
	struct diag *diag = data;
	struct diag_socket *more;

	more = realloc(diag->sockets, (diag->count + 1) * sizeof(*more));
	if (!more)
		return MNL_CB_ERROR;
	diag->sockets = more;
	more[diag->count++] = (struct diag_socket){
		.cookie = (__u64)message->id.idiag_cookie[1] << 32 | message->id.idiag_cookie[0],
		.family = message->idiag_family,
		.port = message->id.idiag_sport,
		.ifindex = message->id.idiag_if,
		.uid = message->idiag_uid,
		.inode = message->idiag_inode,
		.queue = message->idiag_rqueue,
		.backlog = message->idiag_wqueue,
	};
	memcpy(more[diag->count - 1].addr, message->id.idiag_src,
	       message->idiag_family == AF_INET6 ? 16 : 4);
	return MNL_CB_OK;
}

static bool dump(struct mnl_socket *netlink, int family, int protocol, int state,
		 struct diag *diag)
{
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *request;

	header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header->nlmsg_seq = time(NULL);
	request = mnl_nlmsg_put_extra_header(header, sizeof(*request));
	request->sdiag_family = family;
	request->sdiag_protocol = protocol;
	request->idiag_states = 1 << state;
	return netlink_talk(netlink, header, take, diag);
}

static bool read_all(struct diag *diag, int protocol, int state)
{
	struct mnl_socket *netlink = mnl_socket_open(NETLINK_SOCK_DIAG);
	bool done;
	int error;

	memset(diag, 0, sizeof(*diag));
	if (!netlink)
		return false;
	done = mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) == 0 &&
	       dump(netlink, AF_INET, protocol, state, diag) &&
	       dump(netlink, AF_INET6, protocol, state, diag);
	error = errno;
	mnl_socket_close(netlink);
	errno = error;
	return done;
}

bool diag_listeners(struct diag *diag)
{
	return read_all(diag, IPPROTO_TCP, TCP_LISTEN);
}

bool diag_unconnected(struct diag *diag)
{
	return read_all(diag, IPPROTO_UDP, TCP_CLOSE);
}

const struct diag_socket *diag_find(const struct diag *diag, __u64 cookie)
{
	for (size_t i = 0; i < diag->count; i++)
		if (diag->sockets[i].cookie == cookie)
			return &diag->sockets[i];
	return NULL;
}

void diag_free(struct diag *diag)
{
	free(diag->sockets);
}
