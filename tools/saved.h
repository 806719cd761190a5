/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What enable changed about a device, and what it was before: one file for each
 * device below STATE_DIR, a line for each step.
 *
 *   device <ifindex> <name> <identity>	device.h
 *   was    <kind> <target> <value>	written before it is changed
 *   now    <kind> <target> <value>	what is read back afterwards
 *   leave  <kind> <target>		somebody else changed it since: theirs
 *   undo				all that is to be left is marked: the rest goes back
 *
 * Separated by tabs.  A line without its end was being written when fsctl was
 * killed, so nothing followed from it yet.  Callers hold state_lock().
 */
#ifndef FSCTL_SAVED_H
#define FSCTL_SAVED_H

#include <linux/types.h>
#include <stdbool.h>

#include "device.h"

struct saved;

/* Of a device of the namespace with this cookie, which has none yet.  NULL: told. */
struct saved *saved_open(const struct device *device, __u64 netns);

/*
 * Write down the present value, then set another.  A value that is the wanted one
 * already is not touched and not written down.  False with errno.
 */
bool saved_change(struct saved *saved, const char *kind, const char *target, const char *value);

/* Write down only, for what changes together with something else. */
bool saved_keep(struct saved *saved, const char *kind, const char *target);

/*
 * What was only written down has changed by now, if ever: note how, so that it can
 * be told from what others do later.
 */
void saved_settle(struct saved *saved);

/* The file stays until saved_undo(). */
void saved_close(struct saved *saved);

/*
 * All back as it was, in the reverse order; what somebody else changed is left
 * alone and told, and so is what cannot be set back.  May be repeated, and finishes
 * what a killed one began.  False (told) when something could not be set back; where
 * that is for the moment only (a driver that resets its device) the file stays.
 */
bool saved_undo(const struct device *device, __u64 netns);

/*
 * For a device that does not have this number here any more, nothing where there is no
 * file.  If it is here under another, all back; if it is gone, so are its settings.  False
 * (told), and the file stays: it is in another namespace, or what saved_undo() says.
 */
bool saved_forget(unsigned int ifindex, __u64 netns);

/* For each file that there is; false when any said so. */
bool saved_each(bool (*visit)(unsigned int ifindex, __u64 netns));

#endif
