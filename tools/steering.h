/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One interface's way to bring replies home: chosen by trying, made, looked after,
 * undone.  Callers hold state_lock(), and there are pins.
 */
#ifndef FSCTL_STEERING_H
#define FSCTL_STEERING_H

#include "mode.h"
#include "state.h"

struct steering {
	const struct mode *mode;	/* the chosen one */
	struct fastsock_rfd entry;	/* what to tell the library */
};

/**
 * steering_make() - prepare the device for a mode
 * @mode: NULL: the first of the automatic ones that works
 * @dry_run: change nothing, say what would be done
 * @steering: result; without any that works it is mode off for auto
 *
 * Return: 0, or an exit status (told); then the device is as it was.
 */
int steering_make(const struct mode_wanted *wanted, const struct mode *mode, bool dry_run,
		  struct steering *steering);

/*
 * All back as it was; what is not there is no error, and neither is a device that
 * has gone.  False (told) when something could not be set back.
 */
bool steering_undo(unsigned int ifindex, __u64 netns);

/*
 * Interfaces whose namespace has gone, and they with it: out of the state.  Those of
 * which that is certain, that is; false (told): they could not be.
 */
bool steering_drop_dead(struct state *state);

/* What to tell the library now; false: the mode cannot work any more, @why. */
bool steering_describe(unsigned int ifindex, const struct mode_wanted *wanted,
		       const struct mode *mode, struct fastsock_rfd *entry, char *why, size_t size);

/* Say how it lies and, where it is @done, what stands in its way. */
void steering_tell(const struct mode_wanted *wanted, const struct steering *steering, bool done);

#endif
