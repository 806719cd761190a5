/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR LGPL-2.1-only */
/*
 * Receive flow delivery: what `fsctl enable` tells the library about each
 * interface, so that an outgoing connection gets a source port whose replies
 * arrive on the CPU that made it.  Two more objects under FASTSOCK_PINS, both
 * arrays with BPF_F_MMAPABLE, so that connect() reads and counts without a
 * system call:
 *
 *   rfd            array[FASTSOCK_INTERFACES] of struct fastsock_rfd
 *   rfd_counters   array[possible CPUs] of struct fastsock_rfd_counters
 *
 * One writer at a time (fsctl, under its lock): makes `seq` odd, writes, makes
 * it even again; it only ever grows, also when an entry is freed and used anew.
 * A reader that meets an odd or changed `seq` makes its connection as if there
 * were no entry.  A stale entry costs speed only: the reply arrives on another
 * CPU.  Who may open the maps may write them, so a reader believes no number in
 * them that it has not compared with its bounds.
 */
#ifndef _UAPI_FASTSOCK_RFD_H
#define _UAPI_FASTSOCK_RFD_H

#include <linux/types.h>

#include "fastsock_ports.h"
#include "fastsock_rss.h"

#define FASTSOCK_INTERFACES	64u
#define FASTSOCK_RFD_CPUS	1024u		/* CPUs beyond take no part */
#define FASTSOCK_NO_CPU		0xffffu

enum fastsock_rfd_mode {
	FASTSOCK_RFD_OFF,	/* entry free, or ports are left to the kernel */
	FASTSOCK_RFD_RSS,	/* a port by the hash of the reply */
	FASTSOCK_RFD_BLOCKS,	/* a port of the CPU's block: ntuple, xdp, module, external */
	FASTSOCK_RFD_GONE,	/* in all entries: disabled, nobody writes these maps again */
};

/* struct fastsock_rfd.fields: what the device hashes for TCP (UDP) over IPv4 (IPv6). */
#define FASTSOCK_RSS_TCP4_PORTS	(1u << 0)	/* addresses and ports; else addresses alone */
#define FASTSOCK_RSS_TCP6_PORTS	(1u << 1)
#define FASTSOCK_RSS_UDP4_PORTS	(1u << 2)
#define FASTSOCK_RSS_UDP6_PORTS	(1u << 3)
#define FASTSOCK_RSS_SYM_XOR	(1u << 4)	/* source XOR destination in both places */

struct fastsock_rfd {
	__u32 seq;			/* odd: being written */
	__u32 mode;			/* enum fastsock_rfd_mode */
	__u64 netns;			/* SO_NETNS_COOKIE */
	__u32 ifindex;
	__u32 port_lo, port_hi;		/* of rss: ports to choose from */
	__u32 fields;			/* of rss: FASTSOCK_RSS_* */
	__u32 entries;			/* of rss: indirection table, a power of two */
	struct fastsock_blocks blocks;	/* of blocks */
	__u64 seed;			/* of rss: random; where the search for a port begins */
	__u8  key[FASTSOCK_RSS_KEY];	/* of rss; zero behind the device's key */
	__u16 block_of_cpu[FASTSOCK_RFD_CPUS];	/* FASTSOCK_NO_CPU: takes no part, of rss, too */
	__u16 cpu_of_entry[FASTSOCK_RSS_TABLE];	/* of rss: hash % entries -> CPU of that queue */
};

/* One for each CPU that connects; a line of its own. */
struct fastsock_rfd_counters {
	__u64 chosen;		/* connections with a port of this CPU */
	__u64 exhausted;	/* none was left for the destination: any port */
	__u64 no_queue;		/* the CPU takes no part: any port */
	__u64 cursor;		/* of rss: ports that this CPU's searches have passed */
	__u64 reserved[4];
};

_Static_assert(sizeof(struct fastsock_rfd) % 8 == 0, "rfd");
_Static_assert(sizeof(struct fastsock_rfd_counters) == 64, "rfd counters");

#endif /* _UAPI_FASTSOCK_RFD_H */
