// SPDX-License-Identifier: GPL-2.0-only
/*
 * ntuple: a rule of the flow director for each CPU, which compares the upper bits
 * of the destination port.  Whether a device compares some bits of a port only is
 * nowhere told: it says so when it is given such a rule.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ethtool.h"
#include "mode.h"
#include "queues.h"
#include "rules.h"

static const struct kind {
	const char *name;
	__u32 flow;
	bool needed;
} kinds[] = {
	{ "TCP over IPv4", TCP_V4_FLOW, true },
	{ "TCP over IPv6", TCP_V6_FLOW, false },
	{ "UDP over IPv4", UDP_V4_FLOW, false },
	{ "UDP over IPv6", UDP_V6_FLOW, false },
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

/* CPUs that have a queue, and the queue. */
struct seats {
	struct cpus cpus;
	__u32 queue[FASTSOCK_RFD_CPUS];
};

/* The queue whose interrupt goes to a CPU; queues->rx: there is none. */
static __u32 queue_of(const struct queues *queues, int cpu)
{
	__u32 queue;

	for (queue = 0; queue < queues->rx; queue++)
		if (queues->queue[queue].cpu == cpu)
			break;
	return queue;
}

/* As the queues lie, or would lie by layout_make(). */
static bool seat(struct attempt *attempt, struct seats *seats)
{
	const struct cpus *wanted = &attempt->wanted->cpus;
	__u32 planned = layout_rx_queues(&attempt->device, wanted), queue;
	struct queues *queues = malloc(sizeof(*queues));

	if (!queues)
		return mode_fails(attempt, "%s", strerror(errno));
	queues_read(&attempt->device, queues);
	seats->cpus.count = 0;
	for (__u32 i = 0; i < wanted->count; i++) {
		queue = attempt->planned ? i : queue_of(queues, wanted->cpu[i]);
		if (queue >= (attempt->planned ? planned : queues->rx))
			continue;
		seats->queue[seats->cpus.count] = queue;
		seats->cpus.cpu[seats->cpus.count++] = wanted->cpu[i];
	}
	free(queues);
	if (seats->cpus.count > 1)
		return true;
	return mode_fails(attempt, "fewer than two of the CPUs have a receive queue whose interrupt "
			  "is known");
}

static bool possible(struct attempt *attempt)
{
	struct rule_table table;
	bool room;

	if (layout_rx_queues(&attempt->device, &attempt->wanted->cpus) < 2)
		return mode_fails(attempt, "it has one receive queue: nothing to choose");
	if (!ethtool_rules(&attempt->device, &table))
		return mode_fails(attempt, "it has no flow rules: %s", strerror(errno));
	free(table.places);
	room = table.driver_picks || table.used < table.size;
	return room || mode_fails(attempt, "its table of %u flow rules is full of others' rules",
				  table.size);
}

/* From the end: an earlier rule wins, and others' are more particular than ours. */
static bool free_place(const struct rule_table *table, __u32 *from)
{
	while (*from > 0) {
		bool taken = false;

		--*from;
		for (__u32 i = 0; i < table->used; i++)
			taken |= table->places[i] == *from;
		if (!taken)
			return true;
	}
	return false;
}

#define TARGET 96

static bool insert(struct attempt *attempt, const struct seats *seats, __u32 i, __u32 flow,
		   const struct rule_table *table, __u32 *from, char target[TARGET])
{
	const struct fastsock_blocks *blocks = &attempt->entry.blocks;
	char place[16] = RULE_ANY;

	if (!table->driver_picks) {
		if (!free_place(table, from)) {
			errno = ENOSPC;
			return false;
		}
		snprintf(place, sizeof(place), "%u", *from);
	}
	snprintf(target, TARGET, "%s %u %u %x %u", place, flow, fastsock_block_first(blocks, i),
		 fastsock_block_mask(blocks), seats->queue[i]);
	return saved_change(attempt->saved, "rule", target, "yes");
}

