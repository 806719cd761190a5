// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <dirent.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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
		.inode = message->idiag_inode,
		.queue = message->idiag_rqueue,
		.backlog = message->idiag_wqueue,
	};
	return MNL_CB_OK;
}

static bool dump(struct mnl_socket *netlink, int family, struct diag *diag)
{
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *request;

	header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header->nlmsg_seq = time(NULL);
	request = mnl_nlmsg_put_extra_header(header, sizeof(*request));
	request->sdiag_family = family;
	request->sdiag_protocol = IPPROTO_TCP;
	request->idiag_states = 1 << TCP_LISTEN;
	return netlink_talk(netlink, header, take, diag);
}

bool diag_listeners(struct diag *diag)
{
	struct mnl_socket *netlink = mnl_socket_open(NETLINK_SOCK_DIAG);
	bool done;

	memset(diag, 0, sizeof(*diag));
	if (!netlink)
		return false;
	done = mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) == 0 &&
	       dump(netlink, AF_INET, diag) && dump(netlink, AF_INET6, diag);
	mnl_socket_close(netlink);
	return done;
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

static bool holds(const char *pid, const char *wanted)
{
	char path[512], target[64];
	struct dirent *entry;
	bool found = false;
	DIR *directory;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	directory = opendir(path);
	if (!directory)
		return false;
	while (!found && (entry = readdir(directory))) {
		length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		found = !strcmp(target, wanted);
	}
	closedir(directory);
	return found;
}

bool diag_owner(unsigned int inode, int *pid, char *comm, size_t size)
{
	DIR *proc = opendir("/proc");
	char wanted[64], path[512];
	struct dirent *entry;
	bool found = false;
	FILE *file;

	if (!proc)
		return false;
	snprintf(wanted, sizeof(wanted), "socket:[%u]", inode);
	while (!found && (entry = readdir(proc))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    !holds(entry->d_name, wanted))
			continue;
		*pid = atoi(entry->d_name);
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		found = fgets(comm, size, file) != NULL;
		comm[strcspn(comm, "\n")] = '\0';
		fclose(file);
	}
	closedir(proc);
	return found;
}
