/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Rows and slots of the pinned maps (fastsock_slots.h), as one process sees and
 * changes them.  Several processes do so at once without a common lock: every
 * claim is one BPF_NOEXIST update, which the kernel makes atomic, and whoever
 * loses looks again.  All functions need usable pins and the library's lock.
 */
#ifndef FASTSOCK_GROUP_H
#define FASTSOCK_GROUP_H

#include <stdbool.h>
#include <linux/types.h>

struct fastsock_group_key;

/* What tells the group of a bound socket; false with errno if it cannot be read. */
bool group_key(int fd, struct fastsock_group_key *key);

/**
 * group_row() - the row of the reuseport group that @fd belongs to
 * @fd: bound TCP socket
 *
 * Claims a row when the group has none yet.
 * Return: the row, or -1 with errno (ENOSPC: all rows are in use).
 */
int group_row(int fd);

/* Tell the program that the socket with this cookie belongs to @row. 0 or -1. */
int group_enter(__u64 cookie, __u32 row);

/* Take that back; only for a socket that no other process has. */
void group_leave(__u64 cookie);

/* Occupied slots of a row. */
unsigned int group_size(__u32 row);

/* Occupied lanes of a CPU in a row. */
unsigned int group_load(__u32 row, unsigned int cpu);

/**
 * group_place() - put a listening socket into a free lane of a CPU
 * @crowd: how many sockets the CPU may have already.  A caller that chose it for
 *         having few says how few, and chooses again when others were quicker.
 *
 * Return: the slot, or FASTSOCK_NO_SLOT.
 */
__u32 group_place(__u32 row, unsigned int cpu, int fd, unsigned int crowd);

/* Put the socket that the server opened into the row's last slot; 0 or -1. */
int group_place_original(__u32 row, int fd);

/* The slot of @row that holds the socket with this cookie, or FASTSOCK_NO_SLOT. */
__u32 group_find(__u32 row, __u64 cookie);

/* Is the socket with this cookie the row's original? */
bool group_has_original(__u32 row, __u64 cookie);

/* Empty a slot, if it holds the socket with this cookie. */
void group_vacate(__u32 slot, __u64 cookie);

#endif
