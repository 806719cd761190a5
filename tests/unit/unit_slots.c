// SPDX-License-Identifier: GPL-2.0-only
/* The slot arithmetic that the BPF program, the library and fsctl share. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "fastsock_slots.h"

static int count, failed;

static void verdict(bool good, const char *what)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++count, what);
	failed += !good;
}

/* Every (group, CPU, lane) and every original has a slot of its own, none is left over. */
static bool slots__are_a_bijection(__u32 groups, __u32 cpus)
{
	__u32 all = fastsock_slots(groups, cpus), taken = 0;
	char *seen = calloc(all, 1);
	bool good = true;

	for (__u32 group = 0; group < groups; group++) {
		for (__u32 cpu = 0; cpu < cpus; cpu++)
			for (__u32 lane = 0; lane < FASTSOCK_LANES; lane++) {
				__u32 slot = fastsock_slot(group, cpus, cpu, lane);

				good = good && slot < all && !seen[slot]++;
				taken++;
			}
		good = good && fastsock_original_slot(group, cpus) < all &&
		       !seen[fastsock_original_slot(group, cpus)]++;
		taken++;
	}
	free(seen);
	return good && taken == all;
}

static bool slot_cpu__is_the_inverse(__u32 groups, __u32 cpus)
{
	for (__u32 group = 0; group < groups; group++) {
		for (__u32 cpu = 0; cpu < cpus; cpu++)
			for (__u32 lane = 0; lane < FASTSOCK_LANES; lane++)
				if (fastsock_slot_cpu(fastsock_slot(group, cpus, cpu, lane), cpus) != cpu)
					return false;
		if (fastsock_slot_cpu(fastsock_original_slot(group, cpus), cpus) != cpus)
			return false;
	}
	return true;
}

static bool row__is_contiguous(__u32 cpus)
{
	for (__u32 group = 0; group < FASTSOCK_GROUPS; group++)
		if (fastsock_slot(group, cpus, 0, 0) != group * fastsock_row(cpus) ||
		    fastsock_original_slot(group, cpus) != (group + 1) * fastsock_row(cpus) - 1)
			return false;
	return true;
}

int main(void)
{
	static const __u32 cpus[] = { 1, 2, 3, 4, 64, 127, 256, 1024, 8192 };
	bool unique = true, inverse = true, contiguous = true;

	for (size_t i = 0; i < sizeof(cpus) / sizeof(*cpus); i++) {
		unique = unique && slots__are_a_bijection(FASTSOCK_GROUPS, cpus[i]);
		inverse = inverse && slot_cpu__is_the_inverse(FASTSOCK_GROUPS, cpus[i]);
		contiguous = contiguous && row__is_contiguous(cpus[i]);
	}
	verdict(unique, "slots__are_a_bijection: 1 to 8192 CPUs");
	verdict(inverse, "slot_cpu__is_the_inverse");
	verdict(contiguous, "row__is_contiguous");
	verdict(fastsock_slots(FASTSOCK_GROUPS, 8192) < FASTSOCK_NO_SLOT,
		"slots__fit: the largest machine stays below FASTSOCK_NO_SLOT");
	printf("1..%d\n", count);
	return failed != 0;
}
