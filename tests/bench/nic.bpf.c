// SPDX-License-Identifier: GPL-2.0-only
/*
 * A NIC with a queue for each CPU, modelled in front of a veth device: every TCP
 * packet goes to the CPU that its flow's hash names (RSS), or to that of its
 * destination port's block where the NIC was given blocks (flow director).  All
 * of that by cpumap, whichever way was chosen, so that every mode pays the same.
 *
 * The hash is not Toeplitz; nothing here depends on which one it is.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "nic.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_cpumap_val);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct nic);
} config SEC(".maps");

static __always_inline __u32 mix(__u32 hash, __u32 word)
{
	hash = (hash ^ word) * 0x9e3779b1;
	return hash ^ hash >> 15;
}

SEC("xdp")
int nic_place(struct xdp_md *ctx)
{
	void *at = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 zero = 0, hash = 0, block, cpu, i;
	struct nic *nic = bpf_map_lookup_elem(&config, &zero);
	struct ethhdr *eth = at;
	struct tcphdr *tcp;

	at += sizeof(*eth);
	if (!nic || !nic->queues || at > end)
		return XDP_PASS;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = at;

		if ((void *)(ip + 1) > end || ip->protocol != IPPROTO_TCP || ip->ihl != 5)
			return XDP_PASS;
		hash = mix(mix(hash, ip->saddr), ip->daddr);
		tcp = (void *)(ip + 1);
	} else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = at;

		if ((void *)(ip + 1) > end || ip->nexthdr != IPPROTO_TCP)
			return XDP_PASS;
		for (i = 0; i < 4; i++)
			hash = mix(mix(hash, ip->saddr.in6_u.u6_addr32[i]),
				   ip->daddr.in6_u.u6_addr32[i]);
		tcp = (void *)(ip + 1);
	} else {
		return XDP_PASS;
	}
	if ((void *)(tcp + 1) > end)
		return XDP_PASS;
	hash = mix(hash, (__u32)tcp->source << 16 | tcp->dest);

	block = fastsock_block_of(&nic->blocks, bpf_ntohs(tcp->dest));
	if (nic->only)
		cpu = nic->only - 1;
	else if (block != FASTSOCK_NO_BLOCK)
		cpu = block;
	else
		cpu = (hash >> 16) % nic->queues;
	return bpf_redirect_map(&cpus, cpu, XDP_PASS);
}
