// SPDX-License-Identifier: GPL-2.0-only
/*
 * enable, in an order that a kill at any point leaves repairable: what will have
 * to be undone is written down before it is done, and the pins, which are what
 * servers look for, appear at once.  A mode comes after them, for some need them; its
 * entry, which is what the library looks for, comes last.
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
#include "interface.h"
#include "mode.h"
#include "module.h"
#include "pins.h"
#include "rfd.h"
#include "state.h"
#include "steering.h"

#define NO_GROUP ((gid_t)-1)

struct wanted {
	const char *interface;
	gid_t group;
	const char *spill;		/* "on", "off"; NULL: as it is */
	bool named;			/* a mode was */
	const struct mode *mode;	/* NULL: auto */
	struct mode_wanted it;
	const char *cpus, *ports;	/* as they were given, or NULL */
	bool dry_run;
};

static void tell_module(const char *why_not)
{
	int abi;

	if (!module_loaded()) {
		printf("module: not loaded (%s): going on without; workers that could not bind the "
		       "port themselves are served only if the server started as root\n", why_not);
		return;
	}
	abi = module_abi();
	if (abi == FASTSOCK_ABI)
		printf("module: loaded\n");
	else if (abi < 0)
		printf("module: loaded, but " FASTSOCK_DEVICE " cannot be used: %s\n",
		       strerror(errno));
	else
		printf("module: loaded, but its ABI is %d and fsctl's %d: not used; install matching "
		       "versions\n", abi, FASTSOCK_ABI);
}

/* Only what this call has added: others may be enabled. */
static void undo(struct state *state, int at, bool unpin)
{
	steering_undo(state->interface[at].ifindex, state->interface[at].netns_cookie);
	state_drop(state, at);
	if (unpin)
		pins_remove();
	if (state->interfaces || pins_exist()) {
		state_write(state);
		return;
	}
	if (state->mounted_bpffs)
		pins_unmount();
	if (state->loaded_module)
		module_unload();
	state_remove();
}

/* An interface that was made anew under an old name is another one. */
static bool identify(struct state *state, int at, const char *name)
{
	if (state_identify(state, at, name))
		return true;
	complain("%s: is gone", name);
	return false;
}

static bool spill(const struct wanted *wanted)
{
	return !wanted->spill || pins_spill(!strcmp(wanted->spill, "on"));
}

static bool pin(enum pins pins, gid_t group)
{
	if (!pins_mounted()) {
		if (!pins_mount())
			return false;
		printf("bpffs: mounted on /sys/fs/bpf\n");
	}
	if (pins == PINS_OURS)
		return group == NO_GROUP || pins_share(group);
	return pins_create(group);
}

/* What is to be undone, and by what the entry is made again when the device changes. */
static void note(struct state *state, int at, const struct wanted *wanted, const char *mode)
{
	snprintf(state->interface[at].mode, STATE_MODE, "%s", mode);
	cpus_text(&wanted->it.cpus, state->interface[at].cpus);
	state->interface[at].port_lo = wanted->it.ports.lo;
	state->interface[at].port_hi = wanted->it.ports.hi;
}

/* The entry last of all, so that the library never meets a choice that is not in the state. */
static bool choose(struct state *state, int at, const struct wanted *wanted)
{
	static struct steering steering;
	__u64 netns = state->interface[at].netns_cookie;
	__u32 ifindex = state->interface[at].ifindex;

	if (!wanted->named)
		return true;
	if (steering_make(&wanted->it, wanted->mode, false, &steering))
		return false;
	note(state, at, wanted, steering.mode->name);
	if (!state_write(state))
		return false;
	if (steering.entry.mode == FASTSOCK_RFD_OFF ? !rfd_remove(ifindex, netns) :
						      !rfd_write(ifindex, netns, &steering.entry))
		return false;
	steering_tell(&wanted->it, &steering, true);
	return true;
}

/* Whatever steers now, or was about to. */
static bool stop(const struct state *state, int at)
{
	return rfd_remove(state->interface[at].ifindex, state->interface[at].netns_cookie) &&
	       steering_undo(state->interface[at].ifindex, state->interface[at].netns_cookie);
}

