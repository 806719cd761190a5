// SPDX-License-Identifier: GPL-2.0-only
/*
 * crossings: counts on the whole machine (crossings.bpf.c) until standard input
 * ends.  Prints "ok" when it counts; answers each line with
 *
 *	CONTENDED FREES REMOTE SENT_HOME
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>

#include "crossings.h"
#include "crossings.skel.h"

int main(void)
{
	int cpus = libbpf_num_possible_cpus();
	struct crossings each[cpus];
	struct crossings_bpf *crossings = crossings_bpf__open_and_load();
	__u32 zero = 0;
	char line[16];

	if (!crossings || crossings_bpf__attach(crossings)) {
		fprintf(stderr, "crossings: this kernel cannot be traced\n");
		return 1;
	}
	printf("ok\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		struct crossings sum = { 0 };

		if (bpf_map_lookup_elem(bpf_map__fd(crossings->maps.counts), &zero, each))
			return 1;
		for (int cpu = 0; cpu < cpus; cpu++) {
			sum.contended += each[cpu].contended;
			sum.frees += each[cpu].frees;
			sum.remote += each[cpu].remote;
			sum.sent_home += each[cpu].sent_home;
		}
		printf("%llu %llu %llu %llu\n", sum.contended, sum.frees, sum.remote,
		       sum.sent_home);
		fflush(stdout);
	}
	crossings_bpf__destroy(crossings);
	return 0;
}
