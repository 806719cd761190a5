// SPDX-License-Identifier: GPL-2.0-only
/*
 * observe PORT: counts accepted connections on PORT until standard input ends,
 * then prints a line for each process and one for all:
 *
 *	PID ACCEPTED LOCAL
 *	all ACCEPTED LOCAL
 *
 * Prints "ready" first, when it counts.  Exit status 1 when it cannot.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "observe.h"
#include "observe.skel.h"

static void print_counts(struct observe_bpf *observe)
{
	int map = bpf_map__fd(observe->maps.observed), cpus = libbpf_num_possible_cpus();
	struct observed each[cpus], all = { 0 };
	__u32 process, *from = NULL;

	while (!bpf_map_get_next_key(map, from, &process)) {
		struct observed sum = { 0 };

		from = &process;
		if (bpf_map_lookup_elem(map, &process, each))
			continue;
		for (int cpu = 0; cpu < cpus; cpu++) {
			sum.accepted += each[cpu].accepted;
			sum.local += each[cpu].local;
		}
		printf("%u %llu %llu\n", process, sum.accepted, sum.local);
		all.accepted += sum.accepted;
		all.local += sum.local;
	}
	printf("all %llu %llu\n", all.accepted, all.local);
}

int main(int argc, char **argv)
{
	struct observe_bpf *observe;
	char rest[64];
	int port = argc == 2 ? atoi(argv[1]) : 0;

	if (port < 1 || port > 65535) {
		fprintf(stderr, "usage: observe PORT (1 to 65535)\n");
		return 2;
	}
	observe = observe_bpf__open();
	if (!observe)
		return 1;
	observe->rodata->port = port;
	if (observe_bpf__load(observe) || observe_bpf__attach(observe)) {
		fprintf(stderr, "observe: cannot trace inet_csk_accept: no BTF, or not root?\n");
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	while (read(STDIN_FILENO, rest, sizeof(rest)) > 0)
		;
	print_counts(observe);
	observe_bpf__destroy(observe);
	return 0;
}