/* On failure the interface stays enabled, without steering. */
static bool start(struct state *state, int at, const struct wanted *wanted)
{
	note(state, at, wanted, wanted->named ? STATE_HALF : "off");
	if (!state_write(state))
		return false;
	if (choose(state, at, wanted))
		return true;
	steering_undo(state->interface[at].ifindex, state->interface[at].netns_cookie);
	note(state, at, wanted, "off");
	state_write(state);
	return false;
}

static int add(struct state *state, enum pins pins, const struct wanted *wanted)
{
	int at = state_find(state, wanted->interface);
	bool were_pins = pins_exist();
	char why_not[256] = "";

	if (at < 0) {
		if (state->interfaces == STATE_INTERFACES) {
			complain("no more than %d interfaces", STATE_INTERFACES);
			return EXIT_FAILURE;
		}
		at = state->interfaces++;
	} else if (!stop(state, at)) {
		return EXIT_FAILURE;
	}
	if (!identify(state, at, wanted->interface))
		return EXIT_FAILURE;
	note(state, at, wanted, wanted->named ? STATE_HALF : "off");
	state->mounted_bpffs |= !pins_mounted();
	if (!module_loaded()) {
		state->loaded_module = true;
		if (!state_write(state))
			return EXIT_FAILURE;
		state->loaded_module = module_load(why_not, sizeof(why_not));
	}
	if (!state_write(state) || !pin(pins, wanted->group) || !spill(wanted) ||
	    !choose(state, at, wanted)) {
		undo(state, at, !were_pins);
		return EXIT_FAILURE;
	}
	tell_module(why_not);
	printf("%s: enabled; start servers by 'fsctl run -- COMMAND'\n", wanted->interface);
	return EXIT_SUCCESS;
}

/* It is enabled: what else was asked for? */
static int change(struct state *state, int at, const struct wanted *wanted)
{
	bool half = !strcmp(state->interface[at].mode, STATE_HALF);

	if (!spill(wanted) || (wanted->group != NO_GROUP && !pins_share(wanted->group)))
		return EXIT_FAILURE;
	if (wanted->named || half) {
		if (!stop(state, at) || !identify(state, at, wanted->interface))
			return EXIT_FAILURE;
		if (!start(state, at, wanted))
			return EXIT_FAILURE;
	}
	if (!wanted->named || wanted->group != NO_GROUP)
		printf("%s: was enabled already%s\n", wanted->interface,
		       wanted->group == NO_GROUP ? "" : "; open to the group, too, now");
	if (half && !wanted->named)
		printf("%s: an enable that was interrupted is undone: ports of outgoing connections "
		       "are left to the kernel\n", wanted->interface);
	return EXIT_SUCCESS;
}

static int enable(const struct wanted *wanted)
{
	static struct steering steering;
	struct state state;
	enum pins pins;

	if (!state_lock() || !state_read(&state))
		return EXIT_FAILURE;
	pins = pins_look();
	if (pins == PINS_FOREIGN)
		complain("run 'fsctl disable --all' first, then enable, then restart the servers that "
			 "are to be served");
	if (pins == PINS_FOREIGN || pins == PINS_ERROR)
		return EXIT_FAILURE;
	if (wanted->dry_run) {
		printf("would %s%s%sadd %s\n", module_loaded() ? "" : "try to load fastsock.ko, ",
		       pins_mounted() ? "" : "mount bpffs on /sys/fs/bpf, ",
		       pins == PINS_OURS ? "" : "load and pin the selection program, ",
		       wanted->interface);
		if (!wanted->named)
			return EXIT_SUCCESS;
		if (steering_make(&wanted->it, wanted->mode, true, &steering))
			return EXIT_FAILURE;
		steering_tell(&wanted->it, &steering, false);
		return EXIT_SUCCESS;
	}
	if (!steering_drop_dead(&state))
		return EXIT_FAILURE;
	if (pins == PINS_OURS && state_find(&state, wanted->interface) >= 0)
		return change(&state, state_find(&state, wanted->interface), wanted);
	if (pins == PINS_DISABLED) {
		printf("finishing a disable that was interrupted: servers that run have to be "
		       "restarted to be served again\n");
		if (!pins_remove())
			return EXIT_FAILURE;
	}
	return add(&state, pins, wanted);
}

