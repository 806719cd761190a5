/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs of reuseport groups, as the kernel has them. */
#ifndef FSCTL_ATTACHED_H
#define FSCTL_ATTACHED_H

#include <stdbool.h>
#include <stddef.h>

#include "../bpf/attached.h"

struct attached_list {
	struct attached *sockets;
	size_t count;
};

/**
 * attached_read() - of this network namespace's sockets
 * @protocol: IPPROTO_TCP or IPPROTO_UDP
 *
 * Return: false when this kernel cannot tell (it has no BTF or no BPF iterators).
 */
bool attached_read(struct attached_list *list, int protocol);
const struct attached *attached_find(const struct attached_list *list, __u64 cookie);
void attached_free(struct attached_list *list);

#endif
