// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "say.h"
#include "settings.h"

struct settings settings = { .pin = true, .rfd = true };

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

static bool read_switch(const char *name, const char *value, bool otherwise)
{
	if (strcmp(value, "0") && strcmp(value, "1"))
		say(SAY_SETTING, name, "=", value, " is not 0 or 1; taken as ", otherwise ? "1" : "0",
		    NULL);
	return strcmp(value, otherwise ? "0" : "1") ? otherwise : !otherwise;
}

void settings_read(void)
{
	for (char **entry = environ; entry && *entry; entry++) {
		if (strncmp(*entry, "FASTSOCK", 8))
			continue;
		if (!strncmp(*entry, "FASTSOCK=", 9))
			read_mode(*entry + 9);
		else if (!strncmp(*entry, "FASTSOCK_PIN=", 13))
			settings.pin = read_switch("FASTSOCK_PIN", *entry + 13, true);
		else if (!strncmp(*entry, "FASTSOCK_RFD=", 13))
			settings.rfd = read_switch("FASTSOCK_RFD", *entry + 13, true);
		else if (!strncmp(*entry, "FASTSOCK_UDP=", 13))
			settings.udp = read_switch("FASTSOCK_UDP", *entry + 13, false);
		else if ((*entry)[8] == '_')
			say(SAY_SETTING, "unknown setting ", *entry,
			    " ignored (known: FASTSOCK, FASTSOCK_PIN, FASTSOCK_RFD, "
			    "FASTSOCK_UDP)", NULL);
	}
}
