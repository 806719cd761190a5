// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which program a reuseport group has: no system call tells, and attaching ours
 * would silently drop another.  An iterator over the sockets of one network
 * namespace; it runs when fsctl reads it and changes nothing.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "attached.h"

char LICENSE[] SEC("license") = "GPL";

/* Only what is read; the loader finds the fields in the running kernel's BTF. */
struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_prog_aux {
	__u32 id;
	char name[16];
} __attribute__((preserve_access_index));

struct bpf_prog {
	struct bpf_prog_aux *aux;
} __attribute__((preserve_access_index));

struct sock_reuseport {
	struct bpf_prog *prog;
} __attribute__((preserve_access_index));

typedef struct {
	long long counter;
} atomic64_t;

struct sock_common {
	unsigned char skc_state;
	atomic64_t skc_cookie;
} __attribute__((preserve_access_index));

struct sock {
	struct sock_common __sk_common;
	struct sock_reuseport *sk_reuseport_cb;
} __attribute__((preserve_access_index));

struct udp_sock;

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
} __attribute__((preserve_access_index));

struct bpf_iter__udp {
	struct bpf_iter_meta *meta;
	struct udp_sock *udp_sk;
} __attribute__((preserve_access_index));

#define LISTEN	10	/* TCP_LISTEN; UDP sockets without a peer are in TCP_CLOSE */
#define CLOSE	7

static __always_inline int tell(struct seq_file *seq, struct sock *sk, unsigned char state)
{
	struct attached attached = {};
	struct bpf_prog *prog;

	if (BPF_CORE_READ(sk, __sk_common.skc_state) != state)
		return 0;
	attached.cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	prog = BPF_CORE_READ(sk, sk_reuseport_cb, prog);
	if (prog) {
		attached.id = BPF_CORE_READ(prog, aux, id);
		BPF_CORE_READ_INTO(&attached.name, prog, aux, name);
		if (!attached.name[0])
			attached.name[0] = '?';
	}
	bpf_seq_write(seq, &attached, sizeof(attached));
	return 0;
}

SEC("iter/tcp")
int attached_tcp(struct bpf_iter__tcp *ctx)
{
	struct sock_common *sk = ctx->sk_common;

	return sk ? tell(ctx->meta->seq, (struct sock *)sk, LISTEN) : 0;
}

SEC("iter/udp")
int attached_udp(struct bpf_iter__udp *ctx)
{
	struct udp_sock *sk = ctx->udp_sk;

	return sk ? tell(ctx->meta->seq, (struct sock *)sk, CLOSE) : 0;
}
