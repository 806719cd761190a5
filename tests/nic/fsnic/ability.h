/* SPDX-License-Identifier: GPL-2.0-only */
/* What the devices can do: writable module parameters, read at each request. */
#ifndef _FSNIC_ABILITY_H
#define _FSNIC_ABILITY_H

#include <linux/types.h>

enum fsnic_ntuple { FSNIC_NTUPLE_NONE, FSNIC_NTUPLE_EXACT, FSNIC_NTUPLE_ONE, FSNIC_NTUPLE_MASKED };
enum fsnic_location { FSNIC_LOCATION_NAMED, FSNIC_LOCATION_ANY, FSNIC_LOCATION_BOTH };
enum fsnic_rss { FSNIC_RSS_SETTABLE, FSNIC_RSS_READONLY, FSNIC_RSS_HIDDEN };

enum fsnic_ntuple fsnic_ntuple(void);
enum fsnic_location fsnic_location(void);
enum fsnic_rss fsnic_rss(void);
u32 fsnic_rules_max(void);

#endif /* _FSNIC_ABILITY_H */
