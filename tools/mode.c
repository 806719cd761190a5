// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mode.h"

bool mode_fails(struct attempt *attempt, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(attempt->why, sizeof(attempt->why), format, args);
	va_end(args);
	return false;
}

static bool describe_off(struct attempt *attempt)
{
	memset(&attempt->entry, 0, sizeof(attempt->entry));
	attempt->entry.mode = FASTSOCK_RFD_OFF;
	return true;
}

bool mode_make_blocks(struct attempt *attempt, const struct cpus *cpus)
{
	const struct ports *ports = &attempt->wanted->ports;
	struct fastsock_rfd *entry = &attempt->entry;

	memset(entry, 0, sizeof(*entry));
	entry->mode = FASTSOCK_RFD_BLOCKS;
	for (__u32 cpu = 0; cpu < FASTSOCK_RFD_CPUS; cpu++)
		entry->block_of_cpu[cpu] = FASTSOCK_NO_CPU;
	for (__u32 i = 0; i < cpus->count; i++)
		entry->block_of_cpu[cpus->cpu[i]] = i;
	if (!fastsock_blocks_make(&entry->blocks, ports->lo, ports->hi, cpus->count))
		return true;
	return mode_fails(attempt, "ports %u-%u are too few for %u CPUs: give more by --ports, or "
			  "fewer CPUs by --cpus", ports->lo, ports->hi, cpus->count);
}

static bool describe_external(struct attempt *attempt)
{
	return mode_make_blocks(attempt, &attempt->wanted->cpus);
}

static bool module_possible(struct attempt *attempt)
{
	return mode_fails(attempt, "steering in the module is not part of this version");
}

static const struct mode mode_off = {
	.name = "off", .describe = describe_off,
};

/* A NIC, a switch or a program that others look after places the packets by blocks. */
static const struct mode mode_external = {
	.name = "external", .describe = describe_external,
};

static const struct mode mode_module = {
	.name = "module", .layout = MODE_SOFTWARE, .automatic = true, .possible = module_possible,
};

const struct mode *const modes[] = {
	&mode_rss, &mode_ntuple, &mode_module, &mode_xdp, &mode_external, &mode_off, NULL,
};

const struct mode *mode_find(const char *name)
{
	for (size_t i = 0; modes[i]; i++)
		if (!strcmp(modes[i]->name, name))
			return modes[i];
	return NULL;
}

const char *mode_names(void)
{
	static char names[96] = "auto";
	size_t used = 4;

	for (size_t i = 0; modes[i] && used < sizeof(names); i++)
		used += snprintf(names + used, sizeof(names) - used, ", %s", modes[i]->name);
	return names;
}

int mode_read_wanted(struct mode_wanted *wanted, const char *cpus, const char *ports)
{
	int status;

	if (cpus) {
		status = cpus_parse(&wanted->cpus, cpus);
		if (status)
			return status;
	} else if (!cpus_online(&wanted->cpus)) {
		return EXIT_FAILURE;
	}
	if (!ports)
		return ports_local(&wanted->ports) ? EXIT_SUCCESS : EXIT_FAILURE;
	status = ports_parse(&wanted->ports, ports);
	return status ? status : ports_check(&wanted->ports);
}

static void print_blocks(const struct fastsock_rfd *entry)
{
	__u32 block;

	for (__u32 cpu = 0; cpu < FASTSOCK_RFD_CPUS; cpu++) {
		block = entry->block_of_cpu[cpu];
		if (block < entry->blocks.count)
			printf("  CPU %-4u ports %u-%u\n", cpu,
			       fastsock_block_first(&entry->blocks, block),
			       fastsock_block_last(&entry->blocks, block));
	}
}

static void print_rss(const struct fastsock_rfd *entry)
{
	static __u32 share[FASTSOCK_RFD_CPUS];

	memset(share, 0, sizeof(share));
	for (__u32 i = 0; i < entry->entries; i++)
		if (entry->cpu_of_entry[i] < FASTSOCK_RFD_CPUS)
			share[entry->cpu_of_entry[i]]++;
	for (__u32 cpu = 0; cpu < FASTSOCK_RFD_CPUS; cpu++)
		if (share[cpu])
			printf("  CPU %-4u %u of %u entries of the indirection table, ports %u-%u by "
			       "hash\n", cpu, share[cpu], entry->entries, entry->port_lo,
			       entry->port_hi);
}

void mode_print(const struct fastsock_rfd *entry)
{
	if (entry->mode == FASTSOCK_RFD_BLOCKS)
		print_blocks(entry);
	if (entry->mode == FASTSOCK_RFD_RSS)
		print_rss(entry);
}
