/* SPDX-License-Identifier: GPL-2.0-only */
/* What is built on top of a network interface, as far as this namespace shows. */
#ifndef FSCTL_UPPERS_H
#define FSCTL_UPPERS_H

#include <net/if.h>
#include <stdbool.h>

struct uppers {
	char master[IFNAMSIZ];	/* the bridge, bond or other device whose port it is, or "" */
	char vlan[IFNAMSIZ];	/* one of the VLAN devices on it, or "" */
};

/* false with errno: it cannot be told. */
bool uppers_read(unsigned int ifindex, struct uppers *uppers);

#endif
