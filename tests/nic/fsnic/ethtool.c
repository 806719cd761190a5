// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ethtool asks and sets.  All of it under RTNL.  What needs other rings
 * stops the device for a moment, as a card's reset does; the link stays.
 */
#include <linux/ethtool.h>
#include <linux/platform_device.h>

#include "ability.h"
#include "compat.h"
#include "director.h"
#include "hash.h"
#include "nic.h"

static void fsnic_get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	struct fsnic *nic = netdev_priv(dev);

	strscpy(info->driver, KBUILD_MODNAME, sizeof(info->driver));
	strscpy(info->bus_info, dev_name(&nic->parent->dev), sizeof(info->bus_info));
}

static int fsnic_get_link_ksettings(struct net_device *dev, struct ethtool_link_ksettings *link)
{
	ethtool_link_ksettings_zero_link_mode(link, supported);
	ethtool_link_ksettings_zero_link_mode(link, advertising);
	link->base.speed = SPEED_10000;
	link->base.duplex = DUPLEX_FULL;
	link->base.port = PORT_DA;
	link->base.autoneg = AUTONEG_DISABLE;
	return 0;
}

static void fsnic_get_channels(struct net_device *dev, struct ethtool_channels *channels)
{
	struct fsnic *nic = netdev_priv(dev);

	channels->max_combined = nic->max_channels;
	channels->combined_count = nic->channels;
}

/* The core has checked the limits, and the table if somebody set it. */
static int fsnic_set_channels(struct net_device *dev, struct ethtool_channels *channels)
{
	struct fsnic *nic = netdev_priv(dev);
	const unsigned int wanted = channels->combined_count;
	const bool up = nic->up;
	int err;

	if (!fsnic_director_fits(nic, wanted))
		return -EINVAL;
	fsnic_down(nic);
	err = netif_set_real_num_queues(dev, wanted, wanted);
	if (!err) {
		err = fsnic_hash_spread(nic, wanted);
		if (!err)
			nic->channels = wanted;
		else
			netif_set_real_num_queues(dev, nic->channels, nic->channels);
	}
	if (up)
		err = fsnic_up(nic) ?: err;
	return err;
}

static void fsnic_get_ringparam(struct net_device *dev, struct ethtool_ringparam *ring,
				struct kernel_ethtool_ringparam *kernel_ring,
				struct netlink_ext_ack *extack)
{
	struct fsnic *nic = netdev_priv(dev);

	ring->rx_max_pending = FSNIC_RING_MAX;
	ring->rx_pending = nic->ring_size;
}

static int fsnic_set_ringparam(struct net_device *dev, struct ethtool_ringparam *ring,
			       struct kernel_ethtool_ringparam *kernel_ring,
			       struct netlink_ext_ack *extack)
{
	struct fsnic *nic = netdev_priv(dev);
	const bool up = nic->up;

	if (!ring->rx_pending)
		return -EINVAL;
	fsnic_down(nic);
	nic->ring_size = ring->rx_pending;
	return up ? fsnic_up(nic) : 0;
}

static int fsnic_get_coalesce(struct net_device *dev, struct ethtool_coalesce *coalesce,
			      struct kernel_ethtool_coalesce *kernel_coalesce,
			      struct netlink_ext_ack *extack)
{
	struct fsnic *nic = netdev_priv(dev);

	*coalesce = nic->coalesce;
	return 0;
}

static int fsnic_set_coalesce(struct net_device *dev, struct ethtool_coalesce *coalesce,
			      struct kernel_ethtool_coalesce *kernel_coalesce,
			      struct netlink_ext_ack *extack)
{
	struct fsnic *nic = netdev_priv(dev);

	nic->coalesce = *coalesce;
	return 0;
}

static const char fsnic_counters[][ETH_GSTRING_LEN] = { "packets", "bytes", "drops", "matches" };

