// SPDX-License-Identifier: GPL-2.0-only
/*
 * The maps by which fsctl tells the library where replies arrive, and by which
 * the library counts: see fastsock_rfd.h.  Data only.  They are an object of
 * their own because what reads them is user space: no program has to be loaded
 * for them, and programs that steer can come and go beside them.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "fastsock_rfd.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, FASTSOCK_INTERFACES);
	__type(key, __u32);
	__type(value, struct fastsock_rfd);
} rfd SEC(".maps");

/* As many as there can be CPUs: set by fsctl before loading. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fastsock_rfd_counters);
} rfd_counters SEC(".maps");
