// SPDX-License-Identifier: GPL-2.0-only
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