static int fsnic_get_sset_count(struct net_device *dev, int set)
{
	struct fsnic *nic = netdev_priv(dev);

	if (set != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return 1 + nic->max_channels * ARRAY_SIZE(fsnic_counters);
}

static void fsnic_get_strings(struct net_device *dev, u32 set, u8 *text)
{
	struct fsnic *nic = netdev_priv(dev);
	unsigned int i, j;

	if (set != ETH_SS_STATS)
		return;
	ethtool_sprintf(&text, "rule_discards");
	for (i = 0; i < nic->max_channels; i++)
		for (j = 0; j < ARRAY_SIZE(fsnic_counters); j++)
			ethtool_sprintf(&text, "rx_queue_%u_%s", i, fsnic_counters[j]);
}

static void fsnic_get_ethtool_stats(struct net_device *dev, struct ethtool_stats *stats, u64 *to)
{
	struct fsnic *nic = netdev_priv(dev);
	unsigned int i;

	*to++ = atomic64_read(&nic->discards);
	for (i = 0; i < nic->max_channels; i++) {
		*to++ = atomic64_read(&nic->queues[i].packets);
		*to++ = atomic64_read(&nic->queues[i].bytes);
		*to++ = atomic64_read(&nic->queues[i].drops);
		*to++ = atomic64_read(&nic->queues[i].matches);
	}
}

static u32 fsnic_get_rxfh_key_size(struct net_device *dev)
{
	return fsnic_rss() == FSNIC_RSS_HIDDEN ? 0 : fsnic_key_size;
}

static u32 fsnic_get_rxfh_indir_size(struct net_device *dev)
{
	return fsnic_rss() == FSNIC_RSS_HIDDEN ? 0 : fsnic_table_size;
}

static int fsnic_get_rxfh(struct net_device *dev, struct ethtool_rxfh_param *param)
{
	if (fsnic_rss() == FSNIC_RSS_HIDDEN)
		return -EOPNOTSUPP;
	return fsnic_hash_get(netdev_priv(dev), param);
}

static int fsnic_set_rxfh(struct net_device *dev, struct ethtool_rxfh_param *param,
			  struct netlink_ext_ack *extack)
{
	if (fsnic_rss() != FSNIC_RSS_SETTABLE)
		return -EOPNOTSUPP;
	return fsnic_hash_set(netdev_priv(dev), param);
}

FSNIC_RXFH_OPS(fsnic_get_rxfh, fsnic_set_rxfh)

#define FSNIC_ADDRESSES	(RXH_IP_SRC | RXH_IP_DST)
#define FSNIC_PORTS	(RXH_L4_B_0_1 | RXH_L4_B_2_3)

/* FSNIC_TYPES: a flow type that is hashed by addresses, and nothing else. */
static int fsnic_flow_type(u32 flow_type)
{
	switch (flow_type) {
	case TCP_V4_FLOW:
		return FSNIC_TCP4;
	case UDP_V4_FLOW:
		return FSNIC_UDP4;
	case TCP_V6_FLOW:
		return FSNIC_TCP6;
	case UDP_V6_FLOW:
		return FSNIC_UDP6;
	case SCTP_V4_FLOW:
	case AH_ESP_V4_FLOW:
	case AH_V4_FLOW:
	case ESP_V4_FLOW:
	case IPV4_FLOW:
	case SCTP_V6_FLOW:
	case AH_ESP_V6_FLOW:
	case AH_V6_FLOW:
	case ESP_V6_FLOW:
	case IPV6_FLOW:
		return FSNIC_TYPES;
	default:
		return -EINVAL;
	}
}

static int fsnic_get_rxfh_fields(struct net_device *dev, struct ethtool_rxfh_fields *fields)
{
	int type = fsnic_flow_type(fields->flow_type);

	if (fsnic_rss() == FSNIC_RSS_HIDDEN)
		return -EOPNOTSUPP;
	if (type < 0)
		return type;
	fields->data = FSNIC_ADDRESSES;
	if (type != FSNIC_TYPES && fsnic_hash_ports(netdev_priv(dev), type))
		fields->data |= FSNIC_PORTS;
	return 0;
}

static int fsnic_set_rxfh_fields(struct net_device *dev, const struct ethtool_rxfh_fields *fields,
				 struct netlink_ext_ack *extack)
{
	int type = fsnic_flow_type(fields->flow_type);

	if (fsnic_rss() != FSNIC_RSS_SETTABLE)
		return -EOPNOTSUPP;
	if (type < 0)
		return type;
	if (fields->data == FSNIC_ADDRESSES)
		return type == FSNIC_TYPES ? 0 :
		       fsnic_hash_set_ports(netdev_priv(dev), type, false);
	if (fields->data == (FSNIC_ADDRESSES | FSNIC_PORTS) && type != FSNIC_TYPES)
		return fsnic_hash_set_ports(netdev_priv(dev), type, true);
	return -EINVAL;
}

static int fsnic_get_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info, u32 *locations)
{
	struct ethtool_rxfh_fields fields = { .flow_type = info->flow_type };
	struct fsnic *nic = netdev_priv(dev);
	int err;

	switch (info->cmd) {
	case ETHTOOL_GRXRINGS:
		info->data = nic->channels;
		return 0;
	case ETHTOOL_GRXFH:
		err = fsnic_get_rxfh_fields(dev, &fields);
		info->data = fields.data;
		return err;
	}

	if (fsnic_ntuple() == FSNIC_NTUPLE_NONE)
		return -EOPNOTSUPP;
	switch (info->cmd) {
	case ETHTOOL_GRXCLSRLCNT:
		info->rule_cnt = fsnic_director_count(nic);
		info->data = fsnic_rules_max();
		if (fsnic_location() != FSNIC_LOCATION_NAMED)
			info->data |= RX_CLS_LOC_SPECIAL;
		return 0;
	case ETHTOOL_GRXCLSRULE:
		return fsnic_director_get(nic, &info->fs);
	case ETHTOOL_GRXCLSRLALL:
		return fsnic_director_list(nic, info, locations);
	default:
		return -EOPNOTSUPP;
	}
}

