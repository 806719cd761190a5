// SPDX-License-Identifier: GPL-2.0-only
/*
 * locality CGROUP [N]: counts one connection in N (16) of the cgroup of that directory
 * (locality.bpf.c), until standard input ends.  Prints "ok" when it counts; answers each
 * line with
 *
 *	PASSIVE LOCAL ACTIVE LOCAL
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "locality.h"
#include "locality.skel.h"

static void print_counts(int map)
{
	int cpus = libbpf_num_possible_cpus();
	struct locality each[cpus], sum = { 0 };
	__u32 zero = 0;

	if (!bpf_map_lookup_elem(map, &zero, each))
		for (int cpu = 0; cpu < cpus; cpu++) {
			sum.passive += each[cpu].passive;
			sum.passive_local += each[cpu].passive_local;
			sum.active += each[cpu].active;
			sum.active_local += each[cpu].active_local;
		}
	printf("%llu %llu %llu %llu\n", sum.passive, sum.passive_local, sum.active,
	       sum.active_local);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int one_in = argc > 2 ? atoi(argv[2]) : 16;
	struct locality_bpf *locality;
	char line[16];
	int cgroup;

	if (argc < 2 || argc > 3 || one_in < 1) {
		fprintf(stderr, "usage: locality CGROUP [N]\n");
		return 2;
	}
	cgroup = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup < 0) {
		perror(argv[1]);
		return 1;
	}
	locality = locality_bpf__open();
	if (locality)
		locality->rodata->one_in = one_in;
	if (!locality || locality_bpf__load(locality) ||
	    bpf_prog_attach(bpf_program__fd(locality->progs.locality_of), cgroup,
			    BPF_CGROUP_SOCK_OPS, 0)) {
		perror("locality: attach");
		return 1;
	}
	printf("ok\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		print_counts(bpf_map__fd(locality->maps.counts));
	bpf_prog_detach2(bpf_program__fd(locality->progs.locality_of), cgroup,
			 BPF_CGROUP_SOCK_OPS);
	return 0;
}
