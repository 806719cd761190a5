// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "affinity.h"
#include "ethtool.h"
#include "layout.h"
#include "queues.h"
#include "settings.h"

static unsigned int least(unsigned int one, unsigned int two)
{
	return one < two ? one : two;
}

/* One step; false when the device would not have it. */
static bool step(const struct layout *layout, const char *kind, const char *target,
		 const char *value, const char *what)
{
	const struct setting *setting = setting_find(kind);
	char *was = setting->get(layout->device, target);
	bool done = was;

	/* A device without this setting has nothing to be set. */
	if (was && !layout->saved && !setting_same(setting, target, was, value))
		printf("  would set %s to '%s' (now '%s')\n", what, value, was);
	if (was && layout->saved) {
		done = saved_change(layout->saved, kind, target, value);
		if (!done)
			printf("%s: %s stays '%s': %s\n", layout->device->name, what, was,
			       strerror(errno));
	}
	free(was);
	return done;
}

static void plan_channels(const struct ethtool_channels *now, unsigned int cpus,
			  struct ethtool_channels *planned)
{
	*planned = *now;
	if (now->max_combined) {
		planned->combined_count = least(cpus, now->max_combined);
	} else {
		planned->rx_count = least(cpus, now->max_rx);
		planned->tx_count = least(cpus, now->max_tx);
	}
}

unsigned int layout_rx_queues(const struct device *device, const struct cpus *cpus)
{
	struct ethtool_channels now = { .cmd = ETHTOOL_GCHANNELS }, planned;
	struct queues *queues;
	unsigned int rx = 0;

	if (ethtool_ask(device, &now)) {
		plan_channels(&now, cpus->count, &planned);
		rx = planned.combined_count + planned.rx_count;
	}
	if (rx)
		return rx;
	queues = malloc(sizeof(*queues));
	if (queues) {
		queues_read(device, queues);
		rx = queues->rx;
	}
	free(queues);
	return rx;
}

/* The driver may set all of these anew with its channels. */
static void keep_dependants(const struct layout *layout, const struct queues *queues)
{
	char target[96];

	saved_keep(layout->saved, "table", "-");
	saved_keep(layout->saved, "usecs", "-");
	for (unsigned int i = 0; i < QUEUES_MOST; i++) {
		if (queues->queue[i].irq >= 0) {
			snprintf(target, sizeof(target), "%d %s", queues->queue[i].irq,
				 queues->queue[i].name);
			saved_keep(layout->saved, "irq", target);
		}
		if (queues->tx[i].irq >= 0) {
			snprintf(target, sizeof(target), "%d %s", queues->tx[i].irq,
				 queues->tx[i].name);
			saved_keep(layout->saved, "irq", target);
		}
	}
	for (unsigned int i = 0; i < device_queues(layout->device, "tx"); i++) {
		snprintf(target, sizeof(target), "queues/tx-%u/xps_cpus", i);
		saved_keep(layout->saved, "file", target);
		snprintf(target, sizeof(target), "queues/tx-%u/xps_rxqs", i);
		saved_keep(layout->saved, "file", target);
	}
	for (unsigned int i = 0; i < device_queues(layout->device, "rx"); i++) {
		snprintf(target, sizeof(target), "queues/rx-%u/rps_cpus", i);
		saved_keep(layout->saved, "file", target);
		snprintf(target, sizeof(target), "queues/rx-%u/rps_flow_cnt", i);
		saved_keep(layout->saved, "file", target);
	}
}

/* virtio_net of 6.1 leaves queues in it that there are no more. */
static void repair_table(const struct layout *layout)
{
	__u32 queues = ethtool_rx_rings(layout->device), most = 0;
	struct rss *rss = malloc(sizeof(*rss));
	size_t used = 0;
	char *text;

	if (!rss || !queues || !ethtool_rss(layout->device, rss)) {
		free(rss);
		return;
	}
	for (__u32 i = 0; i < rss->entries; i++)
		if (rss->table[i] > most)
			most = rss->table[i];
	text = most < queues ? NULL : calloc(rss->entries + 1, sizeof("4294967295"));
	for (__u32 i = 0; text && i < rss->entries; i++)
		used += sprintf(text + used, "%s%u", i ? " " : "", i % queues);
	if (text)
		step(layout, "table", "-", text, "indirection table");
	free(text);
	free(rss);
}

static void make_channels(const struct layout *layout, struct queues *queues)
{
	struct ethtool_channels now = { .cmd = ETHTOOL_GCHANNELS }, planned;
	char value[64];

	if (!ethtool_ask(layout->device, &now))
		return;
	plan_channels(&now, layout->cpus->count, &planned);
	if (!memcmp(&now, &planned, sizeof(now)))
		return;
	snprintf(value, sizeof(value), "%u %u %u %u", planned.rx_count, planned.tx_count,
		 planned.other_count, planned.combined_count);
	if (layout->saved)
		keep_dependants(layout, queues);
	step(layout, "channels", "-", value, "channels (rx tx other combined)");
	if (layout->saved)
		repair_table(layout);
	queues_read(layout->device, queues);
}

static int cpu_of(const struct layout *layout, unsigned int queue)
{
	return layout->cpus->cpu[queue % layout->cpus->count];
}

static void bind_irq(const struct layout *layout, const struct queue_irq *irq, unsigned int queue)
{
	char target[96], value[AFFINITY_TEXT], what[96];

	if (irq->irq < 0)
		return;
	snprintf(target, sizeof(target), "%d %s", irq->irq, irq->name);
	snprintf(what, sizeof(what), "interrupt %d (%s)", irq->irq, irq->name);
	step(layout, "irq", target, affinity_mask(cpu_of(layout, queue), value), what);
}

static void make_xps(const struct layout *layout)
{
	unsigned int count = device_queues(layout->device, "tx");
	char target[64], value[AFFINITY_TEXT];

	/* One queue is everybody's, and has no such file's worth. */
	for (unsigned int i = 0; count > 1 && i < count; i++) {
		snprintf(target, sizeof(target), "queues/tx-%u/xps_cpus", i);
		step(layout, "file", target, i < layout->cpus->count ?
		     affinity_mask(cpu_of(layout, i), value) : affinity_mask(-1, value), target);
	}
}

static void make_rps(const struct layout *layout)
{
	unsigned int count = device_queues(layout->device, "rx");
	char target[64];

	for (unsigned int i = 0; i < count; i++) {
		snprintf(target, sizeof(target), "queues/rx-%u/rps_cpus", i);
		step(layout, "file", target, "0", target);
		snprintf(target, sizeof(target), "queues/rx-%u/rps_flow_cnt", i);
		step(layout, "file", target, "0", target);
	}
}

void layout_make(const struct layout *layout)
{
	struct queues *queues = malloc(sizeof(*queues));
	char value[32];

	if (!queues)
		return;
	if (!layout->software) {
		queues_read(layout->device, queues);
		make_channels(layout, queues);
		for (unsigned int i = 0; i < QUEUES_MOST; i++) {
			bind_irq(layout, &queues->queue[i], i);
			bind_irq(layout, &queues->tx[i], i);
		}
		make_xps(layout);
	}
	make_rps(layout);
	if (layout->usecs >= 0) {
		snprintf(value, sizeof(value), "0 %d", layout->usecs);
		step(layout, "usecs", "-", value, "receive coalescing (adaptive, microseconds)");
	}
	if (layout->saved)
		saved_settle(layout->saved);
	free(queues);
}
