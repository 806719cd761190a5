// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "affinity.h"
#include "hazards.h"
#include "netlink.h"
#include "queues.h"

struct teller {
	void (*tell)(void *data, const char *sentence);
	void *data;
};

static void tell(const struct teller *teller, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void tell(const struct teller *teller, const char *format, ...)
{
	char sentence[512];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	teller->tell(teller->data, sentence);
}

static long read_number(const char *path)
{
	char *text = file_read(AT_FDCWD, path);
	long number = text ? atol(text) : -1;

	free(text);
	return number;
}

static bool runs(const char *program)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char path[300], *name;
	bool found = false;

	while (proc && !found && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		name = file_read(AT_FDCWD, path);
		found = name && !strcmp(name, program);
		free(name);
	}
	if (proc)
		closedir(proc);
	return found;
}

/*
 * irqbalance moves interrupts as it likes.  It takes orders over its socket, but
 * forgets them with its next start, and its configuration is the administrator's:
 * so say what to put there.
 */
static void look_irqbalance(const struct device *device, const struct teller *teller)
{
	struct queues *queues;
	char bans[256] = "";
	size_t used = 0;

	if (!runs("irqbalance"))
		return;
	queues = malloc(sizeof(*queues));
	if (!queues)
		return;
	queues_read(device, queues);
	for (unsigned int i = 0; i < queues->rx && used < sizeof(bans) - 24; i++)
		if (queues->queue[i].irq >= 0)
			used += snprintf(bans + used, sizeof(bans) - used, " --banirq=%d",
					 queues->queue[i].irq);
	if (queues->irqs)
		tell(teller, "irqbalance is running and may move the interrupts of %s: add%s to its "
		     "options (IRQBALANCE_ARGS in /etc/default/irqbalance), or stop it", device->name,
		     bans);
	free(queues);
}

static void look_rps(const struct device *device, const struct teller *teller)
{
	unsigned int count = device_queues(device, "rx"), spread = 0, flows = 0;
	char path[64], *text;

	for (unsigned int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "queues/rx-%u/rps_cpus", i);
		text = device_read(device, path);
		spread += text && !affinity_is_empty(text);
		free(text);
		snprintf(path, sizeof(path), "queues/rx-%u/rps_flow_cnt", i);
		text = device_read(device, path);
		flows += text && atol(text) > 0;
		free(text);
	}
	if (spread)
		tell(teller, "RPS spreads the packets of %u of %s's %u receive queues over other CPUs "
		     "(queues/rx-*/rps_cpus)", spread, device->name, count);
	if (flows && read_number("/proc/sys/net/core/rps_sock_flow_entries") > 0)
		tell(teller, "RFS moves the packets of %s to where applications last ran "
		     "(net.core.rps_sock_flow_entries, queues/rx-*/rps_flow_cnt)", device->name);
}

static int count_table(const struct nlmsghdr *header, void *data)
{
	(void)header;
	++*(int *)data;
	return MNL_CB_OK;
}

/* -1: cannot be asked, for want of nf_tables or of a right. */
static int nft_tables(void)
{
	struct mnl_socket *netlink = mnl_socket_open(NETLINK_NETFILTER);
	char buffer[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *request;
	int count = 0;

	if (!netlink)
		return -1;
	header->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETTABLE;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request = mnl_nlmsg_put_extra_header(header, sizeof(*request));
	request->nfgen_family = NFPROTO_UNSPEC;
	if (mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) ||
	    !netlink_talk(netlink, header, count_table, &count))
		count = -1;
	mnl_socket_close(netlink);
	return count;
}

static void look_filters(const struct teller *teller)
{
	static const char *const tables[] = {
		"/proc/net/ip_tables_names", "/proc/net/ip6_tables_names",
	};
	long tracked = read_number("/proc/sys/net/netfilter/nf_conntrack_count");
	int count = nft_tables();
	char *text;

	if (tracked > 0)
		tell(teller, "connection tracking is active (%ld entries): it costs every packet a "
		     "look-up, and source NAT may change the port that was chosen", tracked);
	if (count > 0)
		tell(teller, "nftables has %d tables, whose rules are in the path of packets", count);
	for (int i = 0; i < 2; i++) {
		text = file_read(AT_FDCWD, tables[i]);
		if (text && *text)
			tell(teller, "%s rules are in the path of every packet (tables: %s)",
			     i ? "ip6tables" : "iptables", strtok(text, "\n"));
		free(text);
	}
}

/* What receives for others' sake spreads by another hash than the device does. */
static void look_kind(const struct device *device, const struct teller *teller)
{
	static const struct {
		const char *path, *what;
	} kinds[] = {
		{ "bonding", "a bond: enable its members' ports by --mode external, or use one device" },
		{ "bridge", "a bridge" },
		{ "tun_flags", "a tap or tunnel device" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (device->directory >= 0 &&
		    !faccessat(device->directory, kinds[i].path, F_OK, 0))
			tell(teller, "%s is %s: which CPU receives is decided below it", device->name,
			     kinds[i].what);
}

void hazards_look(const struct device *device, bool hardware,
		  void (*teller)(void *data, const char *sentence), void *data)
{
	const struct teller it = { teller, data };

	if (hardware)
		look_irqbalance(device, &it);
	look_rps(device, &it);
	look_filters(&it);
	look_kind(device, &it);
}
