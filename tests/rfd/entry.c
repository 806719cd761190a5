// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pinned entry of an interface, for scripts:
 *
 *	entry show IF				as the map has it
 *	entry rss IF KEY FIELDS CPU...	write one: key in hex, table of CPUs
 *	entry tear IF				leave it as a killed writer does
 *	entry count				the counters of each CPU
 */
#define _GNU_SOURCE
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The library has headers of the same names. */
#include "../../tools/fsctl.h"
#include "../../tools/netns.h"
#include "../../tools/pins.h"
#include "../../tools/ports.h"
#include "../../tools/rfd.h"

/* What tools/fsctl.c has for the others. */
void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

int usage_error(const char *format, ...)
{
	complain("%s", format);
	return EXIT_USAGE;
}

static int show(__u32 ifindex)
{
	struct fastsock_rfd entry;

	if (!rfd_read(ifindex, netns_cookie(), &entry)) {
		printf("none: %s\n", strerror(errno));
		return EXIT_SUCCESS;
	}
	printf("mode %u ports %u-%u blocks %u+%ux%u cpus", entry.mode, entry.port_lo, entry.port_hi,
	       entry.blocks.first, entry.blocks.count, 1u << entry.blocks.shift);
	for (__u32 cpu = 0; cpu < FASTSOCK_RFD_CPUS; cpu++)
		if (entry.block_of_cpu[cpu] != FASTSOCK_NO_CPU)
			printf(" %u:%u", cpu, entry.block_of_cpu[cpu]);
	printf("\n");
	return EXIT_SUCCESS;
}

static int rss(__u32 ifindex, int argc, char **argv)
{
	struct fastsock_rfd entry = { .mode = FASTSOCK_RFD_RSS };
	struct ports ports;
	unsigned int byte;

	for (size_t i = 0; i < strlen(argv[0]) / 2 && i < sizeof(entry.key); i++) {
		sscanf(argv[0] + 2 * i, "%2x", &byte);
		entry.key[i] = byte;
	}
	entry.fields = strtoul(argv[1], NULL, 0);
	for (int i = 2; i < argc; i++)
		entry.cpu_of_entry[entry.entries++] = strtoul(argv[i], NULL, 0);
	if (!ports_local(&ports))
		return EXIT_FAILURE;
	entry.port_lo = ports.lo;
	entry.port_hi = ports.hi;
	return rfd_write(ifindex, netns_cookie(), &entry) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void *map(const char *name, size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, pins_open(name), 0);

	if (at == MAP_FAILED) {
		perror(name);
		exit(EXIT_FAILURE);
	}
	return at;
}

static int tear(__u32 ifindex)
{
	struct fastsock_rfd *entries = map("rfd", FASTSOCK_INTERFACES * sizeof(*entries));

	for (__u32 i = 0; i < FASTSOCK_INTERFACES; i++)
		if (entries[i].ifindex == ifindex && entries[i].netns == netns_cookie())
			entries[i].seq |= 1;
	return EXIT_SUCCESS;
}

static int count(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	struct fastsock_rfd_counters *each = map("rfd_counters", cpus * sizeof(*each));

	for (long cpu = 0; cpu < cpus; cpu++)
		printf("%ld chosen %llu exhausted %llu no_queue %llu\n", cpu,
		       (unsigned long long)each[cpu].chosen, (unsigned long long)each[cpu].exhausted,
		       (unsigned long long)each[cpu].no_queue);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	__u32 ifindex = argc > 2 ? if_nametoindex(argv[2]) : 0;

	if (argc == 2 && !strcmp(argv[1], "count"))
		return count();
	if (argc == 3 && ifindex && !strcmp(argv[1], "show"))
		return show(ifindex);
	if (argc == 3 && ifindex && !strcmp(argv[1], "tear"))
		return tear(ifindex);
	if (argc > 5 && ifindex && !strcmp(argv[1], "rss"))
		return rss(ifindex, argc - 3, argv + 3);
	fprintf(stderr, "usage: entry show|tear IF | rss IF KEY FIELDS CPU... | count\n");
	return EXIT_USAGE;
}
