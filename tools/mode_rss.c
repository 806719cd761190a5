// SPDX-License-Identifier: GPL-2.0-only
/*
 * rss: the device goes on spreading by its hash, and the library computes the
 * same hash.  So everything that the hash depends on has to be known: a guess
 * would be wrong for nearly every connection.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "ethtool.h"
#include "mode.h"
#include "queues.h"

/* IPv6 addresses and ports are 36 bytes, and four more of the key go with the last bit. */
#define KEY_LEAST 40u

#define ADDRESSES	(RXH_IP_SRC | RXH_IP_DST)
#define ALL		(ADDRESSES | RXH_L4_B_0_1 | RXH_L4_B_2_3)

static const struct family {
	const char *name;
	__u32 flow;
	__u32 flag;
	bool wanted;		/* with ports, or there is nothing to choose */
} families[] = {
	{ "tcp4", TCP_V4_FLOW, FASTSOCK_RSS_TCP4_PORTS, true },
	{ "tcp6", TCP_V6_FLOW, FASTSOCK_RSS_TCP6_PORTS, true },
	{ "udp4", UDP_V4_FLOW, FASTSOCK_RSS_UDP4_PORTS, false },
	{ "udp6", UDP_V6_FLOW, FASTSOCK_RSS_UDP6_PORTS, false },
};
#define FAMILIES (sizeof(families) / sizeof(*families))

static bool all_zero(const struct rss *rss)
{
	for (__u32 i = 0; i < rss->key_size; i++)
		if (rss->key[i])
			return false;
	return true;
}

/*
 * mlx5 has always had its hardware hash symmetrically (source OR destination,
 * source XOR destination), and tells so from Linux 6.15 on.
 */
static bool hides_symmetry(const struct device *device)
{
	unsigned int major = 0, minor = 0;
	struct utsname system;
	char driver[32];

	device_driver(device, driver);
	return !strcmp(driver, "mlx5_core") && !uname(&system) &&
	       sscanf(system.release, "%u.%u", &major, &minor) == 2 &&
	       (major < 6 || (major == 6 && minor < 15));
}

/* The device's word on its hash; false: why not. */
static bool read_rss(struct attempt *attempt, struct rss *rss)
{
	if (!ethtool_rss(&attempt->device, rss))
		return mode_fails(attempt, "its hash cannot be read: %s", strerror(errno));
	if (!rss->key_size)
		return mode_fails(attempt, "the key of its hash cannot be read");
	if (!rss->entries)
		return mode_fails(attempt, "its indirection table cannot be read");
	if (rss->hash != RSS_HASH_TOEPLITZ)
		return mode_fails(attempt, "its hash function is %s, and toeplitz is what can be "
				  "computed", ethtool_hash_name(rss->hash));
	if (hides_symmetry(&attempt->device))
		return mode_fails(attempt, "its hash is symmetric in a way that this kernel's driver "
				  "does not tell");
	if (rss->transform & ~RSS_XFRM_SYM_XOR)
		return mode_fails(attempt, "it transforms what it hashes in an unknown way (input "
				  "transform %#x)", rss->transform);
	if (rss->key_size < KEY_LEAST)
		return mode_fails(attempt, "its key has %u bytes, and the hash of IPv6 needs %u",
				  rss->key_size, KEY_LEAST);
	if (all_zero(rss))
		return mode_fails(attempt, "the key it shows is all zeros, so it does not tell");
	if (rss->entries & (rss->entries - 1))
		return mode_fails(attempt, "its indirection table has %u entries, which is no power "
				  "of two", rss->entries);
	if (rss->entries > FASTSOCK_RSS_TABLE)
		return mode_fails(attempt, "its indirection table has %u entries, and %u are the most "
				  "that fit", rss->entries, FASTSOCK_RSS_TABLE);
	return true;
}

/* Fields of a family as flag; false: neither of the two sets that can be computed. */
static bool read_fields(struct attempt *attempt, const struct family *family, __u32 *flags)
{
	__u64 fields;

	if (!ethtool_hash_fields(&attempt->device, family->flow, &fields))
		return mode_fails(attempt, "it does not tell what it hashes of %s: %s", family->name,
				  strerror(errno));
	if (fields == ALL)
		*flags |= family->flag;
	else if (fields != ADDRESSES)
		return mode_fails(attempt, "it hashes an unusual set of fields (%#llx) of %s: "
				  "'ethtool -N %s rx-flow-hash %s sdfn' sets addresses and ports",
				  (unsigned long long)fields, family->name, attempt->device.name,
				  family->name);
	return true;
}

