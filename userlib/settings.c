// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "say.h"
#include "settings.h"

struct settings settings = { .pin = true };

static void read_mode(const char *value)
{
	if (!strcmp(value, "off"))
		settings.off = true;
	else if (!strcmp(value, "strict"))
		settings.strict = true;
	else if (*value && strcmp(value, "auto"))
		say(SAY_SETTING, "FASTSOCK=", value,
		    " is not auto, off or strict; taken as auto", NULL);
}

static void read_pin(const char *value)
{
	if (!strcmp(value, "0"))
		settings.pin = false;
	else if (strcmp(value, "1"))
		say(SAY_SETTING, "FASTSOCK_PIN=", value, " is not 0 or 1; taken as 1", NULL);
}

void settings_read(void)
{
	for (char **entry = environ; entry && *entry; entry++) {
		if (strncmp(*entry, "FASTSOCK", 8))
			continue;
		if (!strncmp(*entry, "FASTSOCK=", 9))
			read_mode(*entry + 9);
		else if (!strncmp(*entry, "FASTSOCK_PIN=", 13))
			read_pin(*entry + 13);
		else if ((*entry)[8] == '_')
			say(SAY_SETTING, "unknown setting ", *entry,
			    " ignored (known: FASTSOCK, FASTSOCK_PIN)", NULL);
	}
}
