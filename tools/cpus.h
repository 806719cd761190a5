/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of CPUs, as the kernel writes them: 0-3,8. */
#ifndef FSCTL_CPUS_H
#define FSCTL_CPUS_H

#include <linux/types.h>
#include <stdbool.h>

#include "fastsock_rfd.h"

struct cpus {
	__u32 count;
	__u16 cpu[FASTSOCK_RFD_CPUS];	/* ascending */
};

/* Those that are online, of the first FASTSOCK_RFD_CPUS; false: told. */
bool cpus_online(struct cpus *cpus);

/* A list that a user gave: 0, EXIT_USAGE or, where one is not online, EXIT_FAILURE; told. */
int cpus_parse(struct cpus *cpus, const char *list);

/* As text for the state, and back: also those that have gone offline since. */
#define CPUS_TEXT 3072
const char *cpus_text(const struct cpus *cpus, char text[CPUS_TEXT]);
bool cpus_again(struct cpus *cpus, const char *text);

#endif