/* What --mode, --ports and --cpus come to; 0 or an exit status (told). */
static int read_mode(struct wanted *wanted, const char *mode)
{
	bool chooses = mode && strcmp(mode, "off");

	wanted->named = mode;
	wanted->it.interface = wanted->interface;
	if (mode && strcmp(mode, "auto")) {
		wanted->mode = mode_find(mode);
		if (!wanted->mode)
			return usage_error("unknown mode '%s'; there are: %s", mode, mode_names());
	}
	if (!chooses && (wanted->ports || wanted->cpus || wanted->it.usecs >= 0))
		return usage_error("%s is for a --mode that chooses ports", wanted->ports ? "--ports" :
				   wanted->cpus ? "--cpus" : "--rx-usecs");
	if (wanted->it.usecs >= 0 && wanted->mode && wanted->mode->layout == MODE_HANDS_OFF)
		return usage_error("--rx-usecs is for a --mode that sets the device up, and %s does not",
				   mode);
	return mode ? mode_read_wanted(&wanted->it, wanted->cpus, wanted->ports) : EXIT_SUCCESS;
}

static int read_usecs(const char *text, int *usecs)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < 0 || value > 100000)
		return usage_error("--rx-usecs %s: not a number of microseconds from 0 to 100000", text);
	*usecs = value;
	return EXIT_SUCCESS;
}

int command_enable(int argc, char **argv)
{
	static const struct option options[] = {
		{ "iface", required_argument, NULL, 'i' },
		{ "group", required_argument, NULL, 'g' },
		{ "mode", required_argument, NULL, 'm' },
		{ "ports", required_argument, NULL, 'p' },
		{ "cpus", required_argument, NULL, 'c' },
		{ "rx-usecs", required_argument, NULL, 'u' },
		{ "spill", required_argument, NULL, 's' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "verbose", no_argument, NULL, 'v' },
		{ 0 },
	};
	static struct wanted wanted = { .group = NO_GROUP, .it.usecs = -1 };
	const char *group_name = NULL, *mode = NULL;
	struct group *group;
	int option, status;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":i:g:m:p:c:u:s:nv", options, NULL)) != -1) {
		switch (option) {
		case 'i':
			wanted.interface = optarg;
			break;
		case 'g':
			group_name = optarg;
			break;
		case 'm':
			mode = optarg;
			break;
		case 'p':
			wanted.ports = optarg;
			break;
		case 'c':
			wanted.cpus = optarg;
			break;
		case 'u':
			if (read_usecs(optarg, &wanted.it.usecs))
				return EXIT_USAGE;
			break;
		case 's':
			if (strcmp(optarg, "on") && strcmp(optarg, "off"))
				return usage_error("--spill %s: on or off is meant", optarg);
			wanted.spill = optarg;
			break;
		case 'n':
			wanted.dry_run = true;
			break;
		case 'v':
			pins_be_verbose();
			break;
		case ':':
			return usage_error("%s needs a value", argv[optind - 1]);
		default:
			return usage_error("unknown option '%s'", argv[optind - 1]);
		}
	}
	if (optind < argc)
		return usage_error("'%s' is one word too many", argv[optind]);
	if (!wanted.interface)
		return usage_error("--iface IF is missing: which interface receives the connections?");
	status = interface_check_name(wanted.interface);
	if (!status)
		status = interface_check_exists(wanted.interface);
	if (!status)
		status = read_mode(&wanted, mode);
	if (status)
		return status;
	if (group_name) {
		group = getgrnam(group_name);
		if (!group) {
			complain("there is no group '%s'; make it with groupadd", group_name);
			return EXIT_FAILURE;
		}
		wanted.group = group->gr_gid;
	}
	return enable(&wanted);
}
