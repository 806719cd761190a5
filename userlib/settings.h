/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What the environment asks for.  Each knob has a reason:
 *
 *   FASTSOCK=auto     (default) accelerate what can be, run the rest as it is
 *   FASTSOCK=off      do nothing at all: the quick way back without a restart
 *                     of whatever sets LD_PRELOAD
 *   FASTSOCK=strict   refuse to listen (EOPNOTSUPP) where fastsock is not
 *                     enabled, for those who would rather notice than be slow
 *   FASTSOCK_PIN=1|0  whether a worker that may run on several CPUs is pinned
 *                     to the one whose listener it gets (default 1)
 *   FASTSOCK_RFD=1|0  whether outgoing connections get a source port whose
 *                     replies arrive on their CPU (default 1): for programs to
 *                     which a port of the kernel's own choice means something
 *   FASTSOCK_UDP=1|0  whether a datagram goes to the socket of the CPU that
 *                     receives it, where each worker has one by SO_REUSEPORT
 *                     (default 0): the kernel's hash leaves a flow with one
 *                     worker, which DNS does not need and QUIC does
 */
#ifndef FASTSOCK_SETTINGS_H
#define FASTSOCK_SETTINGS_H

#include <stdbool.h>

struct settings {
	bool off;
	bool strict;
	bool pin;
	bool rfd;
	bool udp;
};

extern struct settings settings;

void settings_read(void);

#endif
