// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one CPU has to do with another's: locks that somebody holds, packets
 * that are freed elsewhere than they were made.  Needs a kernel with tracing.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "crossings.h"

char LICENSE[] SEC("license") = "GPL";

struct sk_buff {
	__u16 alloc_cpu;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct crossings);
} counts SEC(".maps");

static __always_inline struct crossings *here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&counts, &zero);
}

static __always_inline int is_remote(struct sk_buff *skb)
{
	return BPF_CORE_READ(skb, alloc_cpu) != bpf_get_smp_processor_id();
}

SEC("tp_btf/contention_begin")
int crossings_contended(__u64 *ctx)
{
	struct crossings *count = here();

	(void)ctx;
	if (count)
		count->contended++;
	return 0;
}

/* Whatever way a packet goes that is not handed back in batches ends here. */
SEC("fentry/__kfree_skb")
int crossings_freed(__u64 *ctx)
{
	struct crossings *count = here();

	if (!count)
		return 0;
	count->frees++;
	count->remote += is_remote((struct sk_buff *)ctx[0]);
	return 0;
}

/* Called for the reader's packets; keeps only those of other CPUs. */
SEC("fentry/skb_attempt_defer_free")
int crossings_deferred(__u64 *ctx)
{
	struct crossings *count = here();

	if (count)
		count->sent_home += is_remote((struct sk_buff *)ctx[0]);
	return 0;
}
