/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _FSNIC_HASH_H
#define _FSNIC_HASH_H

#include <linux/ethtool.h>
#include <linux/skbuff.h>

#include "compat.h"
#include "flow.h"
#include "nic.h"

/* Flow types whose ports may be hashed or not. */
enum { FSNIC_TCP4, FSNIC_UDP4, FSNIC_TCP6, FSNIC_UDP6, FSNIC_TYPES };

#define FSNIC_KEY_MAX	52
#define FSNIC_TABLE_MAX	2048

extern unsigned int fsnic_key_size;
extern unsigned int fsnic_table_size;

int fsnic_hash_check(void);
int fsnic_hash_create(struct fsnic *nic);
void fsnic_hash_destroy(struct fsnic *nic);
u32 fsnic_hash_flow(const struct fsnic_hash *hash, const struct fsnic_flow *flow,
		    enum pkt_hash_types *type);
unsigned int fsnic_hash_queue(const struct fsnic_hash *hash, u32 value);

int fsnic_hash_get(struct fsnic *nic, struct ethtool_rxfh_param *param);
int fsnic_hash_set(struct fsnic *nic, const struct ethtool_rxfh_param *param);
bool fsnic_hash_ports(struct fsnic *nic, unsigned int type);
int fsnic_hash_set_ports(struct fsnic *nic, unsigned int type, bool ports);
int fsnic_hash_spread(struct fsnic *nic, unsigned int channels);

#endif /* _FSNIC_HASH_H */
