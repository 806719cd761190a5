/* SPDX-License-Identifier: GPL-2.0-only */
/* The module's generic netlink dump, read with plain sockets. Include util.h first. */
#ifndef FS_TEST_GENL_H
#define FS_TEST_GENL_H

#include <linux/genetlink.h>
#include <linux/netlink.h>

struct seen {
	uint64_t	cookie, original;
	uint32_t	cpu, pid, tid;
	char		comm[16];
};

struct genl_request {
	struct nlmsghdr		nl;
	struct genlmsghdr	genl;
	char			attrs[64];
};

static void genl_send(int nl, int type, int flags, int cmd, const char *family)
{
	struct genl_request request = {
		.nl.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
		.nl.nlmsg_type = type,
		.nl.nlmsg_flags = NLM_F_REQUEST | flags,
		.genl.cmd = cmd,
		.genl.version = 1,
	};

	if (family) {
		struct nlattr *name = (void *)request.attrs;

		name->nla_type = CTRL_ATTR_FAMILY_NAME;
		name->nla_len = NLA_HDRLEN + strlen(family) + 1;
		strcpy((char *)name + NLA_HDRLEN, family);
		request.nl.nlmsg_len += NLA_ALIGN(name->nla_len);
	}
	must(send(nl, &request, request.nl.nlmsg_len, 0));
}

static void genl_clone(const struct nlmsghdr *msg, struct seen *seen)
{
	const char *at = (const char *)NLMSG_DATA(msg) + GENL_HDRLEN;
	const char *end = (const char *)msg + msg->nlmsg_len;

	memset(seen, 0, sizeof(*seen));
	while (at < end) {
		const struct nlattr *attr = (const void *)at;
		const void *value = at + NLA_HDRLEN;

		switch (attr->nla_type) {
		case FASTSOCK_A_COOKIE: memcpy(&seen->cookie, value, 8); break;
		case FASTSOCK_A_ORIGINAL: memcpy(&seen->original, value, 8); break;
		case FASTSOCK_A_CPU: memcpy(&seen->cpu, value, 4); break;
		case FASTSOCK_A_PID: memcpy(&seen->pid, value, 4); break;
		case FASTSOCK_A_TID: memcpy(&seen->tid, value, 4); break;
		case FASTSOCK_A_COMM: snprintf(seen->comm, sizeof(seen->comm), "%s",
					       (const char *)value); break;
		}
		at += NLA_ALIGN(attr->nla_len);
	}
}

/*
 * Dump the clones of the current namespace into @list. Their number, or a
 * negative error; -ENOENT when there is no such family.
 */
static int genl_dump(struct seen *list, int max)
{
	static char buf[65536];
	int nl = must(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC));
	int family = -ENOENT, n = 0, len;
	struct nlmsghdr *msg = (void *)buf;

	genl_send(nl, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY, FASTSOCK_GENL_NAME);
	len = must(recv(nl, buf, sizeof(buf), 0));
	if (msg->nlmsg_type == NLMSG_ERROR) {
		n = ((struct nlmsgerr *)NLMSG_DATA(msg))->error;
		goto out;
	}
	for (char *at = (char *)NLMSG_DATA(msg) + GENL_HDRLEN; at < buf + len;
	     at += NLA_ALIGN(((struct nlattr *)at)->nla_len))
		if (((struct nlattr *)at)->nla_type == CTRL_ATTR_FAMILY_ID)
			family = *(uint16_t *)(at + NLA_HDRLEN);

	genl_send(nl, family, NLM_F_DUMP, FASTSOCK_CMD_GET_CLONES, NULL);
	for (;;) {
		len = must(recv(nl, buf, sizeof(buf), 0));
		for (msg = (void *)buf; NLMSG_OK(msg, (unsigned int)len); msg = NLMSG_NEXT(msg, len)) {
			if (msg->nlmsg_type == NLMSG_ERROR) {
				n = ((struct nlmsgerr *)NLMSG_DATA(msg))->error;
				goto out;
			}
			if (msg->nlmsg_type == NLMSG_DONE)
				goto out;
			if (n < max)
				genl_clone(msg, &list[n]);
			n++;
		}
	}
out:
	close(nl);
	return n;
}

#endif /* FS_TEST_GENL_H */
