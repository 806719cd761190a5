// SPDX-License-Identifier: GPL-2.0-only
/*
 * There is no interface that tells the queue of an interrupt on 6.1 (the netdev
 * netlink family has it from 6.8 on, for a few drivers), so it is told by the
 * name of the interrupt, as irqbalance and the vendors' scripts do.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "affinity.h"
#include "ethtool.h"
#include "queues.h"

static bool contains(const char *name, size_t length, const char *word)
{
	size_t size = strlen(word);

	for (size_t at = 0; at + size <= length; at++)
		if (!strncasecmp(name + at, word, size))
			return true;
	return false;
}

/*
 * eth0-TxRx-3, ice-eth0-TxRx-3, eth0-Tx-Rx-3, eth0-rx-3, virtio0-input.3,
 * mlx5_comp3@pci:0000:01:00.0: the last number before an '@', and a word for the
 * direction before that.
 */
bool queues_parse_name(const char *name, unsigned int *queue, bool *transmit)
{
	size_t end = strcspn(name, "@"), start = end;
	bool receives, sends;

	while (start && isdigit((unsigned char)name[start - 1]))
		start--;
	if (start == end || !start)
		return false;
	receives = contains(name, start, "rx") || contains(name, start, "input") ||
		   contains(name, start, "_comp") || contains(name, start, "-comp");
	sends = contains(name, start, "tx") || contains(name, start, "output");
	if (!receives && !sends)
		return false;
	*queue = strtoul(name + start, NULL, 10);
	*transmit = !receives;
	return *queue < QUEUES_MOST;
}

/* The name of its action is the one directory below /proc/irq/N. */
static bool action_name(int irq, char name[64])
{
	char path[48];
	struct dirent *entry;
	bool found = false;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/irq/%d", irq);
	directory = opendir(path);
	if (!directory)
		return false;
	while (!found && (entry = readdir(directory))) {
		found = entry->d_type == DT_DIR && entry->d_name[0] != '.';
		if (found)
			snprintf(name, 64, "%.63s", entry->d_name);
	}
	closedir(directory);
	return found;
}

/*
 * The allowed one if it is one only: the effective one lags behind until the next
 * interrupt, where one cannot be moved before it fires (x86 without remapping).
 */
static int irq_cpu(int irq)
{
	static const char *const files[] = { "smp_affinity_list", "effective_affinity_list" };
	char path[64], *text;
	int cpu = -1;

	for (int i = 0; i < 2 && cpu < 0; i++) {
		snprintf(path, sizeof(path), "/proc/irq/%d/%s", irq, files[i]);
		text = file_read(AT_FDCWD, path);
		if (text)
			cpu = affinity_single(text);
		free(text);
	}
	return cpu;
}

/* Is it the vector of the interface with this name, as in eth0-rx-3, ice-eth0-TxRx-3? */
static bool is_of(const char *vector, const char *name)
{
	size_t length = strlen(name);
	const char *at;

	for (at = strstr(vector, name); at; at = strstr(at + 1, name))
		if ((at == vector || at[-1] == '-') && at[length] == '-')
			return true;
	return false;
}

/* Some cards have several ports, and the vectors of all, in one function. */
static bool is_anothers(const struct device *device, const char *vector)
{
	int fd = openat(device->directory, "device/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *interfaces = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool anothers = false;

	while (interfaces && !anothers && (entry = readdir(interfaces)))
		anothers = strcmp(entry->d_name, device->name) && is_of(vector, entry->d_name);
	if (interfaces)
		closedir(interfaces);
	return anothers;
}

static void take(const struct device *device, struct queues *queues, int irq)
{
	struct queue_irq *place;
	unsigned int queue;
	bool transmit;
	char name[64];

	if (!action_name(irq, name) || !queues_parse_name(name, &queue, &transmit) ||
	    is_anothers(device, name))
		return;
	place = transmit ? &queues->tx[queue] : &queues->queue[queue];
	if (place->irq >= 0)
		return;
	place->irq = irq;
	place->cpu = irq_cpu(irq);
	memcpy(place->name, name, sizeof(name));
	if (transmit && queues->tx_irqs <= queue)
		queues->tx_irqs = queue + 1;
}

/* virtio's device is a child of the one that has the interrupts. */
static DIR *open_irqs(const struct device *device)
{
	static const char *const places[] = { "device/msi_irqs", "device/../msi_irqs" };
	int fd = -1;

	for (int i = 0; i < 2 && fd < 0 && device->directory >= 0; i++)
		fd = openat(device->directory, places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? NULL : fdopendir(fd);
}

bool queues_own_irq(const struct device *device, int irq)
{
	DIR *irqs = open_irqs(device);
	struct dirent *entry;
	bool own = false;

	while (irqs && !own && (entry = readdir(irqs)))
		own = isdigit((unsigned char)entry->d_name[0]) && atoi(entry->d_name) == irq;
	if (irqs)
		closedir(irqs);
	return own;
}

/* Queues in use: some drivers keep the directories of those that are not. */
static unsigned int count_rx(const struct device *device)
{
	struct ethtool_channels channels = { .cmd = ETHTOOL_GCHANNELS };
	__u32 rings = ethtool_rx_rings(device);

	if (!rings && ethtool_ask(device, &channels))
		rings = channels.combined_count + channels.rx_count;
	if (!rings)
		rings = device_queues(device, "rx");
	return rings < QUEUES_MOST ? rings : QUEUES_MOST;
}

void queues_read(const struct device *device, struct queues *queues)
{
	DIR *irqs = open_irqs(device);
	struct dirent *entry;

	memset(queues, 0, sizeof(*queues));
	for (unsigned int i = 0; i < QUEUES_MOST; i++)
		queues->queue[i].irq = queues->queue[i].cpu =
			queues->tx[i].irq = queues->tx[i].cpu = -1;
	while (irqs && (entry = readdir(irqs)))
		if (isdigit((unsigned char)entry->d_name[0]))
			take(device, queues, atoi(entry->d_name));
	if (irqs)
		closedir(irqs);
	queues->rx = count_rx(device);
	for (unsigned int i = 0; i < queues->rx; i++)
		queues->irqs += queues->queue[i].irq >= 0;
}
