// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replies come home, where the NIC cannot bring them: each frame whose
 * destination port lies in a CPU's block of source ports is sent on to that CPU
 * through a cpumap, before there is an sk_buff.  Everything else passes, and so
 * does whatever this program is not sure about: a frame that is left where it
 * arrived costs speed, nothing else.
 *
 * Only replies move.  A port in a block need not be an outgoing connection's: a
 * listener may sit there.  It works all the same (cpumap delivers to the same
 * stack), but all its connections would meet on one CPU, so:
 *
 *   TCP  a SYN is nobody's reply and passes.  If it finds a listener, the port is
 *        remembered and the frames that follow pass, too.  A SYN-ACK unmarks the
 *        port: the kernel gives no connection the port of a listener, so there
 *        cannot be one any more.  Both are hints; a forged frame costs locality.
 *   UDP  the socket is looked up and must be connected.  This keeps tunnels out,
 *        too: their inner frame may have a checksum yet to be computed, which no
 *        look at the outer header can tell.
 *
 * The checksum.  A veth or virtio peer that offloads it hands over frames whose
 * checksum field holds the sum of the pseudo header alone, with a note in the
 * sk_buff (CHECKSUM_PARTIAL).  An XDP frame has no room for the note, and the
 * home CPU would drop the frame as damaged.  Such a field is recognised: any
 * other frame has that value once in 65,535, and computing again what is right
 * already changes nothing.  The sum is computed here where `complete` says so;
 * else the frame passes untouched.  `complete` is for devices that do hand over
 * such frames: elsewhere, it would make one damaged frame in 65,535 look sound.
 *
 * The same note's loss is why frames with a VLAN tag that the device took out
 * must not get here: fsctl refuses such devices.
 *
 * All constants are frozen when the program is loaded.  A change is a new program
 * that takes the old one's place at once.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <stddef.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "fastsock_rfd.h"
#include "steer.h"

char LICENSE[] SEC("license") = "GPL";

const volatile struct fastsock_blocks blocks;
const volatile __u16 cpu_of_block[FASTSOCK_RFD_CPUS];
const volatile __u8 complete;

#define VLAN_TAGS	2	/* 802.1ad around 802.1Q */
#define EXTENSIONS	4	/* IPv6 headers between the first and the transport's */
#define MAX_OFFSET	0x3fff	/* of a header; four extensions of 2 KiB fit */
#define CHUNK		256	/* of a checksum; on the stack, which has 512 bytes */
#define CHUNKS		256	/* 64 KiB: the largest IP packet */

#define TCP_FLAGS	13	/* where they are in its header */
#define TCP_SYN		0x02
#define TCP_ACK		0x10

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 1);		/* fsctl: possible CPUs */
	__type(key, __u32);
	__type(value, struct bpf_cpumap_val);
} steer_cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct steer_counters);
} steer_counters SEC(".maps");

/* A bit for each TCP port that a SYN found a listener on. */
__u64 listening[65536 / 64];

/* What a frame's headers say. */
struct packet {
	__u32 offset;			/* of the transport header */
	__u32 length;			/* of that and its data */
	__u32 pseudo;			/* sum of the addresses */
	__u16 port;			/* destination */
	__be16 check;
	__u8 protocol;
	__u8 ip6;
	__u8 flags;			/* of TCP */
	struct bpf_sock_tuple tuple;
};

/*
 * @length bytes at @offset: in place, or copied to @copy where they are not in the
 * first buffer of a frame of several.  NULL: the frame ends before.
 */
static __always_inline void *header(struct xdp_md *ctx, __u32 offset, void *copy, __u32 length)
{
	void *in_place;

	/* The verifier wants a bound that it can add to a pointer. */
	barrier_var(offset);
	if (offset > MAX_OFFSET)
		return NULL;
	in_place = (void *)(long)ctx->data + offset;
	if (in_place + length <= (void *)(long)ctx->data_end)
		return in_place;
	return bpf_xdp_load_bytes(ctx, offset, copy, length) ? NULL : copy;
}

/* One's complement sums do not care where in a sum a carry is added. */
static __always_inline __u32 add_words(__u32 sum, const __be32 *words, int count)
{
	for (int i = 0; i < count; i++)
		sum += (words[i] & 0xffff) + (words[i] >> 16);
	return sum;
}

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* -1, or what to count the frame as, if it is not to be steered. */
static __always_inline int parse_ip4(struct xdp_md *ctx, struct packet *packet)
{
	struct iphdr copy, *ip = header(ctx, packet->offset, &copy, sizeof(copy));
	__u32 total, length;

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return STEER_SHORT;
	if (ip->frag_off & bpf_htons(0x3fff))
		return STEER_OTHER;
	total = bpf_ntohs(ip->tot_len);
	length = ip->ihl * 4;
	if (total < length)
		return STEER_SHORT;
	packet->offset += length;
	packet->length = total - length;
	packet->protocol = ip->protocol;
	packet->tuple.ipv4.saddr = ip->saddr;
	packet->tuple.ipv4.daddr = ip->daddr;
	packet->pseudo = add_words(0, &packet->tuple.ipv4.saddr, 2);
	return -1;
}

