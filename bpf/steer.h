/* SPDX-License-Identifier: GPL-2.0-only */
/* What steer.bpf.c counts on each CPU. Every frame counts once, except "summed". */
#ifndef FASTSOCK_STEER_H
#define FASTSOCK_STEER_H

#include <linux/types.h>

enum steer_count {
	STEER_OTHER,		/* not a reply that has a home: other protocols, ports, fragments */
	STEER_SHORT,		/* ends before its headers say, or they make no sense */
	STEER_HOME,		/* a reply that arrived on its CPU */
	STEER_MOVED,		/* a reply sent on to its CPU */
	STEER_SUMMED,		/* of the moved: the checksum was computed here */
	STEER_UNSUMMED,		/* a reply left where it is, its checksum is not computed */
	STEER_LISTENER,		/* for somebody who did not connect: a listener in the range */
	STEER_COUNTS
};

struct steer_counters {
	__u64 count[STEER_COUNTS];
};

#endif