static bool possible(struct attempt *attempt)
{
	unsigned int queues = layout_rx_queues(&attempt->device, &attempt->wanted->cpus);
	struct rss *rss = malloc(sizeof(*rss));
	__u32 flags = 0;
	bool can = rss;

	if (queues < 2)
		can = mode_fails(attempt, "it has one receive queue: nothing to choose");
	else if (can)
		can = read_rss(attempt, rss);
	for (size_t i = 0; can && i < FAMILIES; i++)
		can = read_fields(attempt, &families[i], &flags);
	free(rss);
	return can;
}

/* Ports have to count for TCP; a device that has them left out is asked to take them. */
static bool apply(struct attempt *attempt)
{
	char target[16], value[16];
	__u64 fields;

	for (size_t i = 0; i < FAMILIES; i++) {
		if (!families[i].wanted ||
		    !ethtool_hash_fields(&attempt->device, families[i].flow, &fields) ||
		    fields == ALL)
			continue;
		if (!attempt->saved) {
			printf("  would have it hash the ports of %s, too\n", families[i].name);
			continue;
		}
		snprintf(target, sizeof(target), "%u", families[i].flow);
		snprintf(value, sizeof(value), "%#x", ALL);
		if (saved_change(attempt->saved, "fields", target, value))
			continue;
		if (families[i].flow == TCP_V4_FLOW)
			return mode_fails(attempt, "it hashes addresses alone, so ports make no "
					  "difference, and will not have that changed: %s",
					  strerror(errno));
		snprintf(attempt->note, sizeof(attempt->note), "IPv6 connections stay as they are: "
			 "it hashes their addresses alone");
	}
	return true;
}

/* Where a queue's packets are handled; before the layout is made, where they would be. */
static int cpu_of_queue(const struct attempt *attempt, const struct queues *queues, __u32 queue)
{
	const struct cpus *cpus = &attempt->wanted->cpus;

	if (attempt->planned)
		return cpus->cpu[queue % cpus->count];
	return queue < QUEUES_MOST ? queues->queue[queue].cpu : -1;
}

static bool fill(struct attempt *attempt, const struct rss *rss, const struct queues *queues)
{
	struct fastsock_rfd *entry = &attempt->entry;
	bool known = false;
	int cpu;

	memset(entry, 0, sizeof(*entry));
	entry->mode = FASTSOCK_RFD_RSS;
	entry->port_lo = attempt->wanted->ports.lo;
	entry->port_hi = attempt->wanted->ports.hi;
	entry->entries = rss->entries;
	if (rss->transform & RSS_XFRM_SYM_XOR)
		entry->fields |= FASTSOCK_RSS_SYM_XOR;
	memcpy(entry->key, rss->key, rss->key_size < FASTSOCK_RSS_KEY ? rss->key_size :
	       FASTSOCK_RSS_KEY);
	for (__u32 i = 0; i < FASTSOCK_RFD_CPUS; i++)
		entry->block_of_cpu[i] = FASTSOCK_NO_CPU;
	for (__u32 i = 0; i < FASTSOCK_RSS_TABLE; i++)
		entry->cpu_of_entry[i] = FASTSOCK_NO_CPU;
	for (__u32 i = 0; i < rss->entries; i++) {
		cpu = cpu_of_queue(attempt, queues, rss->table[i]);
		if (cpu < 0 || cpu >= (int)FASTSOCK_RFD_CPUS)
			continue;
		entry->cpu_of_entry[i] = cpu;
		entry->block_of_cpu[cpu] = 0;
		known = true;
	}
	return known || mode_fails(attempt, "which CPU serves which queue cannot be told: %s",
				   queues->irqs ? "each interrupt may go to several" :
				   "no interrupt of a queue was found");
}

static bool describe(struct attempt *attempt)
{
	struct queues *queues = malloc(sizeof(*queues));
	struct rss *rss = malloc(sizeof(*rss));
	__u32 flags = 0;
	bool done = queues && rss && read_rss(attempt, rss);

	for (size_t i = 0; done && i < FAMILIES; i++)
		done = read_fields(attempt, &families[i], &flags);
	if (done) {
		queues_read(&attempt->device, queues);
		done = fill(attempt, rss, queues);
		attempt->entry.fields |= flags;
	}
	free(rss);
	free(queues);
	return done;
}

const struct mode mode_rss = {
	.name = "rss",
	.layout = MODE_QUEUES,
	.automatic = true,
	.possible = possible,
	.apply = apply,
	.describe = describe,
};
