// SPDX-License-Identifier: GPL-2.0-only
/*
 * nic IFACE...: models a NIC with a queue for each CPU in front of these devices
 * (nic.bpf.c), until standard input ends.  A line there says how it places
 * packets, and is answered with "ok":
 *
 *	rss			by flow hash
 *	only CPU		everything on one CPU
 *	blocks FIRST LAST COUNT	destination ports by block, the rest by flow hash
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nic.h"
#include "nic.skel.h"

#define QUEUE	4096	/* packets that may wait for a CPU */
#define DEVICES	16

static int die(const char *what, int error)
{
	fprintf(stderr, "nic: %s: %s\n", what, strerror(-error));
	return 1;
}

static int place(int map, const char *line, __u32 queues)
{
	struct nic nic = { .queues = queues };
	unsigned int first, last, count, only, zero = 0;

	if (sscanf(line, "only %u", &only) == 1 && only < queues)
		nic.only = only + 1;
	else if (sscanf(line, "blocks %u %u %u", &first, &last, &count) == 3) {
		if (count > queues || fastsock_blocks_make(&nic.blocks, first, last, count))
			return -1;
	} else if (strcmp(line, "rss\n")) {
		return -1;
	}
	return bpf_map_update_elem(map, &zero, &nic, BPF_ANY);
}

int main(int argc, char **argv)
{
	__u32 cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct bpf_cpumap_val queue = { .qsize = QUEUE };
	struct nic_bpf *nic;
	char line[128];
	int error;

	if (argc < 2 || argc > DEVICES) {
		fprintf(stderr, "usage: nic IFACE...\n");
		return 2;
	}
	nic = nic_bpf__open();
	if (!nic)
		return 1;
	bpf_map__set_max_entries(nic->maps.cpus, cpus);
	error = nic_bpf__load(nic);
	if (error)
		return die("load", error);
	for (__u32 cpu = 0; cpu < cpus; cpu++) {
		error = bpf_map_update_elem(bpf_map__fd(nic->maps.cpus), &cpu, &queue, BPF_ANY);
		if (error)
			return die("a CPU's queue", error);
	}
	place(bpf_map__fd(nic->maps.config), "rss\n", cpus);
	for (int i = 1; i < argc; i++) {
		error = bpf_xdp_attach(if_nametoindex(argv[i]),
				       bpf_program__fd(nic->progs.nic_place),
				       XDP_FLAGS_DRV_MODE, NULL);
		if (error)
			return die(argv[i], error);
	}
	printf("ok\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (place(bpf_map__fd(nic->maps.config), line, cpus)) {
			fprintf(stderr, "nic: cannot do: %s", line);
			return 1;
		}
		printf("ok\n");
		fflush(stdout);
	}
	for (int i = 1; i < argc; i++)
		bpf_xdp_detach(if_nametoindex(argv[i]), XDP_FLAGS_DRV_MODE, NULL);
	nic_bpf__destroy(nic);
	return 0;
}
