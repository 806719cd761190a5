// SPDX-License-Identifier: GPL-2.0-only
/*
 * disable: the reverse of enable, and safe to repeat: a run that was killed is
 * finished by the next one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fsctl.h"
#include "module.h"
#include "pins.h"
#include "state.h"

static int undo_all(const struct state *state)
{
	bool were = pins_exist();
	int error;

	if (!pins_remove())
		return EXIT_FAILURE;
	if (were)
		printf("running servers share their listener again; restart them after the next "
		       "'fsctl enable'\n");
	if (state->mounted_bpffs)
		pins_unmount();
	if (state->loaded_module && module_loaded()) {
		error = module_unload();
		if (error)
			printf("module: still in use (%s); 'rmmod fastsock' later\n", strerror(error));
	}
	return state_remove() ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int disable(const char *interface)
{
	struct state state;
	int at;

	if (!state_lock())
		return EXIT_FAILURE;
	if (!state_read(&state)) {
		if (interface)
			return EXIT_FAILURE;
		memset(&state, 0, sizeof(state));
	}
	if (!interface) {
		printf("%s\n", state.interfaces || pins_exist() ? "all interfaces: disabled" :
							   "nothing was enabled");
		return undo_all(&state);
	}
	at = state_find(&state, interface);
	if (at < 0) {
		printf("%s: was not enabled\n", interface);
		return EXIT_SUCCESS;
	}
	state.interfaces--;
	state.interface[at] = state.interface[state.interfaces];
	if (state.interfaces) {
		if (!state_write(&state))
			return EXIT_FAILURE;
	} else if (undo_all(&state)) {
		return EXIT_FAILURE;
	}
	printf("%s: disabled\n", interface);
	return EXIT_SUCCESS;
}

int command_disable(int argc, char **argv)
{
	static const struct option options[] = {
		{ "iface", required_argument, NULL, 'i' },
		{ "all", no_argument, NULL, 'a' },
		{ 0 },
	};
	const char *interface = NULL;
	bool all = false;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":i:a", options, NULL)) != -1) {
		switch (option) {
		case 'i':
			interface = optarg;
			break;
		case 'a':
			all = true;
			break;
		case ':':
			return usage_error("%s needs a value", argv[optind - 1]);
		default:
			return usage_error("unknown option '%s'", argv[optind - 1]);
		}
	}
	if (optind < argc)
		return usage_error("'%s' is one word too many", argv[optind]);
	if (all == (interface != NULL))
		return usage_error("either --iface IF or --all");
	return disable(interface);
}
