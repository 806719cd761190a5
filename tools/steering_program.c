// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "steering_program.h"

/*
 * Frames that may wait for a CPU.  As many as a burst of a full NAPI poll from
 * each of dozens of queues; beyond, they are dropped, as netdev_max_backlog does.
 */
#define QUEUE 4096

static bool online(__u32 cpu)
{
	char path[64], state = '1';
	FILE *file;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
	file = fopen(path, "re");
	/* A CPU that cannot go has no such file. */
	if (file) {
		state = fgetc(file);
		fclose(file);
	}
	return state != '0';
}

static bool add_cpus(struct steer_bpf *steer, __u32 cpus)
{
	struct bpf_cpumap_val value = { .qsize = QUEUE };
	__u32 cpu;

	for (__u32 block = 0; block < FASTSOCK_RFD_CPUS; block++) {
		cpu = steer->rodata->cpu_of_block[block];
		if (cpu < cpus && bpf_map_update_elem(bpf_map__fd(steer->maps.steer_cpus), &cpu,
						      &value, 0))
			return false;
	}
	return true;
}

struct steer_bpf *steer_load(const struct fastsock_blocks *blocks, const __u16 *block_of_cpu,
			     bool complete, char *why, size_t size)
{
	int cpus = libbpf_num_possible_cpus(), used = 0;
	struct steer_bpf *steer = steer_bpf__open();
	__u16 *cpu_of_block;

	if (cpus <= 0 || !steer) {
		snprintf(why, size, "cannot prepare the steering program: %s", strerror(errno));
		steer_bpf__destroy(steer);
		return NULL;
	}
	cpu_of_block = (__u16 *)steer->rodata->cpu_of_block;
	memset(cpu_of_block, 0xff, sizeof(steer->rodata->cpu_of_block));
	memcpy((void *)&steer->rodata->blocks, blocks, sizeof(*blocks));
	steer->rodata->complete = complete;
	for (int cpu = 0; cpu < cpus && cpu < (int)FASTSOCK_RFD_CPUS; cpu++) {
		__u16 block = block_of_cpu[cpu];

		if (block >= blocks->count || block >= FASTSOCK_RFD_CPUS ||
		    cpu_of_block[block] != FASTSOCK_NO_CPU || !online(cpu))
			continue;
		cpu_of_block[block] = cpu;
		used++;
	}
	bpf_map__set_max_entries(steer->maps.steer_cpus, cpus);
	if (!used)
		snprintf(why, size, "none of the CPUs that have ports is online");
	else if (steer_bpf__load(steer) || !add_cpus(steer, cpus))
		snprintf(why, size, "cannot load the steering program: %s (CAP_BPF, CAP_NET_ADMIN and "
			 "CAP_SYS_ADMIN are needed)", strerror(errno));
	else
		return steer;
	steer_bpf__destroy(steer);
	return NULL;
}

static void add_up(int map, struct steer_counters *total)
{
	int cpus = libbpf_num_possible_cpus();
	struct steer_counters *each = calloc(cpus > 0 ? cpus : 1, sizeof(*each));
	__u32 zero = 0;

	if (each && cpus > 0 && bpf_map_lookup_elem(map, &zero, each) == 0)
		for (int cpu = 0; cpu < cpus; cpu++)
			for (int i = 0; i < STEER_COUNTS; i++)
				total->count[i] += each[cpu].count[i];
	free(each);
}

void steer_count(__u32 program, struct steer_counters *total)
{
	struct bpf_prog_info info = { 0 };
	__u32 length = sizeof(info), maps[8];
	int fd = bpf_prog_get_fd_by_id(program);

	info.nr_map_ids = sizeof(maps) / sizeof(*maps);
	info.map_ids = (__u64)(unsigned long)maps;
	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &length))
		info.nr_map_ids = 0;
	for (__u32 i = 0; i < info.nr_map_ids && i < sizeof(maps) / sizeof(*maps); i++) {
		struct bpf_map_info map = { 0 };
		int map_fd = bpf_map_get_fd_by_id(maps[i]);

		length = sizeof(map);
		if (map_fd < 0)
			continue;
		if (bpf_obj_get_info_by_fd(map_fd, &map, &length) == 0 &&
		    !strcmp(map.name, "steer_counters"))
			add_up(map_fd, total);
		close(map_fd);
	}
	if (fd >= 0)
		close(fd);
}
