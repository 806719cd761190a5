// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which listening socket gets a new connection: the one of the CPU that
 * received it.  One program serves every reuseport group of the machine; the
 * cookie of whichever member the kernel's lookup met first tells it the group,
 * also across network namespaces, which nothing else visible here does.
 *
 * Order, each step only when the one before found an empty slot:
 *
 *   1. this CPU's lanes, from one that the connection's hash picks, so that two
 *      workers on one CPU share it evenly;
 *   2. the original socket, which all workers watch, also those that could not
 *      have a local listener.  Before the neighbours, because otherwise a few
 *      workers with a local listener get everything and the others starve:
 *      seen with HAProxy, two threads, one of them served: of 46,855 connections
 *      that the other's CPU received, all but 6 went to the first;
 *   3. a neighbour, where there is no original (the server opened a socket for
 *      each worker): a few CPUs from a hashed start, so that the connections of
 *      a dead worker's CPU do not all land on the same survivor;
 *   4. SK_PASS without a choice: the kernel hashes over the group.
 *
 * The program never drops: every way out ends at a listening socket of the
 * same group, because bpf_sk_select_reuseport() refuses any other.
 *
 * It is loaded as SELECT_OR_MIGRATE: when a socket of the group stops
 * listening, the kernel asks here for the heir of each connection in its queue.
 * The closing socket has left its slot before that, so it cannot be its own.
 *
 * Counters are per CPU and per group: no line is shared on the way.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "fastsock_slots.h"

char LICENSE[] SEC("license") = "GPL";

/* Set by fsctl before loading; sizes of the maps likewise. */
const volatile __u32 cpus = 1;

/* How many CPUs are tried for a neighbour; bounds the cost of a SYN. */
#define NEIGHBOURS 8

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fastsock_config);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FASTSOCK_GROUPS);
	__type(key, __u32);
	__type(value, struct fastsock_group);
} groups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u32);
} members SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, FASTSOCK_GROUPS);
	__type(key, __u32);
	__type(value, struct fastsock_counters);
} counters SEC(".maps");

static __always_inline int select_slot(struct sk_reuseport_md *ctx, __u32 slot)
{
	return bpf_sk_select_reuseport(ctx, &slots, &slot, 0) == 0;
}

/* Any lane of one CPU, the hash deciding where to begin. */
static __always_inline int select_cpu(struct sk_reuseport_md *ctx, __u32 group, __u32 cpu)
{
	__u32 lane;

	for (lane = 0; lane < FASTSOCK_LANES; lane++)
		if (select_slot(ctx, fastsock_slot(group, cpus, cpu,
						   (ctx->hash + lane) % FASTSOCK_LANES)))
			return 1;
	return 0;
}

SEC("sk_reuseport/migrate")
int fastsock_select(struct sk_reuseport_md *ctx)
{
	__u64 cookie = bpf_get_socket_cookie(ctx->sk);
	__u32 zero = 0, cpu, start, i, *group;
	struct fastsock_counters *count;
	struct fastsock_config *cfg;

	group = bpf_map_lookup_elem(&members, &cookie);
	if (!group)
		return SK_PASS;
	count = bpf_map_lookup_elem(&counters, group);
	cfg = bpf_map_lookup_elem(&config, &zero);
	if (!count || !cfg)
		return SK_PASS;

	if (ctx->migrating_sk)
		count->migrated++;

	if (!cfg->enabled)
		goto original;

	cpu = bpf_get_smp_processor_id();
	if (select_cpu(ctx, *group, cpu)) {
		count->local++;
		return SK_PASS;
	}

original:
	if (select_slot(ctx, fastsock_original_slot(*group, cpus))) {
		count->original++;
		return SK_PASS;
	}

	/* The high bits: the low ones have chosen the lane. */
	start = (ctx->hash >> 8) % cpus;
	for (i = 0; cfg->enabled && i < NEIGHBOURS && i < cpus; i++) {
		if (select_cpu(ctx, *group, (start + i) % cpus)) {
			count->neighbour++;
			return SK_PASS;
		}
	}

	count->hashed++;
	return SK_PASS;
}