static int fsnic_set_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info)
{
	const struct ethtool_rxfh_fields fields = {
		.flow_type = info->flow_type, .data = info->data,
	};

	switch (info->cmd) {
	case ETHTOOL_SRXFH:
		return fsnic_set_rxfh_fields(dev, &fields, NULL);
	case ETHTOOL_SRXCLSRLINS:
		return fsnic_director_insert(netdev_priv(dev), &info->fs);
	case ETHTOOL_SRXCLSRLDEL:
		return fsnic_director_delete(netdev_priv(dev), info->fs.location);
	default:
		return -EOPNOTSUPP;
	}
}

const struct ethtool_ops fsnic_ethtool_ops = {
	.supported_coalesce_params = ETHTOOL_COALESCE_USECS | ETHTOOL_COALESCE_MAX_FRAMES |
				     ETHTOOL_COALESCE_USE_ADAPTIVE,
	.get_drvinfo		= fsnic_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_link_ksettings	= fsnic_get_link_ksettings,
	.get_channels		= fsnic_get_channels,
	.set_channels		= fsnic_set_channels,
	.get_ringparam		= fsnic_get_ringparam,
	.set_ringparam		= fsnic_set_ringparam,
	.get_coalesce		= fsnic_get_coalesce,
	.set_coalesce		= fsnic_set_coalesce,
	.get_sset_count		= fsnic_get_sset_count,
	.get_strings		= fsnic_get_strings,
	.get_ethtool_stats	= fsnic_get_ethtool_stats,
	.get_rxfh_key_size	= fsnic_get_rxfh_key_size,
	.get_rxfh_indir_size	= fsnic_get_rxfh_indir_size,
	FSNIC_RXFH_INIT(fsnic_get_rxfh, fsnic_set_rxfh)
	FSNIC_RXFH_FIELDS_INIT(fsnic_get_rxfh_fields, fsnic_set_rxfh_fields)
	.get_rxnfc		= fsnic_get_rxnfc,
	.set_rxnfc		= fsnic_set_rxnfc,
};
