// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "ethtool.h"

bool ethtool_ask(const struct device *device, void *request)
{
	struct ifreq interface = { .ifr_data = request };

	memcpy(interface.ifr_name, device->name, IFNAMSIZ);
	return ioctl(device->socket, SIOCETHTOOL, &interface) == 0;
}

/*
 * The transform of the input is the first reserved byte before 6.8, always zero
 * there, and told and wanted back by name since.
 */
static __u8 *transform(struct ethtool_rxfh *request)
{
	return (__u8 *)&request->hfunc + 1;
}

bool ethtool_rss(const struct device *device, struct rss *rss)
{
	struct ethtool_rxfh sizes = { .cmd = ETHTOOL_GRSSH }, *all;
	bool done = false;
	int error;

	memset(rss, 0, sizeof(*rss));
	if (!ethtool_ask(device, &sizes))
		return false;
	if (sizes.indir_size > RSS_TABLE_MOST || sizes.key_size > RSS_KEY_MOST) {
		errno = E2BIG;
		return false;
	}
	all = calloc(1, sizeof(*all) + sizes.indir_size * sizeof(__u32) + sizes.key_size);
	if (!all)
		return false;
	all->cmd = ETHTOOL_GRSSH;
	all->indir_size = sizes.indir_size;
	all->key_size = sizes.key_size;
	if (!sizes.indir_size && !sizes.key_size)
		errno = EOPNOTSUPP;
	else
		done = ethtool_ask(device, all);
	if (done) {
		rss->entries = all->indir_size;
		rss->key_size = all->key_size;
		rss->hash = all->hfunc;
		rss->transform = *transform(all);
		memcpy(rss->table, all->rss_config, rss->entries * sizeof(__u32));
		memcpy(rss->key, all->rss_config + rss->entries, rss->key_size);
	}
	error = errno;
	free(all);
	errno = error;
	return done;
}

bool ethtool_set_rss_table(const struct device *device, const struct rss *rss)
{
	struct ethtool_rxfh *request;
	bool done;
	int error;

	request = calloc(1, sizeof(*request) + rss->entries * sizeof(__u32));
	if (!request)
		return false;
	request->cmd = ETHTOOL_SRSSH;
	request->indir_size = rss->entries;
	*transform(request) = rss->transform;
	memcpy(request->rss_config, rss->table, rss->entries * sizeof(__u32));
	done = ethtool_ask(device, request);
	error = errno;
	free(request);
	errno = error;
	return done;
}

bool ethtool_reset_rss_table(const struct device *device, const struct rss *rss)
{
	/* Of no size: back to what the kernel makes of it. */
	struct ethtool_rxfh request = { .cmd = ETHTOOL_SRSSH };

	*transform(&request) = rss->transform;
	return ethtool_ask(device, &request);
}

const char *ethtool_hash_name(__u8 hash)
{
	switch (hash) {
	case RSS_HASH_TOEPLITZ:
		return "toeplitz";
	case RSS_HASH_XOR:
		return "xor";
	case RSS_HASH_CRC32:
		return "crc32";
	case 0:
		return "not told";
	default:
		return "unknown";
	}
}

bool ethtool_hash_fields(const struct device *device, __u32 flow, __u64 *fields)
{
	struct ethtool_rxnfc request = { .cmd = ETHTOOL_GRXFH, .flow_type = flow };

	if (!ethtool_ask(device, &request))
		return false;
	*fields = request.data;
	return true;
}

bool ethtool_set_hash_fields(const struct device *device, __u32 flow, __u64 fields)
{
	struct ethtool_rxnfc request = {
		.cmd = ETHTOOL_SRXFH, .flow_type = flow, .data = fields,
	};

	return ethtool_ask(device, &request);
}

__u32 ethtool_rx_rings(const struct device *device)
{
	struct ethtool_rxnfc request = { .cmd = ETHTOOL_GRXRINGS };

	return ethtool_ask(device, &request) ? request.data : 0;
}

bool ethtool_rules(const struct device *device, struct rule_table *table)
{
	struct ethtool_rxnfc count = { .cmd = ETHTOOL_GRXCLSRLCNT }, *all;
	bool done;

	memset(table, 0, sizeof(*table));
	if (!ethtool_ask(device, &count))
		return false;
	all = calloc(1, sizeof(*all) + count.rule_cnt * sizeof(__u32));
	table->places = calloc(count.rule_cnt + 1, sizeof(__u32));
	done = all && table->places;
	if (done) {
		all->cmd = ETHTOOL_GRXCLSRLALL;
		all->rule_cnt = count.rule_cnt;
		done = ethtool_ask(device, all);
	}
	if (done) {
		table->used = all->rule_cnt;
		table->size = all->data & ~RX_CLS_LOC_SPECIAL;
		table->driver_picks = count.data & RX_CLS_LOC_SPECIAL;
		memcpy(table->places, all->rule_locs, all->rule_cnt * sizeof(__u32));
	} else {
		free(table->places);
		table->places = NULL;
	}
	free(all);
	return done;
}

bool ethtool_rule(const struct device *device, __u32 place, struct ethtool_rx_flow_spec *rule)
{
	struct ethtool_rxnfc request = { .cmd = ETHTOOL_GRXCLSRULE, .fs.location = place };

	if (!ethtool_ask(device, &request))
		return false;
	*rule = request.fs;
	return true;
}

bool ethtool_insert_rule(const struct device *device, const struct ethtool_rx_flow_spec *rule)
{
	struct ethtool_rxnfc request = { .cmd = ETHTOOL_SRXCLSRLINS, .fs = *rule };

	return ethtool_ask(device, &request);
}

bool ethtool_delete_rule(const struct device *device, __u32 place)
{
	struct ethtool_rxnfc request = { .cmd = ETHTOOL_SRXCLSRLDEL, .fs.location = place };

	return ethtool_ask(device, &request);
}

bool ethtool_flags(const struct device *device, __u32 *flags)
{
	struct ethtool_value request = { .cmd = ETHTOOL_GFLAGS };

	if (!ethtool_ask(device, &request))
		return false;
	*flags = request.data;
	return true;
}

bool ethtool_set_flags(const struct device *device, __u32 flags)
{
	struct ethtool_value request = { .cmd = ETHTOOL_SFLAGS, .data = flags };

	return ethtool_ask(device, &request);
}
