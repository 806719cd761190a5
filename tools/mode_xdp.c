// SPDX-License-Identifier: GPL-2.0-only
/*
 * xdp: the steering program sends each reply to the CPU of its block.  Software, so
 * each packet that has to move costs an interrupt of another CPU: the last choice.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mode.h"
#include "xdp.h"

static bool possible(struct attempt *attempt)
{
	return attempt->saved || attempt->planned ?
	       xdp_suits(attempt->device.ifindex, attempt->why, sizeof(attempt->why)) :
	       xdp_probe(attempt->device.ifindex, attempt->why, sizeof(attempt->why));
}

static bool describe(struct attempt *attempt)
{
	struct xdp_status status;

	if (!attempt->planned && !xdp_look(attempt->device.ifindex, &status))
		return mode_fails(attempt, "the steering program is not attached");
	return mode_make_blocks(attempt, &attempt->wanted->cpus);
}

static bool apply(struct attempt *attempt)
{
	if (!mode_make_blocks(attempt, &attempt->wanted->cpus))
		return false;
	if (attempt->planned) {
		printf("  would attach the steering program\n");
		return true;
	}
	return xdp_attach(attempt->device.ifindex, &attempt->entry.blocks,
			  attempt->entry.block_of_cpu, attempt->why, sizeof(attempt->why));
}

static bool undo(struct attempt *attempt)
{
	return xdp_detach(attempt->device.ifindex, attempt->why, sizeof(attempt->why));
}

const struct mode mode_xdp = {
	.name = "xdp",
	.layout = MODE_SOFTWARE,
	.automatic = true,
	.possible = possible,
	.apply = apply,
	.describe = describe,
	.undo = undo,
};
