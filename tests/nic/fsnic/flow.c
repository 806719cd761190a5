// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parser: Ethernet, up to two VLAN tags, IPv4 and IPv6, TCP and UDP.  As in
 * common hardware fragments have no ports, and neither has anything behind an
 * IPv6 extension header.
 */
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/ip.h>

#include "flow.h"

#define FSNIC_TAGS	2

static void fsnic_flow_ports(const struct sk_buff *skb, int offset, struct fsnic_flow *flow)
{
	__be16 buffer[2];
	const __be16 *ports;

	if (flow->proto != IPPROTO_TCP && flow->proto != IPPROTO_UDP)
		return;
	ports = skb_header_pointer(skb, offset, sizeof(buffer), buffer);
	if (!ports)
		return;
	flow->tuple.sport = ports[0];
	flow->tuple.dport = ports[1];
	flow->ports = true;
}

static void fsnic_flow_ipv4(const struct sk_buff *skb, int offset, struct fsnic_flow *flow)
{
	const struct iphdr *ip;
	struct iphdr buffer;

	ip = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (!ip || ip->version != 4 || ip->ihl < 5)
		return;
	flow->version = 4;
	flow->proto = ip->protocol;
	flow->tuple.saddr[0] = ip->saddr;
	flow->tuple.daddr[0] = ip->daddr;
	if (!ip_is_fragment(ip))
		fsnic_flow_ports(skb, offset + ip->ihl * 4, flow);
}

static void fsnic_flow_ipv6(const struct sk_buff *skb, int offset, struct fsnic_flow *flow)
{
	const struct ipv6hdr *ip;
	struct ipv6hdr buffer;

	ip = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (!ip || ip->version != 6)
		return;
	flow->version = 6;
	flow->proto = ip->nexthdr;
	memcpy(flow->tuple.saddr, &ip->saddr, sizeof(ip->saddr));
	memcpy(flow->tuple.daddr, &ip->daddr, sizeof(ip->daddr));
	fsnic_flow_ports(skb, offset + sizeof(*ip), flow);
}

/**
 * fsnic_flow_read() - parse a packet
 * @skb: packet, its data at the Ethernet header, linear or not
 * @flow: all of it is written
 */
void fsnic_flow_read(const struct sk_buff *skb, struct fsnic_flow *flow)
{
	const struct ethhdr *eth;
	struct ethhdr buffer;
	int offset = ETH_HLEN, tags;
	__be16 type;

	memset(flow, 0, sizeof(*flow));
	eth = skb_header_pointer(skb, 0, sizeof(buffer), &buffer);
	if (!eth)
		return;
	type = eth->h_proto;
	for (tags = 0; tags < FSNIC_TAGS && eth_type_vlan(type); tags++) {
		const struct vlan_hdr *tag;
		struct vlan_hdr tag_buffer;

		tag = skb_header_pointer(skb, offset, sizeof(tag_buffer), &tag_buffer);
		if (!tag)
			return;
		type = tag->h_vlan_encapsulated_proto;
		offset += VLAN_HLEN;
	}
	if (type == htons(ETH_P_IP))
		fsnic_flow_ipv4(skb, offset, flow);
	else if (type == htons(ETH_P_IPV6))
		fsnic_flow_ipv6(skb, offset, flow);
}
