/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is asked of a device by the ethtool ioctl: channels, receive side scaling,
 * flow rules.  All return false with errno; EOPNOTSUPP: the driver cannot.
 */
#ifndef FSCTL_ETHTOOL_H
#define FSCTL_ETHTOOL_H

#include <linux/ethtool.h>
#include <stdbool.h>

#include "device.h"

#define RSS_TABLE_MOST	8192u
#define RSS_KEY_MOST	256u

/* The kernel has these in its own headers only, or in later ones than 6.1's. */
#define RSS_HASH_TOEPLITZ	1u
#define RSS_HASH_XOR		2u
#define RSS_HASH_CRC32		4u
#define RSS_XFRM_SYM_XOR	1u

struct rss {
	__u32 entries;			/* of the indirection table; 0: none to be read */
	__u32 key_size;			/* 0: none to be read */
	__u8 hash;			/* one of RSS_HASH_*; 0: not told */
	__u8 transform;			/* of the input; RSS_XFRM_* */
	__u8 key[RSS_KEY_MOST];
	__u32 table[RSS_TABLE_MOST];	/* entry -> queue */
};

/* Any request; @request begins with its number. */
bool ethtool_ask(const struct device *device, void *request);

bool ethtool_rss(const struct device *device, struct rss *rss);
bool ethtool_set_rss_table(const struct device *device, const struct rss *rss);

/* To the default one; @rss: what there is, for all else of it stays. */
bool ethtool_reset_rss_table(const struct device *device, const struct rss *rss);
const char *ethtool_hash_name(__u8 hash);

/* Which fields are hashed for a flow type: RXH_* */
bool ethtool_hash_fields(const struct device *device, __u32 flow, __u64 *fields);
bool ethtool_set_hash_fields(const struct device *device, __u32 flow, __u64 fields);

/* Receive queues that a hash may choose; 0 when the driver does not tell. */
__u32 ethtool_rx_rings(const struct device *device);

/* Flow rules: how many there are, how many can be, whether the driver picks the place. */
struct rule_table {
	__u32 used;
	__u32 size;
	bool driver_picks;
	__u32 *places;		/* of those there are; to be freed */
};

bool ethtool_rules(const struct device *device, struct rule_table *table);
bool ethtool_rule(const struct device *device, __u32 place, struct ethtool_rx_flow_spec *rule);
bool ethtool_insert_rule(const struct device *device, const struct ethtool_rx_flow_spec *rule);
bool ethtool_delete_rule(const struct device *device, __u32 place);

/* ETH_FLAG_*, of which ETH_FLAG_NTUPLE matters here. */
bool ethtool_flags(const struct device *device, __u32 *flags);
bool ethtool_set_flags(const struct device *device, __u32 flags);

#endif
