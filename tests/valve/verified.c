// SPDX-License-Identifier: GPL-2.0-only
/* How big the pinned selection program is: what each SYN may cost at most. */
#include <bpf/bpf.h>
#include <err.h>
#include <stdio.h>

#include "fastsock_slots.h"

int main(void)
{
	struct bpf_prog_info info = { 0 };
	__u32 length = sizeof(info);
	int fd = bpf_obj_get(FASTSOCK_PINS "/select");

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &length))
		err(1, FASTSOCK_PINS "/select");
	printf("select: %u bytes of instructions, %u verified, %u jited\n", info.xlated_prog_len,
	       info.verified_insns, info.jited_prog_len);
	return 0;
}
