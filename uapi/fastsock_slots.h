/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR LGPL-2.1-only */
/*
 * What is pinned under FASTSOCK_PINS, and how a (group, CPU, lane) becomes a
 * slot number.  Shared by the BPF program, the library and fsctl; pure
 * arithmetic, no system call in it.
 *
 * A *group* is one reuseport group: all listening sockets on one address of
 * one network namespace.  It has a row of slots, each holding one socket:
 *
 *      cpu 0            cpu 1                       the socket that the server
 *   | l0 l1 l2 l3 |  | l0 l1 l2 l3 |  ...  | orig |  itself opened (if there is
 *                                                    one that all workers share)
 *
 * A CPU has FASTSOCK_LANES lanes, so that the old and the new worker of a CPU
 * can both be there during a reload, and so that more workers than CPUs have
 * somewhere to go.  A slot empties by itself when its socket stops listening.
 *
 *   select     the SK_REUSEPORT program                   (attached to groups)
 *   config     array[1] of struct fastsock_config         read by all
 *   groups     hash: u32 group -> struct fastsock_group   who owns which row
 *   members    hash: u64 SO_COOKIE -> u32 group           tells the program its row
 *   slots      REUSEPORT_SOCKARRAY
 *   counters   per-CPU array[group] of struct fastsock_counters
 *   reasons    who is not served, and why (fastsock_reasons.h)
 *   loads      array[slot] of struct fastsock_load, mapped by the library
 *              (fastsock_load.h: the overload valve)
 *
 * Beside them stand the maps of fastsock_rfd.h.
 *
 * None of them is trusted for correctness: a wrong or missing entry makes the
 * program fall back to a later choice and finally to the kernel's own hash,
 * which only ever picks a listening socket of the same group.
 */
#ifndef _UAPI_FASTSOCK_SLOTS_H
#define _UAPI_FASTSOCK_SLOTS_H

#include <linux/types.h>

#define FASTSOCK_PINS		"/sys/fs/bpf/fastsock"
#define FASTSOCK_PINS_ABI	3

#define FASTSOCK_GROUPS		64u	/* reuseport groups at a time */
#define FASTSOCK_LANES		4u	/* sockets for each CPU of a group; power of two */
#define FASTSOCK_NO_SLOT	(~0u)

struct fastsock_config {
	__u32 abi;		/* FASTSOCK_PINS_ABI */
	__u32 cpus;		/* possible CPUs of the machine */
	__u32 groups;		/* rows */
	__u32 enabled;		/* 0: every connection goes to the original socket */
};

/* struct fastsock_config.enabled */
#define FASTSOCK_ENABLED	(1u << 0)
#define FASTSOCK_SPILLS		(1u << 1)	/* the overload valve (fastsock_load.h) is open */

/* What the kernel compares when a socket joins a reuseport group. */
struct fastsock_group_key {
	__u64 netns;		/* SO_NETNS_COOKIE */
	__u8  addr[16];		/* bound address, IPv4 in the first four bytes */
	__u32 uid;		/* owner of the sockets */
	__u32 ifindex;		/* SO_BINDTODEVICE, 0 = any */
	__be16 port;
	__u8  family;		/* AF_INET or AF_INET6 */
	__u8  protocol;		/* IPPROTO_TCP or IPPROTO_UDP */
	__u8  v6only;
	__u8  reserved[3];
};

struct fastsock_group {
	struct fastsock_group_key key;
	__u64 claimed_ns;	/* CLOCK_MONOTONIC, when the row was taken */
};

/* How often each choice was made; one copy for each CPU that received. */
struct fastsock_counters {
	__u64 local;		/* a socket of the receiving CPU */
	__u64 neighbour;	/* neither that nor an original: a socket of another CPU */
	__u64 original;		/* none there: the socket that the server opened */
	__u64 hashed;		/* none of these: left to the kernel's hash */
	__u64 migrated;		/* of the above: moved out of a closing socket */
	__u64 spilled;		/* instead of local, whose worker was behind: another that is not */
};

_Static_assert(sizeof(struct fastsock_config) == 16, "config");
_Static_assert(sizeof(struct fastsock_group_key) == 40, "group key");
_Static_assert(sizeof(struct fastsock_group) == 48, "group");
_Static_assert(sizeof(struct fastsock_counters) == 48, "counters");
_Static_assert((FASTSOCK_LANES & (FASTSOCK_LANES - 1)) == 0, "lanes");

/* Slots in the row of one group: every lane of every CPU, then the original. */
static inline __u32 fastsock_row(__u32 cpus)
{
	return cpus * FASTSOCK_LANES + 1;
}

/* Slots in all: max_entries of `slots`. */
static inline __u32 fastsock_slots(__u32 groups, __u32 cpus)
{
	return groups * fastsock_row(cpus);
}

/* Slot of (group, cpu, lane); cpu < cpus and lane < FASTSOCK_LANES. */
static inline __u32 fastsock_slot(__u32 group, __u32 cpus, __u32 cpu, __u32 lane)
{
	return group * fastsock_row(cpus) + cpu * FASTSOCK_LANES + lane;
}

/* CPU of a slot; @cpus for the original's. */
static inline __u32 fastsock_slot_cpu(__u32 slot, __u32 cpus)
{
	return slot % fastsock_row(cpus) / FASTSOCK_LANES;
}

/* Slot of the socket that the server itself opened. */
static inline __u32 fastsock_original_slot(__u32 group, __u32 cpus)
{
	return group * fastsock_row(cpus) + cpus * FASTSOCK_LANES;
}

#endif /* _UAPI_FASTSOCK_SLOTS_H */
