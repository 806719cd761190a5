/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The few bpf(2) calls the library needs.  Not libbpf: a preloaded library
 * must not bring others, allocate, or print.  Each returns what bpf(2) does:
 * -1 with errno on failure.
 */
#ifndef FASTSOCK_BPF_H
#define FASTSOCK_BPF_H

#include <linux/types.h>

int bpf_open(const char *path);
int bpf_read(int map, const void *key, void *value);
int bpf_write(int map, const void *key, const void *value, __u64 flags);
int bpf_delete(int map, const void *key);
int bpf_next(int map, const void *key, void *next);

/* The kernel's number of a map or program, 0 when @fd is neither. */
__u32 bpf_id(int fd);

#endif
