/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Receive flow delivery: the pinned entries from which the library takes source
 * ports, one for each interface.  The layout and who may believe what is in
 * fastsock_rfd.h.  Writers hold state_lock(); there have to be pins.
 */
#ifndef FSCTL_RFD_H
#define FSCTL_RFD_H

#include <stdbool.h>

#include "fastsock_rfd.h"

/**
 * rfd_write() - make or replace the entry of an interface
 * @ifindex, @netns: whose; those in @entry are not looked at
 * @entry: all the rest, but for `seq` and `seed`, which are made here
 *
 * Servers that run use it from their next connection on.
 * Return: true, or false (told).
 */
bool rfd_write(__u32 ifindex, __u64 netns, const struct fastsock_rfd *entry);

/* Ports are left to the kernel again; no entry is no error.  false: told. */
bool rfd_remove(__u32 ifindex, __u64 netns);

/* False with errno: ENOENT there is none, EAGAIN a writer was killed in the middle of it. */
bool rfd_read(__u32 ifindex, __u64 netns, struct fastsock_rfd *entry);

/* The pins are about to go: tell those who have the maps open. */
void rfd_gone(void);

#endif
