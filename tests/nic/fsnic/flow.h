/* SPDX-License-Identifier: GPL-2.0-only */
/* What the device reads of a packet, and of a rule. */
#ifndef _FSNIC_FLOW_H
#define _FSNIC_FLOW_H

#include <linux/skbuff.h>

/* The first 36 bytes, as they lie, are what an IPv6 packet is hashed by. */
struct fsnic_tuple {
	__be32	saddr[4];	/* IPv4: the first */
	__be32	daddr[4];
	__be16	sport;
	__be16	dport;
};

struct fsnic_flow {
	struct fsnic_tuple	tuple;
	u8			version;	/* 4, 6, or 0: neither */
	u8			proto;		/* 0: not seen */
	bool			ports;		/* TCP or UDP, and not a fragment */
};

void fsnic_flow_read(const struct sk_buff *skb, struct fsnic_flow *flow);

#endif /* _FSNIC_FLOW_H */
