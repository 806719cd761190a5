// SPDX-License-Identifier: GPL-2.0-only
/*
 * disable: the reverse of enable, and safe to repeat: a run that was killed is
 * finished by the next one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fastsock.h"
#include "fsctl.h"
#include "interface.h"
#include "module.h"
#include "netns.h"
#include "pins.h"
#include "rfd.h"
#include "saved.h"
#include "state.h"
#include "steering.h"

static bool undo_device(unsigned int ifindex, __u64 netns)
{
	int former = netns_enter(netns);
	bool done;

	/* The namespace has gone, and the device with it. */
	if (former < 0)
		return saved_forget(ifindex, netns);
	done = steering_undo(ifindex, netns);
	netns_leave(former);
	return done;
}

static int undo_all(const struct state *state)
{
	/* By what is written down, not by the state, which may be lost; wherever it is. */
	bool were = pins_exist(), devices = saved_each(undo_device);
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
			printf("module: left loaded, %s; 'rmmod fastsock' later\n",
			       error == EWOULDBLOCK ? "a process has " FASTSOCK_DEVICE " open" :
						      strerror(error));
	}
	return state_remove() && devices ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int disable(const char *interface)
{
	struct state state;
	unsigned int ifindex;
	bool any, restored;
	int at;

	if (!state_lock())
		return EXIT_FAILURE;
	if (!state_read(&state)) {
		if (interface)
			return EXIT_FAILURE;
		memset(&state, 0, sizeof(state));
	}
	if (!interface) {
		any = state.interfaces || pins_exist();
		if (undo_all(&state))
			return EXIT_FAILURE;
		printf("%s\n", any ? "all interfaces: disabled" : "nothing was enabled");
		return EXIT_SUCCESS;
	}
	if (!steering_drop_dead(&state))
		return EXIT_FAILURE;
	at = state_find(&state, interface);
	if (at < 0) {
		ifindex = if_nametoindex(interface);
		/* What an earlier one could not set back, or an enable that was killed early left. */
		if (ifindex && !steering_undo(ifindex, netns_cookie()))
			return EXIT_FAILURE;
		any = state.interfaces || pins_exist();
		printf("%s: was not enabled%s\n", interface, !state.interfaces && any ?
		       ", but there are pins; 'fsctl disable --all' removes them" : "");
		return any ? EXIT_SUCCESS : undo_all(&state);
	}
	if (!rfd_remove(state.interface[at].ifindex, state.interface[at].netns_cookie))
		return EXIT_FAILURE;
	restored = steering_undo(state.interface[at].ifindex, state.interface[at].netns_cookie);
	state_drop(&state, at);
	if (state.interfaces) {
		if (!state_write(&state))
			return EXIT_FAILURE;
	} else if (undo_all(&state)) {
		return EXIT_FAILURE;
	}
	printf("%s: disabled\n", interface);
	return restored ? EXIT_SUCCESS : EXIT_FAILURE;
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
	if (interface && interface_check_name(interface))
		return EXIT_USAGE;
	return disable(interface);
}
