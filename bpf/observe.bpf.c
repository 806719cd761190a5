// SPDX-License-Identifier: GPL-2.0-only
/*
 * Locality as an outsider sees it: for each accepted connection, is the CPU
 * that accepts the one that received?  Looks at the socket that the kernel
 * hands to accept(), not at anything fastsock keeps, and works the same with
 * and without it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "observe.h"

char LICENSE[] SEC("license") = "GPL";

/* Only what is read; the loader finds the fields in the running kernel's BTF. */
struct sock_common {
	__u16 skc_num;
	int skc_incoming_cpu;
} __attribute__((preserve_access_index));

struct sock {
	struct sock_common __sk_common;
} __attribute__((preserve_access_index));

const volatile __u16 port;	/* listening port to watch */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);		/* process */
	__type(value, struct observed);
} observed SEC(".maps");

SEC("fexit/inet_csk_accept")
int observe_accept(__u64 *ctx)
{
	struct observed zero = {}, *count;
	__u32 process = bpf_get_current_pid_tgid() >> 32;
	struct sock *sk;
	__u64 result;

	/* The number of arguments differs between kernels, the result does not. */
	if (bpf_get_func_ret(ctx, &result) || !result)
		return 0;
	sk = (struct sock *)result;
	if (BPF_CORE_READ(sk, __sk_common.skc_num) != port)
		return 0;
	bpf_map_update_elem(&observed, &process, &zero, BPF_NOEXIST);
	count = bpf_map_lookup_elem(&observed, &process);
	if (!count)
		return 0;
	count->accepted++;
	if (BPF_CORE_READ(sk, __sk_common.skc_incoming_cpu) == (int)bpf_get_smp_processor_id())
		count->local++;
	return 0;
}
