/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _FSNIC_DIRECTOR_H
#define _FSNIC_DIRECTOR_H

#include <linux/ethtool.h>

#include "flow.h"
#include "nic.h"

/* What fsnic_director_find() says besides a queue's number. */
#define FSNIC_NO_RULE	(-1)
#define FSNIC_DISCARD	(-2)

int fsnic_director_create(struct fsnic *nic);
void fsnic_director_destroy(struct fsnic *nic);
int fsnic_director_find(const struct fsnic_rules *rules, const struct fsnic_flow *flow);

int fsnic_director_insert(struct fsnic *nic, struct ethtool_rx_flow_spec *spec);
int fsnic_director_delete(struct fsnic *nic, u32 location);
int fsnic_director_flush(struct fsnic *nic);
int fsnic_director_get(struct fsnic *nic, struct ethtool_rx_flow_spec *spec);
int fsnic_director_list(struct fsnic *nic, struct ethtool_rxnfc *info, u32 *locations);
u32 fsnic_director_count(struct fsnic *nic);
bool fsnic_director_fits(struct fsnic *nic, unsigned int channels);

#endif /* _FSNIC_DIRECTOR_H */