/*
 * Routing headers, fragments and whatever else is unknown pass: with a routing
 * header, the pseudo header has another destination.
 */
static __always_inline int parse_ip6(struct xdp_md *ctx, struct packet *packet)
{
	struct ipv6hdr copy, *ip = header(ctx, packet->offset, &copy, sizeof(copy));
	struct ipv6_opt_hdr small, *extension;
	__u32 length;

	if (!ip || ip->version != 6)
		return STEER_SHORT;
	packet->offset += sizeof(*ip);
	packet->length = bpf_ntohs(ip->payload_len);
	packet->protocol = ip->nexthdr;
	__builtin_memcpy(packet->tuple.ipv6.saddr, &ip->saddr, 32);
	packet->ip6 = 1;
	packet->pseudo = add_words(0, packet->tuple.ipv6.saddr, 8);

	for (int i = 0; i < EXTENSIONS; i++) {
		if (packet->protocol != IPPROTO_HOPOPTS && packet->protocol != IPPROTO_DSTOPTS)
			return -1;
		extension = header(ctx, packet->offset, &small, sizeof(small));
		if (!extension)
			return STEER_SHORT;
		length = (extension->hdrlen + 1) * 8;
		if (packet->length < length)
			return STEER_SHORT;
		packet->protocol = extension->nexthdr;
		packet->offset += length;
		packet->length -= length;
	}
	return -1;
}

static __always_inline int parse(struct xdp_md *ctx, struct packet *packet)
{
	struct ethhdr ethernet_copy, *ethernet;
	__be16 type, tag_copy[2], *tag;

	ethernet = header(ctx, 0, &ethernet_copy, sizeof(ethernet_copy));
	if (!ethernet)
		return STEER_SHORT;
	type = ethernet->h_proto;
	packet->offset = sizeof(*ethernet);
	for (int i = 0; i < VLAN_TAGS; i++) {
		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		tag = header(ctx, packet->offset, tag_copy, sizeof(tag_copy));
		if (!tag)
			return STEER_SHORT;
		type = tag[1];
		packet->offset += sizeof(tag_copy);
	}
	if (type == bpf_htons(ETH_P_IP))
		return parse_ip4(ctx, packet);
	if (type == bpf_htons(ETH_P_IPV6))
		return parse_ip6(ctx, packet);
	return STEER_OTHER;
}

static __always_inline void take_ports(struct packet *packet, __be16 source, __be16 dest)
{
	packet->port = bpf_ntohs(dest);
	if (packet->ip6) {
		packet->tuple.ipv6.sport = source;
		packet->tuple.ipv6.dport = dest;
	} else {
		packet->tuple.ipv4.sport = source;
		packet->tuple.ipv4.dport = dest;
	}
}

/*
 * All that is wanted of these headers is read where their length was checked:
 * 6.1's verifier forgets between two looks at the protocol what it implied.
 */
static __always_inline int parse_transport(struct xdp_md *ctx, struct packet *packet)
{
	struct tcphdr tcp_copy, *tcp;
	struct udphdr udp_copy, *udp;

	if (packet->offset + packet->length > bpf_xdp_get_buff_len(ctx))
		return STEER_SHORT;
	switch (packet->protocol) {
	case IPPROTO_TCP:
		tcp = header(ctx, packet->offset, &tcp_copy, sizeof(tcp_copy));
		if (!tcp || packet->length < sizeof(*tcp))
			return STEER_SHORT;
		take_ports(packet, tcp->source, tcp->dest);
		packet->check = tcp->check;
		packet->flags = ((__u8 *)tcp)[TCP_FLAGS];
		return -1;
	case IPPROTO_UDP:
		udp = header(ctx, packet->offset, &udp_copy, sizeof(udp_copy));
		if (!udp || packet->length < sizeof(*udp))
			return STEER_SHORT;
		take_ports(packet, udp->source, udp->dest);
		packet->check = udp->check;
		return -1;
	}
	return STEER_OTHER;
}

/* Would the stack find a socket in this state?  Takes no reference that lasts. */
static __always_inline int socket_is(struct xdp_md *ctx, struct packet *packet, __u32 state)
{
	__u32 size = packet->ip6 ? sizeof(packet->tuple.ipv6) : sizeof(packet->tuple.ipv4);
	struct bpf_sock *sk;
	int is;

	if (packet->protocol == IPPROTO_TCP)
		sk = bpf_sk_lookup_tcp(ctx, &packet->tuple, size, BPF_F_CURRENT_NETNS, 0);
	else
		sk = bpf_sk_lookup_udp(ctx, &packet->tuple, size, BPF_F_CURRENT_NETNS, 0);
	if (!sk)
		return 0;
	is = sk->state == state;
	bpf_sk_release(sk);
	return is;
}

