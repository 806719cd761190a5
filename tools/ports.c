// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fsctl.h"
#include "ports.h"

#define LOCAL_RANGE "/proc/sys/net/ipv4/ip_local_port_range"

bool ports_local(struct ports *ports)
{
	FILE *file = fopen(LOCAL_RANGE, "re");
	bool done = file && fscanf(file, "%u %u", &ports->lo, &ports->hi) == 2;

	if (!done)
		complain("cannot read " LOCAL_RANGE ": %s", file ? "not understood" : strerror(errno));
	if (file)
		fclose(file);
	return done;
}

int ports_parse(struct ports *ports, const char *text)
{
	char rest;

	if (strspn(text, "0123456789-") == strlen(text) && strlen(text) < 12 &&
	    sscanf(text, "%u-%u%c", &ports->lo, &ports->hi, &rest) == 2 &&
	    ports->lo && ports->lo <= ports->hi && ports->hi <= 65535)
		return EXIT_SUCCESS;
	return usage_error("--ports %s: not a range LO-HI within 1-65535", text);
}

int ports_check(const struct ports *ports)
{
	struct ports local;

	if (!ports_local(&local))
		return EXIT_FAILURE;
	if (ports->lo >= local.lo && ports->hi <= local.hi)
		return EXIT_SUCCESS;
	complain("ports %u-%u are not all in net.ipv4.ip_local_port_range (%u-%u), beyond which the "
		 "kernel takes none: choose from these, or widen it by sysctl first", ports->lo,
		 ports->hi, local.lo, local.hi);
	return EXIT_FAILURE;
}
