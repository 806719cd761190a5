// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fsctl.h"
#include "interface.h"

/* The kernel's own rule. */
int interface_check_name(const char *name)
{
	if (*name && strlen(name) < IFNAMSIZ && !strpbrk(name, "/: \t\n\v\f\r") &&
	    strcmp(name, ".") && strcmp(name, ".."))
		return 0;
	return usage_error("'%s' cannot be the name of an interface (1 to %d characters, no '/', ':' "
			   "or blank)", name, IFNAMSIZ - 1);
}

static void list(char *text, size_t size)
{
	struct if_nameindex *all = if_nameindex();
	size_t used = 0;

	*text = '\0';
	for (struct if_nameindex *each = all; each && each->if_index && used < size; each++)
		used += snprintf(text + used, size - used, "%s%s", used ? ", " : "", each->if_name);
	if_freenameindex(all);
}

int interface_check_exists(const char *name)
{
	char all[512];

	if (if_nametoindex(name))
		return 0;
	list(all, sizeof(all));
	complain("there is no interface '%s' in this network namespace; there are: %s", name, all);
	return EXIT_FAILURE;
}
