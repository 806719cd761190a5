// SPDX-License-Identifier: GPL-2.0-only
/*
 * refresh tells the library what has changed about devices since enable: their
 * key, indirection table, queues or interrupts.  watch does so again and again.
 * Nobody announces all of these, so it is looked; an entry is written only where
 * it differs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fsctl.h"
#include "netns.h"
#include "refresh.h"
#include "rfd.h"
#include "state.h"
#include "steering.h"

/* The fields that are made by whoever writes it differ in any case. */
static void neutral(struct fastsock_rfd *entry)
{
	entry->seq = 0;
	entry->seed = 0;
	entry->ifindex = 0;
	entry->netns = 0;
}

static void name_change(const struct fastsock_rfd *told, const struct fastsock_rfd *now,
			char why[REFRESH_WHY])
{
	const struct {
		const char *what;
		bool differs;
	} parts[] = {
		{ "key", !!memcmp(told->key, now->key, sizeof(told->key)) },
		{ "hash fields", told->fields != now->fields },
		{ "size of the indirection table", told->entries != now->entries },
		{ "indirection table or interrupts",
		  !!memcmp(told->cpu_of_entry, now->cpu_of_entry, sizeof(told->cpu_of_entry)) },
		{ "CPUs with a queue",
		  !!memcmp(told->block_of_cpu, now->block_of_cpu, sizeof(told->block_of_cpu)) },
		{ "ports", !!memcmp(&told->blocks, &now->blocks, sizeof(told->blocks)) ||
			   told->port_lo != now->port_lo || told->port_hi != now->port_hi },
	};
	size_t used = 0;

	why[0] = '\0';
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (parts[i].differs)
			used += snprintf(why + used, REFRESH_WHY - used, "%s%s", used ? ", " : "",
					 parts[i].what);
}

enum refresh refresh_compare(const struct state *state, int at, const struct fastsock_rfd *told,
			     struct fastsock_rfd *now, char why[REFRESH_WHY])
{
	const struct mode *mode = mode_find(state->interface[at].mode);
	struct fastsock_rfd before = *told;
	struct mode_wanted wanted = {
		.interface = state->interface[at].name,
		.ports = { state->interface[at].port_lo, state->interface[at].port_hi },
		.usecs = -1,
	};
	struct ports local;

	if (!mode || !cpus_again(&wanted.cpus, state->interface[at].cpus)) {
		snprintf(why, REFRESH_WHY, "its state is not understood");
		return REFRESH_BROKEN;
	}
	if (ports_local(&local) && (wanted.ports.lo < local.lo || wanted.ports.hi > local.hi)) {
		snprintf(why, REFRESH_WHY, "ports %u-%u are not all in net.ipv4.ip_local_port_range "
			 "(%u-%u) any more", wanted.ports.lo, wanted.ports.hi, local.lo, local.hi);
		return REFRESH_BROKEN;
	}
	if (!steering_describe(state->interface[at].ifindex, &wanted, mode, now, why, REFRESH_WHY))
		return REFRESH_BROKEN;
	neutral(&before);
	neutral(now);
	if (!memcmp(&before, now, sizeof(before)))
		return REFRESH_SAME;
	name_change(&before, now, why);
	return REFRESH_CHANGED;
}

static bool is_steered(const struct state *state, int at)
{
	const char *mode = state->interface[at].mode;

	return *mode && strcmp(mode, "off") && strcmp(mode, STATE_HALF) &&
	       state_here(state, at);
}

/* One that cannot work any more is left to the kernel's ports until it can. */
static bool refresh_one(const struct state *state, int at)
{
	__u64 netns = state->interface[at].netns_cookie;
	const char *name = state->interface[at].name;
	__u32 ifindex = state->interface[at].ifindex;
	static struct fastsock_rfd told, now;
	char why[REFRESH_WHY];
	bool known = rfd_read(ifindex, netns, &told);

	if (!known)
		memset(&told, 0, sizeof(told));
	switch (refresh_compare(state, at, &told, &now, why)) {
	case REFRESH_SAME:
		return true;
	case REFRESH_CHANGED:
		printf("%s: %s; the library knows now\n", name,
		       known ? why : "there was no entry");
		return rfd_write(ifindex, netns, &now);
	case REFRESH_BROKEN:
		if (known)
			complain("%s: %s does not work any more: %s; ports are left to the kernel "
				 "meanwhile", name, state->interface[at].mode, why);
		rfd_remove(ifindex, netns);
	}
	return false;
}

/* -1: nothing is enabled here. */
static int refresh_all(const char *interface)
{
	int status = EXIT_SUCCESS;
	bool any = false;
	struct state state;

	if (!state_lock())
		return EXIT_FAILURE;
	if (!state_read(&state)) {
		state_unlock();
		return EXIT_FAILURE;
	}
	for (int at = 0; at < state.interfaces; at++) {
		if (!is_steered(&state, at) ||
		    (interface && state_find(&state, interface) != at))
			continue;
		any = true;
		if (!refresh_one(&state, at))
			status = EXIT_FAILURE;
	}
	state_unlock();
	fflush(stdout);
	return any ? status : -1;
}

static int nothing(const char *interface)
{
	complain("%s: no outgoing connections are steered in this network namespace; 'fsctl enable "
		 "--mode auto' first", interface ? interface : "any interface");
	return EXIT_FAILURE;
}

int command_refresh(int argc, char **argv)
{
	static const struct option options[] = {
		{ "iface", required_argument, NULL, 'i' },
		{ 0 },
	};
	const char *interface = NULL;
	int option, status;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":i:", options, NULL)) != -1) {
		if (option == ':')
			return usage_error("%s needs a value", argv[optind - 1]);
		if (option != 'i')
			return usage_error("unknown option '%s'", argv[optind - 1]);
		interface = optarg;
	}
	if (optind < argc)
		return usage_error("'%s' is one word too many", argv[optind]);
	status = refresh_all(interface);
	return status < 0 ? nothing(interface) : status;
}

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
	(void)signal_number;
	stopped = 1;
}

static int watch(double interval)
{
	const struct timespec pause = {
		.tv_sec = (time_t)interval,
		.tv_nsec = (long)((interval - (time_t)interval) * 1e9),
	};
	struct sigaction action = { .sa_handler = stop };
	int status;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	status = refresh_all(NULL);
	if (status < 0)
		return nothing(NULL);
	/* It ends with the last interface: whoever enables starts it anew. */
	while (!stopped && status >= 0) {
		nanosleep(&pause, NULL);
		if (!stopped)
			status = refresh_all(NULL);
	}
	return EXIT_SUCCESS;
}

int command_watch(int argc, char **argv)
{
	static const struct option options[] = {
		{ "interval", required_argument, NULL, 'i' },
		{ 0 },
	};
	double interval = 1;
	int option;
	char *end;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":i:", options, NULL)) != -1) {
		if (option == ':')
			return usage_error("%s needs a value", argv[optind - 1]);
		if (option != 'i')
			return usage_error("unknown option '%s'", argv[optind - 1]);
		interval = strtod(optarg, &end);
		if (end == optarg || *end || !(interval >= 0.05 && interval <= 3600))
			return usage_error("--interval %s: not a number of seconds from 0.05 to 3600",
					   optarg);
	}
	if (optind < argc)
		return usage_error("'%s' is one word too many", argv[optind]);
	return watch(interval);
}
