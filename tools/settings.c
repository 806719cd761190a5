// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "affinity.h"
#include "ethtool.h"
#include "fsctl.h"
#include "queues.h"
#include "rules.h"
#include "settings.h"

static char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *text(const char *format, ...)
{
	va_list args;
	char *made;

	va_start(args, format);
	if (vasprintf(&made, format, args) < 0)
		made = NULL;
	va_end(args);
	return made;
}

static bool understood(bool parsed)
{
	if (!parsed)
		errno = EINVAL;
	return parsed;
}

/*
 * An interrupt has another number after its device made it anew, but the same
 * name; it has no name while the device is down.  -1: it is not there any more.
 */
static int find_irq(const struct device *device, const char *target)
{
	struct queues *queues = malloc(sizeof(*queues));
	const char *name = strchr(target, ' ');
	int irq = -1;

	if (!queues || !name)
		goto out;
	name++;
	queues_read(device, queues);
	for (unsigned int i = 0; i < QUEUES_MOST; i++) {
		if (queues->queue[i].irq >= 0 && !strcmp(queues->queue[i].name, name))
			irq = queues->queue[i].irq;
		if (queues->tx[i].irq >= 0 && !strcmp(queues->tx[i].name, name))
			irq = queues->tx[i].irq;
	}
	if (irq < 0 && queues_own_irq(device, atoi(target)))
		irq = atoi(target);
out:
	free(queues);
	return irq;
}

static char *irq_get(const struct device *device, const char *target)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/irq/%d/smp_affinity", find_irq(device, target));
	return file_read(AT_FDCWD, path);
}

static bool irq_set(const struct device *device, const char *target, const char *value)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/irq/%d/smp_affinity", find_irq(device, target));
	return file_write(AT_FDCWD, path, value);
}

static char *channels_get(const struct device *device, const char *target)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };

	(void)target;
	if (!ethtool_ask(device, &channels))
		return NULL;
	return text("%u %u %u %u", channels.rx_count, channels.tx_count, channels.other_count,
		    channels.combined_count);
}

/*
 * To the device. One that is what it would be by default is set as such: the kernel takes
 * any other for somebody's wish, and no channel away that is in it.
 */
static bool write_table(const struct device *device, const struct rss *rss)
{
	__u32 queues = ethtool_rx_rings(device);

	for (__u32 i = 0; i < rss->entries; i++)
		if (!queues || rss->table[i] != i % queues)
			return ethtool_set_rss_table(device, rss);
	return ethtool_reset_rss_table(device, rss);
}

/*
 * QEMU hashes no more once the number of queues has been set, until it is given the table
 * again. Later kernels do that, with another table; virtio_net of 6.1 does not. A
 * table with queues that there are no more is left: whoever wants to hash writes another.
 */
static void give_table_again(const struct device *device, const struct rss *before)
{
	struct rss *rss = malloc(sizeof(*rss));
	char driver[32];

	device_driver(device, driver);
	if (rss && !strcmp(driver, "virtio_net") && ethtool_rss(device, rss) &&
	    rss->entries == before->entries &&
	    !memcmp(rss->table, before->table, rss->entries * sizeof(*rss->table)))
		write_table(device, rss);
	free(rss);
}

static bool channels_set(const struct device *device, const char *target, const char *value)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_SCHANNELS };
	struct rss *before = malloc(sizeof(*before));
	bool known = before && ethtool_rss(device, before), done;
	int error;

	(void)target;
	done = understood(sscanf(value, "%u %u %u %u", &channels.rx_count, &channels.tx_count,
				 &channels.other_count, &channels.combined_count) == 4) &&
	       ethtool_ask(device, &channels);
	error = errno;
	if (done && known)
		give_table_again(device, before);
	free(before);
	errno = error;
	return done;
}

static char *table_get(const struct device *device, const char *target)
{
	struct rss *rss = malloc(sizeof(*rss));
	size_t used = 0;
	char *made;

	(void)target;
	if (!rss || !ethtool_rss(device, rss)) {
		free(rss);
		return NULL;
	}
	made = calloc(rss->entries + 1, sizeof("4294967295"));
	for (__u32 i = 0; made && i < rss->entries; i++)
		used += sprintf(made + used, "%s%u", i ? " " : "", rss->table[i]);
	free(rss);
	return made;
}

