// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generic netlink family "fastsock": a dump of the live clones of the network
 * namespace that the asking socket is in.
 *
 * Lifetime: the core holds a reference to the module for as long as a dump is
 * open, so the state in cb->ctx may outlive one system call but not the code.
 * Process numbers are translated at the time of reading, for the reader.
 */
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "fastsock.h"
#include "netlink.h"
#include "registry.h"

struct fs_netlink_dump {
	struct sk_buff		*skb;
	struct netlink_callback	*cb;
};

static struct genl_family fs_netlink_family;

/* Called with the registry's mutex held. */
static int fs_netlink_put(const struct fs_entry *entry, void *arg)
{
	struct pid_namespace *ns = task_active_pid_ns(current);
	struct fs_netlink_dump *dump = arg;
	struct sk_buff *skb = dump->skb;
	void *msg;

	msg = genlmsg_put(skb, NETLINK_CB(dump->cb->skb).portid,
			  dump->cb->nlh->nlmsg_seq, &fs_netlink_family,
			  NLM_F_MULTI, FASTSOCK_CMD_GET_CLONES);
	if (!msg)
		return -EMSGSIZE;

	if (nla_put_u64_64bit(skb, FASTSOCK_A_COOKIE, entry->cookie, FASTSOCK_A_PAD) ||
	    nla_put_u64_64bit(skb, FASTSOCK_A_ORIGINAL, entry->original, FASTSOCK_A_PAD) ||
	    nla_put_u32(skb, FASTSOCK_A_CPU, entry->cpu) ||
	    nla_put_u32(skb, FASTSOCK_A_PID, pid_nr_ns(entry->pid, ns)) ||
	    nla_put_u32(skb, FASTSOCK_A_TID, pid_nr_ns(entry->tid, ns)) ||
	    nla_put_string(skb, FASTSOCK_A_COMM, entry->comm)) {
		genlmsg_cancel(skb, msg);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, msg);
	return 0;
}

static int fs_netlink_get_clones(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct fs_netlink_dump dump = { .skb = skb, .cb = cb };
	int err;

	BUILD_BUG_ON(sizeof(struct fs_registry_cursor) > sizeof(cb->ctx));

	err = fs_registry_walk(sock_net(skb->sk), (void *)cb->ctx, fs_netlink_put, &dump);
	/* A full buffer ends this part only: the caller comes back for more. */
	return err && !skb->len ? err : skb->len;
}

static const struct genl_small_ops fs_netlink_ops[] = {
	{
		.cmd	= FASTSOCK_CMD_GET_CLONES,
		.flags	= GENL_UNS_ADMIN_PERM,
		.dumpit	= fs_netlink_get_clones,
	},
};

static struct genl_family fs_netlink_family __ro_after_init = {
	.name		= FASTSOCK_GENL_NAME,
	.version	= FASTSOCK_GENL_VERSION,
	.maxattr	= FASTSOCK_A_MAX,
	.netnsok	= true,
	.module		= THIS_MODULE,
	.small_ops	= fs_netlink_ops,
	.n_small_ops	= ARRAY_SIZE(fs_netlink_ops),
	.resv_start_op	= FASTSOCK_CMD_MAX + 1,
};

int __init fs_netlink_init(void)
{
	return genl_register_family(&fs_netlink_family);
}

void fs_netlink_exit(void)
{
	genl_unregister_family(&fs_netlink_family);
}
