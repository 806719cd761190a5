// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which listening socket gets a new connection: the one of the CPU that
 * received it.  One program serves every reuseport group of the machine; the
 * cookie of whichever member the kernel's lookup met first tells it the group,
 * also across network namespaces, which nothing else visible here does.
 *
 * Order, each step only when the one before found an empty slot, or one whose
 * worker is behind (fastsock_load.h: the overload valve):
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
 * The valve departs from that order in one case.  From a worker that stalls,
 * connections go to the original: whoever is idle takes them, as from a shared
 * listener.  From one that is merely crowded while a neighbour is idle they go
 * to that neighbour first.  The crowded worker watches the original, too, is
 * woken for it on the CPU that is already full, and so keeps most of what was
 * spilled there: with client and all arrivals on one of two CPUs the original
 * gave 0.77 to 0.87 of a shared listener's throughput, the neighbour 0.94 to 1.3.
 *
 * The program never drops: every way out ends at a listening socket of the
 * same group, because bpf_sk_select_reuseport() refuses any other.
 *
 * It is loaded as SELECT_OR_MIGRATE: when a socket of the group stops
 * listening, the kernel asks here for the heir of each connection in its queue.
 * The closing socket has left its slot before that, so it cannot be its own.
 *
 * Counters are per CPU and per group, loads per slot, which only its own CPU
 * looks at unless it is crowded: no line is shared on the way.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

#include "fastsock_load.h"
#include "fastsock_reasons.h"
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

/* Not for the program: here because all that is pinned is made at once. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FASTSOCK_REASONS);
	__type(key, struct fastsock_reason_key);
	__type(value, struct fastsock_reason_note);
} reasons SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct fastsock_load);
} loads SEC(".maps");

static __always_inline int select_slot(struct sk_reuseport_md *ctx, __u32 slot)
{
	return bpf_sk_select_reuseport(ctx, &slots, &slot, 0) == 0;
}

static __always_inline struct fastsock_load *load_of(__u32 slot)
{
	return bpf_map_lookup_elem(&loads, &slot);
}

/* Is any worker of another CPU much better off?  Leaves some socket selected. */
static __noinline int others_better(struct sk_reuseport_md *ctx, __u32 group, __u32 cpu, __u32 now,
				    const struct fastsock_load *load)
{
	__u32 start = (ctx->hash >> 8) % cpus, lane, i, slot;
	struct fastsock_load *other;

	for (i = 0; i < NEIGHBOURS && i < cpus; i++) {
		for (lane = 0; lane < FASTSOCK_LANES; lane++) {
			slot = fastsock_slot(group, cpus, (start + i) % cpus, lane);
			other = load_of(slot);
			if ((start + i) % cpus != cpu && other &&
			    fastsock_load_better(other, load, now) &&
			    /* A slot may be empty: nothing else tells. */
			    select_slot(ctx, slot))
				return 1;
		}
	}
	return 0;
}

static __always_inline bool select_and_count(struct sk_reuseport_md *ctx, __u32 slot)
{
	struct fastsock_load *load = load_of(slot);

	if (!load || !select_slot(ctx, slot))
		return false;
	load->selected++;
	return true;
}

/*
 * A worker of another CPU, with room if possible.  The high bits of the hash say
 * where to begin: the low ones choose the lane.
 * @crowded: only one with room, else none
 */
static __noinline int select_neighbour(struct sk_reuseport_md *ctx, __u32 group, __u32 now,
				       bool crowded)
{
	__u32 start = (ctx->hash >> 8) % cpus, here = bpf_get_smp_processor_id();
	__u32 lane, slot, i, other = FASTSOCK_NO_SLOT;
	struct fastsock_load *load;

	for (i = 0; i < NEIGHBOURS && i < cpus; i++) {
		if ((start + i) % cpus == here)
			continue;
		for (lane = 0; lane < FASTSOCK_LANES; lane++) {
			slot = fastsock_slot(group, cpus, (start + i) % cpus,
					     (ctx->hash + lane) % FASTSOCK_LANES);
			load = load_of(slot);
			if (!load || !select_slot(ctx, slot))
				continue;
			if (fastsock_load_has_room(load, now)) {
				load->selected++;
				return true;
			}
			if (other == FASTSOCK_NO_SLOT && !fastsock_load_stalled(load, now))
				other = slot;
		}
	}
	return !crowded && select_and_count(ctx, other);
}

enum choice { NONE, LOCAL, SPILLED, BEHIND };

/*
 * This CPU's lanes, the hash deciding where to begin.  BEHIND: *behind is one
 * whose worker should have no more if there is any other.
 */
static __always_inline enum choice select_local(struct sk_reuseport_md *ctx, __u32 group,
						bool spills, __u32 now, __u32 *behind)
{
	__u32 cpu = bpf_get_smp_processor_id(), lane, slot;
	enum choice choice = NONE;
	struct fastsock_load *load;

	for (lane = 0; lane < FASTSOCK_LANES; lane++) {
		slot = fastsock_slot(group, cpus, cpu, (ctx->hash + lane) % FASTSOCK_LANES);
		load = load_of(slot);
		if (!load || !select_slot(ctx, slot))
			continue;
		if (!spills) {
			load->selected++;
			return LOCAL;
		}
		if (fastsock_load_arrival(load, now))
			fastsock_load_compare(load, now,
					      others_better(ctx, group, cpu, now, load));
		if (fastsock_load_crowded(load, now) && select_neighbour(ctx, group, now, true))
			return SPILLED;
		if (fastsock_load_admits(load, now) && select_slot(ctx, slot)) {
			load->selected++;
			return LOCAL;
		}
		*behind = slot;
		choice = BEHIND;
	}
	return choice;
}

/* For workers that share another CPU (userlib/vacancy.c). */
static __always_inline void note_vacancy(__u32 group, __u32 now)
{
	struct fastsock_load *first =
		load_of(fastsock_slot(group, cpus, bpf_get_smp_processor_id(), 0));

	if (first)
		fastsock_load_unserved(first, now);
}

SEC("sk_reuseport/migrate")
int fastsock_select(struct sk_reuseport_md *ctx)
{
	__u32 zero = 0, *group, behind = FASTSOCK_NO_SLOT;
	enum choice choice = NONE;
	__u64 cookie = bpf_get_socket_cookie(ctx->sk);
	__u32 now;
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

	now = fastsock_load_time(bpf_ktime_get_coarse_ns());
	if (cfg->enabled)
		choice = select_local(ctx, *group, cfg->enabled & FASTSOCK_SPILLS, now, &behind);
	if (choice == LOCAL) {
		count->local++;
		return SK_PASS;
	}
	if (choice == SPILLED) {
		count->spilled++;
		return SK_PASS;
	}
	if (choice == NONE && cfg->enabled)
		note_vacancy(*group, now);

	if (select_slot(ctx, fastsock_original_slot(*group, cpus))) {
		if (choice == BEHIND)
			count->spilled++;
		else
			count->original++;
		return SK_PASS;
	}

	if (cfg->enabled && select_neighbour(ctx, *group, now, false)) {
		if (choice == BEHIND)
			count->spilled++;
		else
			count->neighbour++;
		return SK_PASS;
	}

	if (choice == BEHIND && select_and_count(ctx, behind))
		count->local++;
	else
		count->hashed++;
	return SK_PASS;
}
