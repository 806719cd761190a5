// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locality on any kernel, also one without tracing, and from outside of both
 * the server and fastsock: the TCP stack calls this for the sockets of a cgroup.
 *
 *	passive	local when the CPU that received the last packet of the handshake
 *		is the one that the server closes the connection on
 *	active	local when the CPU that called connect() is the one that received
 *		the answer to its SYN
 *
 * close() and connect() run in the process's own context, so theirs is the
 * worker's CPU.  One connection in so many is looked at; the others cost a few
 * instructions, in every mode the same.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "locality.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 one_in = 16;	/* set before loading */

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);		/* CPU + 1 */
} began_on SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct locality);
} counts SEC(".maps");

static __always_inline int note(struct bpf_sock_ops *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	__u32 *cpu;

	if (!sk || bpf_get_prandom_u32() % one_in)
		return 0;
	cpu = bpf_sk_storage_get(&began_on, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (!cpu)
		return 0;
	*cpu = bpf_get_smp_processor_id() + 1;
	return 1;
}

SEC("sockops")
int locality_of(struct bpf_sock_ops *ctx)
{
	struct locality *count;
	struct bpf_sock *sk;
	__u32 zero = 0, *cpu;
	int local;

	switch (ctx->op) {
	case BPF_SOCK_OPS_TCP_CONNECT_CB:
		note(ctx);
		return 1;
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		if (note(ctx))
			bpf_sock_ops_cb_flags_set(ctx, BPF_SOCK_OPS_STATE_CB_FLAG);
		return 1;
	case BPF_SOCK_OPS_STATE_CB:
		if (ctx->args[1] != BPF_TCP_FIN_WAIT1 && ctx->args[1] != BPF_TCP_LAST_ACK)
			return 1;
		break;
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
		break;
	default:
		return 1;
	}

	sk = ctx->sk;
	cpu = sk ? bpf_sk_storage_get(&began_on, sk, NULL, 0) : NULL;
	count = bpf_map_lookup_elem(&counts, &zero);
	if (!cpu || !count)
		return 1;
	local = *cpu == bpf_get_smp_processor_id() + 1;
	if (ctx->op == BPF_SOCK_OPS_STATE_CB) {
		count->passive++;
		count->passive_local += local;
	} else {
		count->active++;
		count->active_local += local;
	}
	return 1;
}
