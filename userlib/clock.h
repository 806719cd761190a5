/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef FASTSOCK_CLOCK_H
#define FASTSOCK_CLOCK_H

#include <linux/types.h>
#include <time.h>

static inline __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

#endif
