// SPDX-License-Identifier: GPL-2.0-only
/*
 * enable, in an order that a kill at any point leaves repairable: what will have
 * to be undone is written down before it is done, and the pins, which are what
 * servers look for, appear last and at once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fastsock.h"
#include "fsctl.h"
#include "module.h"
#include "pins.h"
#include "state.h"

struct wanted {
	const char *interface;
	gid_t group;
	bool dry_run;
};

static void list_interfaces(char *text, size_t size)
{
	struct if_nameindex *all = if_nameindex();
	size_t used = 0;

	*text = '\0';
	for (struct if_nameindex *each = all; each && each->if_index && used < size; each++)
		used += snprintf(text + used, size - used, "%s%s", used ? ", " : "", each->if_name);
	if_freenameindex(all);
}

static int check(const struct wanted *wanted)
{
	char all[512];

	if (!wanted->interface)
		return usage_error("--iface IF is missing: which interface receives the connections?");
	if (strlen(wanted->interface) >= IFNAMSIZ || !*wanted->interface ||
	    strchr(wanted->interface, '/'))
		return usage_error("'%s' cannot be the name of an interface (1 to %d characters, no '/')",
				   wanted->interface, IFNAMSIZ - 1);
	if (!if_nametoindex(wanted->interface)) {
		list_interfaces(all, sizeof(all));
		complain("there is no interface '%s' in this network namespace; there are: %s",
			 wanted->interface, all);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static void tell_module(void)
{
	int abi = module_abi();

	if (!module_loaded())
		printf("module: not loaded (modprobe does not find fastsock, or the kernel refuses it): "
		       "going on without; workers that could not bind before are not served\n");
	else if (abi != FASTSOCK_ABI)
		printf("module: loaded, but its ABI is %d and fsctl's %d: not used; install matching "
		       "versions\n", abi, FASTSOCK_ABI);
	else
		printf("module: loaded\n");
}

static int enable(const struct wanted *wanted)
{
	struct fastsock_config config;
	struct state state;
	int mounted;

	if (!state_lock() || !state_read(&state))
		return EXIT_FAILURE;
	if (pins_exist() && (!pins_config(&config) || config.abi != FASTSOCK_PINS_ABI)) {
		complain(FASTSOCK_PINS " is another version's, or damaged; run 'fsctl disable --all' "
			 "first and restart the servers that use it");
		return EXIT_FAILURE;
	}
	if (state_find(&state, wanted->interface) >= 0 && pins_exist()) {
		printf("%s: was enabled already\n", wanted->interface);
		return EXIT_SUCCESS;
	}
	if (wanted->dry_run) {
		printf("would %s%sadd %s\n", module_loaded() ? "" : "try to load fastsock.ko, ",
		       pins_exist() ? "" : "load and pin the selection program, ", wanted->interface);
		return EXIT_SUCCESS;
	}
	if (state_find(&state, wanted->interface) < 0) {
		if (state.interfaces == STATE_INTERFACES) {
			complain("no more than %d interfaces", STATE_INTERFACES);
			return EXIT_FAILURE;
		}
		snprintf(state.interface[state.interfaces].name, IFNAMSIZ, "%s", wanted->interface);
		state.interface[state.interfaces++].netns = state_netns();
	}
	if (!module_loaded()) {
		state.loaded_module = true;
		if (!state_write(&state))
			return EXIT_FAILURE;
		state.loaded_module = module_load();
	}
	mounted = pins_mount();
	if (mounted < 0)
		goto undo;
	if (mounted) {
		state.mounted_bpffs = true;
		printf("bpffs: mounted on /sys/fs/bpf\n");
	}
	if (!state_write(&state))
		goto undo;
	if (!pins_exist() && !pins_create(wanted->group))
		goto undo;
	tell_module();
	printf("%s: enabled; start servers by 'fsctl run -- COMMAND'\n", wanted->interface);
	return EXIT_SUCCESS;

undo:
	/* Only what this call has added: others may be enabled. */
	state.interfaces--;
	if (!state.interfaces) {
		if (state.mounted_bpffs)
			pins_unmount();
		if (state.loaded_module)
			module_unload();
		state_remove();
	} else {
		state_write(&state);
	}
	return EXIT_FAILURE;
}

int command_enable(int argc, char **argv)
{
	static const struct option options[] = {
		{ "iface", required_argument, NULL, 'i' },
		{ "group", required_argument, NULL, 'g' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ 0 },
	};
	struct wanted wanted = { .group = -1 };
	struct group *group;
	int option, status;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":i:g:n", options, NULL)) != -1) {
		switch (option) {
		case 'i':
			wanted.interface = optarg;
			break;
		case 'g':
			group = getgrnam(optarg);
			if (!group) {
				complain("there is no group '%s'; make it with groupadd", optarg);
				return EXIT_FAILURE;
			}
			wanted.group = group->gr_gid;
			break;
		case 'n':
			wanted.dry_run = true;
			break;
		case ':':
			return usage_error("%s needs a value", argv[optind - 1]);
		default:
			return usage_error("unknown option '%s'", argv[optind - 1]);
		}
	}
	if (optind < argc)
		return usage_error("'%s' is one word too many", argv[optind]);
	status = check(&wanted);
	return status ? status : enable(&wanted);
}
