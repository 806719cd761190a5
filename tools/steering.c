// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "fsctl.h"
#include "hazards.h"
#include "headroom.h"
#include "netns.h"
#include "rfd.h"
#include "steering.h"

static bool is_up(const struct device *device)
{
	struct ifreq request;

	memset(&request, 0, sizeof(request));
	memcpy(request.ifr_name, device->name, IFNAMSIZ);
	return !ioctl(device->socket, SIOCGIFFLAGS, &request) && request.ifr_flags & IFF_UP;
}

/* Interrupts have owners, and most drivers have queues, only while it is up. */
static bool possible(struct attempt *attempt, const struct mode *mode)
{
	if (mode->layout != MODE_HANDS_OFF && attempt->wanted->cpus.count < 2)
		return mode_fails(attempt, "there is one CPU only: nothing to choose");
	if (mode->layout == MODE_QUEUES && !is_up(&attempt->device))
		return mode_fails(attempt, "it is down; 'ip link set %s up' first",
				  attempt->device.name);
	return !mode->possible || mode->possible(attempt);
}

static void make_layout(struct attempt *attempt, const struct mode *mode)
{
	const struct layout layout = {
		.device = &attempt->device,
		.cpus = &attempt->wanted->cpus,
		.usecs = attempt->wanted->usecs,
		.software = mode->layout == MODE_SOFTWARE,
		.saved = attempt->saved,
	};

	if (mode->layout != MODE_HANDS_OFF)
		layout_make(&layout);
}

static bool perform(struct attempt *attempt, const struct mode *mode)
{
	make_layout(attempt, mode);
	return (!mode->apply || mode->apply(attempt)) && mode->describe(attempt);
}

static void take_back(struct attempt *attempt, const struct mode *mode)
{
	char why[sizeof(attempt->why)];

	memcpy(why, attempt->why, sizeof(why));
	if (mode->undo && !mode->undo(attempt))
		complain("%s: %s", attempt->device.name, attempt->why);
	saved_undo(&attempt->device, netns_cookie());
	memcpy(attempt->why, why, sizeof(why));
}

/* True: it is done; false: attempt->why, and the device is as it was. */
static bool try(struct attempt *attempt, const struct mode *mode, bool dry_run)
{
	bool done;

	attempt->why[0] = attempt->note[0] = '\0';
	attempt->planned = dry_run;
	attempt->saved = NULL;
	if (!possible(attempt, mode))
		return false;
	if (dry_run)
		return perform(attempt, mode);
	/* What an earlier one left, whose device was away. */
	if (!saved_undo(&attempt->device, netns_cookie()))
		return mode_fails(attempt, "its former settings are not set back yet");
	attempt->saved = saved_open(&attempt->device, netns_cookie());
	if (!attempt->saved)
		return mode_fails(attempt, "its settings cannot be written down");
	done = perform(attempt, mode);
	saved_close(attempt->saved);
	attempt->saved = NULL;
	if (!done)
		take_back(attempt, mode);
	return done;
}

static const struct mode *choose(struct attempt *attempt, bool dry_run)
{
	for (size_t i = 0; modes[i]; i++) {
		if (!modes[i]->automatic)
			continue;
		if (try(attempt, modes[i], dry_run))
			return modes[i];
		printf("%s: not %s: %s\n", attempt->device.name, modes[i]->name, attempt->why);
	}
	return NULL;
}

int steering_make(const struct mode_wanted *wanted, const struct mode *mode, bool dry_run,
		  struct steering *steering)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	int status = EXIT_FAILURE;

	if (!attempt)
		return EXIT_FAILURE;
	attempt->wanted = wanted;
	if (!device_open(&attempt->device, if_nametoindex(wanted->interface))) {
		complain("%s: cannot be used: %s", wanted->interface, strerror(errno));
		free(attempt);
		return EXIT_FAILURE;
	}
	if (mode) {
		steering->mode = try(attempt, mode, dry_run) ? mode : NULL;
		if (!steering->mode)
			complain("%s: no mode %s: %s", wanted->interface, mode->name, attempt->why);
	} else {
		steering->mode = choose(attempt, dry_run);
		if (!steering->mode) {
			printf("%s: ports of outgoing connections are left to the kernel\n",
			       wanted->interface);
			steering->mode = mode_find("off");
			if (!try(attempt, steering->mode, dry_run)) {
				complain("%s: %s", wanted->interface, attempt->why);
				steering->mode = NULL;
			}
		}
	}
	if (steering->mode) {
		steering->entry = attempt->entry;
		if (*attempt->note)
			printf("%s: %s\n", wanted->interface, attempt->note);
		status = EXIT_SUCCESS;
	}
	device_close(&attempt->device);
	free(attempt);
	return status;
}

bool steering_undo(unsigned int ifindex, __u64 netns)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	bool done = true, there;
	int error;

	if (!attempt)
		return false;
	there = device_open(&attempt->device, ifindex);
	error = errno;
	/* Also where it is not to be seen: it may be elsewhere, and steered there. */
	for (size_t i = 0; modes[i]; i++)
		if (modes[i]->undo && !modes[i]->undo(attempt)) {
			complain("interface %u: %s", ifindex, attempt->why);
			done = false;
		}
	if (there)
		done &= saved_undo(&attempt->device, netns);
	else if (error != ENODEV)
		done = false;
	if (!there && error != ENODEV)
		complain("interface %u: cannot be set back: %s", ifindex, strerror(error));
	else if (done)
		done = saved_forget(ifindex, netns);
	device_close(&attempt->device);
	free(attempt);
	return done;
}

bool steering_drop_dead(struct state *state)
{
	bool dropped = false;

	for (int at = state->interfaces; at-- > 0;) {
		if (!state_dead(state, at))
			continue;
		if (!rfd_remove(state->interface[at].ifindex, state->interface[at].netns_cookie))
			return false;
		saved_forget(state->interface[at].ifindex, state->interface[at].netns_cookie);
		state_drop(state, at);
		dropped = true;
	}
	return !dropped || state_write(state);
}

bool steering_describe(unsigned int ifindex, const struct mode_wanted *wanted,
		       const struct mode *mode, struct fastsock_rfd *entry, char *why, size_t size)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	bool done = false;

	if (!attempt)
		return false;
	attempt->wanted = wanted;
	if (!device_open(&attempt->device, ifindex)) {
		snprintf(why, size, "the interface is gone: %s", strerror(errno));
	} else {
		done = mode->describe(attempt);
		snprintf(why, size, "%s", attempt->why);
		*entry = attempt->entry;
		device_close(&attempt->device);
	}
	free(attempt);
	return done;
}

static void tell_hazard(void *data, const char *sentence)
{
	printf("%s: beware: %s\n", (const char *)data, sentence);
}

void steering_tell(const struct mode_wanted *wanted, const struct steering *steering, bool done)
{
	struct device device;

	printf("%s: outgoing connections: %s\n", wanted->interface, steering->mode->name);
	if (steering->entry.mode == FASTSOCK_RFD_OFF)
		return;
	mode_print(&steering->entry);
	headroom_print(&steering->entry, wanted->interface);
	/* Before it is done the device is full of what will be done away with. */
	if (!done || !device_open(&device, if_nametoindex(wanted->interface)))
		return;
	hazards_look(&device, steering->mode->layout == MODE_QUEUES, tell_hazard,
		     (void *)wanted->interface);
	device_close(&device);
}
