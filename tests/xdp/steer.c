// SPDX-License-Identifier: GPL-2.0-only
/*
 * steer COMMAND IF: the functions of tools/xdp.h by hand, below FASTSOCK_PINS.
 *
 *	suits, probe, detach		exit status 1: stderr says why
 *	attach IF FIRST SHIFT COUNT	block i is CPU i's
 *	look				counters, one per line; status 1: not attached
 *	foreign IF [generic]		attach somebody else's program, as ip(8) would: it
 *					sends every frame to another of the first two CPUs
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xdp.h"

static const char *const names[STEER_COUNTS] = {
	[STEER_OTHER] = "other",
	[STEER_SHORT] = "short",
	[STEER_HOME] = "home",
	[STEER_MOVED] = "moved",
	[STEER_SUMMED] = "summed",
	[STEER_UNSUMMED] = "unsummed",
	[STEER_LISTENER] = "listener",
};

static int attach(unsigned int ifindex, char **argv, char *why)
{
	struct fastsock_blocks blocks = {
		.first = atoi(argv[0]), .shift = atoi(argv[1]), .count = atoi(argv[2]),
	};
	static __u16 block_of_cpu[FASTSOCK_RFD_CPUS];

	for (__u32 cpu = 0; cpu < FASTSOCK_RFD_CPUS; cpu++)
		block_of_cpu[cpu] = cpu < blocks.count ? cpu : FASTSOCK_NO_CPU;
	return xdp_attach(ifindex, &blocks, block_of_cpu, why, XDP_WHY);
}

static int look(unsigned int ifindex, char *why)
{
	struct xdp_status status;

	if (!xdp_look(ifindex, &status)) {
		strcpy(why, "not attached");
		return 0;
	}
	printf("program %u\ncompletes %d\n", status.program, status.completes);
	for (int i = 0; i < STEER_COUNTS; i++)
		printf("%s %llu\n", names[i], status.total.count[i]);
	return 1;
}

static int foreign(unsigned int ifindex, bool generic, char *why)
{
	int map = bpf_map_create(BPF_MAP_TYPE_CPUMAP, "foreign", 4, 4, 2, NULL), program;
	const struct bpf_insn code[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_smp_processor_id },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 2, .src_reg = 0 },
		{ .code = BPF_ALU64 | BPF_XOR | BPF_K, .dst_reg = 2, .imm = 1 },
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD,
		  .imm = map }, { 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int error = 0;

	for (__u32 cpu = 0, size = 512; cpu < 2; cpu++)
		error |= bpf_map_update_elem(map, &cpu, &size, 0);
	program = bpf_prog_load(BPF_PROG_TYPE_XDP, "foreign", "GPL", code,
				sizeof(code) / sizeof(*code), NULL);
	if (!error && program >= 0)
		error = bpf_xdp_attach(ifindex, program, XDP_FLAGS_UPDATE_IF_NOEXIST |
				       (generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE), NULL);
	snprintf(why, XDP_WHY, "%s", strerror(errno));
	return !error && program >= 0;
}

int main(int argc, char **argv)
{
	char why[XDP_WHY] = "(no reason)";
	unsigned int ifindex;
	int done = 0;

	if (argc < 3)
		return 2;
	/* A number is taken as it is: the interface may be gone. */
	ifindex = atoi(argv[2]) ? (unsigned int)atoi(argv[2]) : if_nametoindex(argv[2]);
	if (!strcmp(argv[1], "suits"))
		done = xdp_suits(ifindex, why, sizeof(why));
	else if (!strcmp(argv[1], "probe"))
		done = xdp_probe(ifindex, why, sizeof(why));
	else if (!strcmp(argv[1], "attach") && argc == 6)
		done = attach(ifindex, argv + 3, why);
	else if (!strcmp(argv[1], "detach"))
		done = xdp_detach(ifindex, why, sizeof(why));
	else if (!strcmp(argv[1], "look"))
		done = look(ifindex, why);
	else if (!strcmp(argv[1], "foreign"))
		done = foreign(ifindex, argc > 3, why);
	else
		return 2;
	if (!done)
		fprintf(stderr, "steer: %s\n", why);
	return !done;
}
