/* SPDX-License-Identifier: GPL-2.0-only */
/* Ranges of local ports in this network namespace. */
#ifndef FSCTL_PORTS_H
#define FSCTL_PORTS_H

#include <linux/types.h>
#include <stdbool.h>

struct ports {
	__u32 lo, hi;
};

/* net.ipv4.ip_local_port_range, which is IPv6's, too; false: told. */
bool ports_local(struct ports *ports);

/* LO-HI as a user gave it: 0 or EXIT_USAGE (told). */
int ports_parse(struct ports *ports, const char *text);

/* The kernel ignores a range outside of its own without a word: 0 or EXIT_FAILURE (told). */
int ports_check(const struct ports *ports);

#endif
