/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of network interfaces. */
#ifndef FSCTL_INTERFACE_H
#define FSCTL_INTERFACE_H

/* Could this be a name at all?  0, or EXIT_USAGE (told). */
int interface_check_name(const char *name);

/* Is it one of this network namespace's?  0, or EXIT_FAILURE (told). */
int interface_check_exists(const char *name);

#endif
