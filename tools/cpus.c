// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpus.h"
#include "fsctl.h"

#define ONLINE "/sys/devices/system/cpu/online"

/* Marks in @seen; false when it is no such list.  CPUs beyond are skipped, or refused. */
static bool read_list(const char *list, bool seen[FASTSOCK_RFD_CPUS], bool skip)
{
	unsigned long first, last;
	char *end;

	for (;;) {
		if (!isdigit((unsigned char)*list))
			return false;
		first = last = strtoul(list, &end, 10);
		if (*end == '-') {
			if (!isdigit((unsigned char)end[1]))
				return false;
			last = strtoul(end + 1, &end, 10);
		}
		if (last < first || (!skip && last >= FASTSOCK_RFD_CPUS))
			return false;
		for (; first <= last && first < FASTSOCK_RFD_CPUS; first++)
			seen[first] = true;
		if (!*end || *end == '\n')
			return true;
		if (*end != ',')
			return false;
		list = end + 1;
	}
}

static void collect(struct cpus *cpus, const bool seen[FASTSOCK_RFD_CPUS])
{
	cpus->count = 0;
	for (__u32 cpu = 0; cpu < FASTSOCK_RFD_CPUS; cpu++)
		if (seen[cpu])
			cpus->cpu[cpus->count++] = cpu;
}

static bool read_online(bool seen[FASTSOCK_RFD_CPUS])
{
	FILE *file = fopen(ONLINE, "re");
	char line[8192];
	bool done;

	done = file && fgets(line, sizeof(line), file) && read_list(line, seen, true);
	if (!done)
		complain("cannot tell which CPUs are online: " ONLINE ": %s (is /sys mounted?)",
			 file ? "not understood" : strerror(errno));
	if (file)
		fclose(file);
	return done;
}

bool cpus_online(struct cpus *cpus)
{
	bool seen[FASTSOCK_RFD_CPUS] = { false };

	if (!read_online(seen))
		return false;
	collect(cpus, seen);
	return true;
}

int cpus_parse(struct cpus *cpus, const char *list)
{
	bool seen[FASTSOCK_RFD_CPUS] = { false }, online[FASTSOCK_RFD_CPUS] = { false };

	if (!read_list(list, seen, false))
		return usage_error("--cpus %s: not a list such as 0-3,8 of CPUs below %u", list,
				   FASTSOCK_RFD_CPUS);
	if (!read_online(online))
		return EXIT_FAILURE;
	collect(cpus, seen);
	for (__u32 i = 0; i < cpus->count; i++)
		if (!online[cpus->cpu[i]]) {
			complain("--cpus %s: CPU %u is not online", list, cpus->cpu[i]);
			return EXIT_FAILURE;
		}
	return EXIT_SUCCESS;
}

const char *cpus_text(const struct cpus *cpus, char text[CPUS_TEXT])
{
	size_t used = 0;
	__u32 last;

	text[0] = '\0';
	for (__u32 i = 0; i < cpus->count; i = last + 1) {
		for (last = i; last + 1 < cpus->count && cpus->cpu[last + 1] == cpus->cpu[last] + 1;
		     last++)
			;
		used += snprintf(text + used, CPUS_TEXT - used, last > i ? "%s%u-%u" : "%s%u",
				 used ? "," : "", cpus->cpu[i], cpus->cpu[last]);
	}
	return text;
}

bool cpus_again(struct cpus *cpus, const char *text)
{
	bool seen[FASTSOCK_RFD_CPUS] = { false };

	if (!read_list(text, seen, false))
		return false;
	collect(cpus, seen);
	return true;
}
