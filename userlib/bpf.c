// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf.h"

static int call(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int on_element(int command, int map, const void *key, const void *value, __u64 flags)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = map;
	attr.key = (uintptr_t)key;
	attr.value = (uintptr_t)value;
	attr.flags = flags;
	return call(command, &attr);
}

int bpf_open(const char *path)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.pathname = (uintptr_t)path;
	return call(BPF_OBJ_GET, &attr);
}

int bpf_read(int map, const void *key, void *value)
{
	return on_element(BPF_MAP_LOOKUP_ELEM, map, key, value, 0);
}

int bpf_write(int map, const void *key, const void *value, __u64 flags)
{
	return on_element(BPF_MAP_UPDATE_ELEM, map, key, value, flags);
}

int bpf_delete(int map, const void *key)
{
	return on_element(BPF_MAP_DELETE_ELEM, map, key, NULL, 0);
}

int bpf_next(int map, const void *key, void *next)
{
	return on_element(BPF_MAP_GET_NEXT_KEY, map, key, next, 0);
}

__u32 bpf_id(int fd)
{
	/* Programs and maps both have the id second, behind the type. */
	struct {
		__u32 type;
		__u32 id;
	} info = { 0 };
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	return call(BPF_OBJ_GET_INFO_BY_FD, &attr) < 0 ? 0 : info.id;
}