static bool table_set(const struct device *device, const char *target, const char *value)
{
	struct rss *rss = malloc(sizeof(*rss));
	char *end = (char *)value;
	bool done = false;

	(void)target;
	if (!rss || !ethtool_rss(device, rss))
		goto out;
	if (!strcmp(value, TABLE_DEFAULT)) {
		done = ethtool_reset_rss_table(device, rss);
		goto out;
	}
	for (__u32 i = 0; i < rss->entries; i++) {
		rss->table[i] = strtoul(value, &end, 10);
		if (!understood(end != value))
			goto out;
		value = end;
	}
	done = understood(!*end) && write_table(device, rss);
out:
	free(rss);
	return done;
}

static char *fields_get(const struct device *device, const char *target)
{
	__u64 fields;

	return ethtool_hash_fields(device, strtoul(target, NULL, 10), &fields) ?
	       text("%#llx", (unsigned long long)fields) : NULL;
}

static bool fields_set(const struct device *device, const char *target, const char *value)
{
	return ethtool_set_hash_fields(device, strtoul(target, NULL, 10),
				       strtoull(value, NULL, 16));
}

static char *ntuple_get(const struct device *device, const char *target)
{
	__u32 flags;

	(void)target;
	if (!ethtool_flags(device, &flags))
		return NULL;
	if (flags & ETH_FLAG_NTUPLE)
		return text("1");
	/* Some drivers keep rules that they do not obey. */
	return text(rules_any(device) ? "0 rules" : "0");
}

static bool ntuple_set(const struct device *device, const char *target, const char *value)
{
	__u32 flags;

	(void)target;
	if (!ethtool_flags(device, &flags))
		return false;
	flags &= ~ETH_FLAG_NTUPLE;
	if (*value == '1')
		return ethtool_set_flags(device, flags | ETH_FLAG_NTUPLE);
	/* Some drivers throw all rules away with the switch, others stop to obey them. */
	if (strcmp(value, "0 rules") && rules_any(device)) {
		complain("%s: has flow rules of others by now, so they stay switched on ('ethtool -K "
			 "%s ntuple off' would set that back)", device->name, device->name);
		return true;
	}
	return ethtool_set_flags(device, flags);
}

static char *usecs_get(const struct device *device, const char *target)
{
	struct ethtool_coalesce coalesce = { .cmd = ETHTOOL_GCOALESCE };

	(void)target;
	if (!ethtool_ask(device, &coalesce))
		return NULL;
	return text("%u %u", coalesce.use_adaptive_rx_coalesce, coalesce.rx_coalesce_usecs);
}

static bool usecs_set(const struct device *device, const char *target, const char *value)
{
	struct ethtool_coalesce coalesce = { .cmd = ETHTOOL_GCOALESCE };

	(void)target;
	if (!ethtool_ask(device, &coalesce) ||
	    !understood(sscanf(value, "%u %u", &coalesce.use_adaptive_rx_coalesce,
			       &coalesce.rx_coalesce_usecs) == 2))
		return false;
	coalesce.cmd = ETHTOOL_SCOALESCE;
	if (ethtool_ask(device, &coalesce))
		return true;
	/* ice and iavf take a time only while it is not adaptive. */
	if (errno != EINVAL || !coalesce.use_adaptive_rx_coalesce)
		return false;
	coalesce.use_adaptive_rx_coalesce = 0;
	if (!ethtool_ask(device, &coalesce))
		return false;
	coalesce.use_adaptive_rx_coalesce = 1;
	return ethtool_ask(device, &coalesce);
}

static const struct setting settings[] = {
	{ "file", device_read, device_write },
	{ "irq", irq_get, irq_set },
	{ "channels", channels_get, channels_set },
	{ "table", table_get, table_set },
	{ "fields", fields_get, fields_set },
	{ "ntuple", ntuple_get, ntuple_set },
	{ "rule", rule_get, rule_set },
	{ "usecs", usecs_get, usecs_set },
};

const struct setting *setting_find(const char *kind)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		if (!strcmp(settings[i].kind, kind))
			return &settings[i];
	return NULL;
}

bool setting_same(const struct setting *setting, const char *target, const char *value,
		  const char *other)
{
	if (setting->get == irq_get || (setting->get == device_read && strstr(target, "_cpus")))
		return affinity_equal(value, other);
	/* While it is adaptive the time is not set but shows what the device makes of it. */
	if (setting->get == usecs_get && *value == '1' && *other == '1')
		return true;
	return !strcmp(value, other);
}
