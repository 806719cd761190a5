// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "affinity.h"

int affinity_single(const char *list)
{
	unsigned long cpu;
	char *end;

	if (!isdigit((unsigned char)*list))
		return -1;
	cpu = strtoul(list, &end, 10);
	return *end || cpu > INT_MAX ? -1 : (int)cpu;
}

const char *affinity_mask(int cpu, char text[AFFINITY_TEXT])
{
	size_t used;

	if (cpu < 0 || cpu / 32 * 9 + 9 >= AFFINITY_TEXT)
		return strcpy(text, "0");
	used = sprintf(text, "%x", 1u << cpu % 32);
	for (int word = cpu / 32; word-- > 0;)
		used += sprintf(text + used, ",00000000");
	return text;
}

static const char *first_digit(const char *mask)
{
	return mask + strspn(mask, "0,");
}

bool affinity_is_empty(const char *mask)
{
	return !*first_digit(mask);
}

bool affinity_equal(const char *mask, const char *other)
{
	mask = first_digit(mask);
	other = first_digit(other);
	for (; *mask || *other; mask++, other++) {
		mask += *mask == ',';
		other += *other == ',';
		if (tolower((unsigned char)*mask) != tolower((unsigned char)*other))
			return false;
	}
	return true;
}