/* A rule for each CPU, or none; false with errno. */
static bool insert_all(struct attempt *attempt, const struct seats *seats, __u32 flow,
		       const struct rule_table *table, __u32 *from)
{
	char (*targets)[TARGET] = calloc(seats->cpus.count, TARGET);
	bool done = targets;
	__u32 i;
	int error;

	for (i = 0; done && i < seats->cpus.count; i++)
		done = insert(attempt, seats, i, flow, table, from, targets[i]);
	error = errno;
	if (!done && targets)
		for (i--; i-- > 0;)
			saved_change(attempt->saved, "rule", targets[i], "no");
	free(targets);
	errno = error;
	return done;
}

static const char *reason(int error)
{
	switch (error) {
	case EOPNOTSUPP:
	case EINVAL:
		return "it compares no part of a port";
	case ENOSPC:
	case ENOMEM:
		return "its table of flow rules is full";
	default:
		return strerror(error);
	}
}

static void note(struct attempt *attempt, const struct kind *kind, int error)
{
	size_t used = strlen(attempt->note);

	snprintf(attempt->note + used, sizeof(attempt->note) - used, "%s%s stays as it is (%s)",
		 used ? "; " : "", kind->name, reason(error));
}

static bool apply(struct attempt *attempt)
{
	struct rule_table table;
	struct seats *seats = malloc(sizeof(*seats));
	bool done = seats && seat(attempt, seats) && mode_make_blocks(attempt, &seats->cpus);
	__u32 from;

	if (!done)
		goto out;
	if (!attempt->saved) {
		printf("  would try flow rules: %u for each of TCP and UDP over IPv4 and IPv6, for "
		       "a block of %u ports each\n", seats->cpus.count,
		       1u << attempt->entry.blocks.shift);
		goto out;
	}
	/* Not every driver has the switch; where there is one it has to be on. */
	saved_change(attempt->saved, "ntuple", "-", "1");
	done = ethtool_rules(&attempt->device, &table);
	if (!done) {
		mode_fails(attempt, "its flow rules cannot be read: %s", strerror(errno));
		goto out;
	}
	from = table.size;
	for (size_t k = 0; done && k < KINDS; k++) {
		if (insert_all(attempt, seats, kinds[k].flow, &table, &from))
			continue;
		if (kinds[k].needed)
			done = mode_fails(attempt, "it refuses a rule for a block of ports (%s): %s%s",
					  strerror(errno), reason(errno), table.used ?
					  ", or not beside others' rules" : "");
		else
			note(attempt, &kinds[k], errno);
	}
	free(table.places);
out:
	free(seats);
	return done;
}

/* In whatever place: are they still there? */
static bool look(struct attempt *attempt, const struct seats *seats)
{
	const struct fastsock_blocks *blocks = &attempt->entry.blocks;
	char target[TARGET], *there;
	bool found = true;

	for (__u32 i = 0; found && i < seats->cpus.count; i++) {
		snprintf(target, TARGET, RULE_ANY " %u %u %x %u", TCP_V4_FLOW,
			 fastsock_block_first(blocks, i), fastsock_block_mask(blocks),
			 seats->queue[i]);
		there = rule_get(&attempt->device, target);
		found = there && !strcmp(there, "yes");
		free(there);
		if (!found)
			mode_fails(attempt, "the rule for CPU %u (ports from %u to queue %u) is not "
				   "there", seats->cpus.cpu[i], fastsock_block_first(blocks, i),
				   seats->queue[i]);
	}
	return found;
}

static bool describe(struct attempt *attempt)
{
	struct seats *seats = malloc(sizeof(*seats));
	bool done = seats && seat(attempt, seats) && mode_make_blocks(attempt, &seats->cpus) &&
		    (attempt->planned || look(attempt, seats));

	free(seats);
	return done;
}

const struct mode mode_ntuple = {
	.name = "ntuple",
	.layout = MODE_QUEUES,
	.automatic = true,
	.possible = possible,
	.apply = apply,
	.describe = describe,
};