static __always_inline int tcp_is_reply(struct xdp_md *ctx, struct packet *packet)
{
	__u32 port = packet->port, flags = packet->flags;
	__u64 bit = 1ull << (port & 63), *word;

	/* 6.1's verifier does not know that swapped bytes are still 16 bits. */
	barrier_var(port);
	word = &listening[port / 64 & 1023];
	if (!(flags & TCP_SYN))
		return !(*word & bit);
	if (flags & TCP_ACK) {
		if (*word & bit)
			__sync_fetch_and_and(word, ~bit);
		return 1;
	}
	if (!(*word & bit) && socket_is(ctx, packet, BPF_TCP_LISTEN))
		__sync_fetch_and_or(word, bit);
	return 0;
}

/* Where the computation of a checksum has got to. */
struct summing {
	struct xdp_md *ctx;
	__u32 offset;
	__u32 left;
	__s64 sum;
};

/* Called by bpf_loop(): the verifier would walk through every turn of a loop here. */
static int sum_chunk(__u32 turn, struct summing *summing)
{
	__u32 part = summing->left;
	__u8 bytes[CHUNK + sizeof(__be32)];	/* sums are of whole words */

	(void)turn;
	if (!part)
		return 1;
	if (part < CHUNK)
		__builtin_memset(bytes, 0, sizeof(bytes));
	else
		part = CHUNK;
	/* 6.1's verifier learns neither bound from a comparison. */
	barrier_var(part);
	part = ((part - 1) & (CHUNK - 1)) + 1;
	if (bpf_xdp_load_bytes(summing->ctx, summing->offset, bytes, part))
		return 1;
	summing->sum = bpf_csum_diff(NULL, 0, (__be32 *)bytes, (part + 3) & 0x1fc,
				     summing->sum);
	summing->offset += part;
	summing->left -= part;
	return 0;
}

/*
 * The field holds the pseudo header's sum, so the sum of all bytes is the
 * checksum.  False: nothing was changed.
 */
static __always_inline int complete_checksum(struct xdp_md *ctx, const struct packet *packet)
{
	struct summing summing = {
		.ctx = ctx, .offset = packet->offset, .left = packet->length,
	};
	__u32 field = packet->offset;
	__u16 check;

	bpf_loop(CHUNKS, sum_chunk, &summing, 0);
	if (summing.left)
		return 0;
	check = ~fold(summing.sum);
	if (packet->protocol == IPPROTO_TCP) {
		field += offsetof(struct tcphdr, check);
	} else {
		field += offsetof(struct udphdr, check);
		check = check ? check : 0xffff;		/* 0 says that there is none */
	}
	return bpf_xdp_store_bytes(ctx, field, &check, sizeof(check)) == 0;
}

static __always_inline int steer(struct xdp_md *ctx, enum steer_count *count,
				 int *summed)
{
	struct fastsock_blocks ports = {
		.first = blocks.first, .shift = blocks.shift, .count = blocks.count,
	};
	struct packet packet = {};
	int parsed, unsummed, udp;
	__u32 block, cpu;

	parsed = parse(ctx, &packet);
	if (parsed < 0)
		parsed = parse_transport(ctx, &packet);
	if (parsed >= 0) {
		*count = parsed;
		return XDP_PASS;
	}
	udp = packet.protocol == IPPROTO_UDP;

	block = fastsock_block_of(&ports, packet.port);
	if (block >= FASTSOCK_RFD_CPUS)
		return XDP_PASS;
	cpu = cpu_of_block[block];
	if (cpu == FASTSOCK_NO_CPU)
		return XDP_PASS;

	/* Also at home: what a SYN says here counts for frames on other CPUs. */
	*count = STEER_LISTENER;
	if (!udp && !tcp_is_reply(ctx, &packet))
		return XDP_PASS;
	*count = STEER_HOME;
	if (cpu == bpf_get_smp_processor_id())
		return XDP_PASS;
	*count = STEER_LISTENER;
	if (udp && !socket_is(ctx, &packet, BPF_TCP_ESTABLISHED))
		return XDP_PASS;

	*count = STEER_UNSUMMED;
	unsummed = packet.check == fold(packet.pseudo + bpf_htons(packet.length) +
				 bpf_htons(packet.protocol));
	if (unsummed && !complete)
		return XDP_PASS;
	/* Allowed over IPv4 only, and then there is nothing to be computed. */
	if (udp && !packet.check && packet.ip6)
		return XDP_PASS;

	/* First where to, then the sum: a frame that passes must keep its note's meaning. */
	if (bpf_redirect_map(&steer_cpus, cpu, XDP_PASS) != XDP_REDIRECT)
		return XDP_PASS;
	if (unsummed && !complete_checksum(ctx, &packet))
		return XDP_PASS;
	*count = STEER_MOVED;
	*summed = unsummed;
	return XDP_REDIRECT;
}

SEC("xdp.frags")
int fastsock_steer(struct xdp_md *ctx)
{
	enum steer_count count = STEER_OTHER;
	struct steer_counters *counters;
	int action, summed = 0;
	__u32 zero = 0;

	action = steer(ctx, &count, &summed);
	counters = bpf_map_lookup_elem(&steer_counters, &zero);
	if (counters && count < STEER_COUNTS) {
		counters->count[count]++;
		counters->count[STEER_SUMMED] += summed;
	}
	return action;
}
