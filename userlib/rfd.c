// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Nothing in the maps is believed unseen: who may open them may write them.  A
 * number that is out of bounds, or read while it is written, is no entry, and
 * the connection is made as without the library.
 *
 * Where a search for a port begins is the sum of a number that depends on the
 * destination and on the map's seed, so that a stranger who saw one connection
 * cannot tell the port of another, and of a cursor that all processes on this
 * CPU share and move behind the port they took: so two of them do not try the
 * same ports, and a port is tried again only after all the others, when it is
 * most likely out of TIME_WAIT.  Two that meet there all the same cost one more
 * try.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include "bpf.h"
#include "fastsock_slots.h"
#include "lock.h"
#include "pins.h"
#include "quiet.h"
#include "rfd.h"

#define ENTRIES_SIZE (FASTSOCK_INTERFACES * sizeof(struct fastsock_rfd))

atomic_bool rfd_mapped;

static const struct fastsock_rfd *entries;
static struct fastsock_rfd_counters *counters;
static unsigned int cpus;		/* lines in `counters` */

static void *map(const char *path, size_t size, int protection, void *at)
{
	/* To write, both: the kernel does not share what was opened to read only. */
	int fd = bpf_open(path);
	void *mapped;

	if (fd < 0)
		return MAP_FAILED;
	mapped = mmap(at, size, protection, MAP_SHARED | (at ? MAP_FIXED : 0), fd, 0);
	quiet_close(fd);
	return mapped;
}

/* In place of the old ones, if there are: other threads may be reading there. */
static void map_both(void)
{
	void *made;

	made = map(FASTSOCK_PINS "/rfd_counters", pins.cpus * sizeof(*counters),
		   PROT_READ | PROT_WRITE, counters);
	if (made == MAP_FAILED)
		return;
	counters = made;
	cpus = pins.cpus;
	made = map(FASTSOCK_PINS "/rfd", ENTRIES_SIZE, PROT_READ, (void *)entries);
	if (made == MAP_FAILED)
		return;
	entries = made;
	atomic_store_explicit(&rfd_mapped, true, memory_order_release);
}

void rfd_open(void)
{
	int error = errno;

	if (!atomic_load_explicit(&rfd_mapped, memory_order_relaxed))
		map_both();
	errno = error;
}

/* Once: what was compared with its bounds is what is used. */
#define READ(place) __atomic_load_n(&(place), __ATOMIC_RELAXED)

static __u32 seq_of(__u32 entry)
{
	return __atomic_load_n(&entries[entry].seq, __ATOMIC_ACQUIRE);
}

static bool unchanged(__u32 entry, __u32 seq)
{
	atomic_thread_fence(memory_order_acquire);
	return !(seq & 1) && READ(entries[entry].seq) == seq;
}

static __u32 mode_of(__u32 entry)
{
	return READ(entries[entry].mode);
}

/*
 * Whoever disabled took the names of these maps away; a later enable has made
 * others under the same names.
 */
static void reopen(void)
{
	unsigned int was = cpus;
	sigset_t saved;

	lock_take(&saved);
	if (mode_of(0) == FASTSOCK_RFD_GONE && pins_usable() && pins.cpus == was)
		map_both();
	lock_drop(&saved);
}

bool rfd_any(void)
{
	int error = errno;

	if (mode_of(0) == FASTSOCK_RFD_GONE) {
		reopen();
		errno = error;
	}
	for (__u32 i = 0; i < FASTSOCK_INTERFACES; i++)
		if (mode_of(i) == FASTSOCK_RFD_RSS || mode_of(i) == FASTSOCK_RFD_BLOCKS)
			return true;
	return false;
}

bool rfd_find(__u32 ifindex, __u64 netns, const __u8 *peer, const __u8 *ours, __u8 length,
	      struct rfd_way *way)
{
	const struct fastsock_rfd *entry;

	for (__u32 i = 0; i < FASTSOCK_INTERFACES; i++) {
		__u32 seq = seq_of(i), mode = mode_of(i);

		entry = &entries[i];
		if (entry->ifindex != ifindex || entry->netns != netns ||
		    (mode != FASTSOCK_RFD_RSS && mode != FASTSOCK_RFD_BLOCKS))
			continue;
		way->entry = i;
		way->seq = seq;
		way->length = length;
		way->addresses = mode == FASTSOCK_RFD_RSS ?
			fastsock_rss_addresses(entry->key, peer, ours, length,
					       entry->fields & FASTSOCK_RSS_SYM_XOR) : 0;
		return unchanged(i, seq);
	}
	return false;
}

bool rfd_valid(const struct rfd_way *way)
{
	return seq_of(way->entry) == way->seq;
}

static enum rfd_verdict choose_block(const struct fastsock_rfd *entry, __u32 block,
				     struct rfd_choice *choice)
{
	const struct fastsock_blocks blocks = {
		.first = READ(entry->blocks.first),
		.shift = READ(entry->blocks.shift),
		.count = READ(entry->blocks.count),
	};

	if (blocks.shift > 15 || blocks.count > 65536 || block >= blocks.count)
		return RFD_NONE;
	choice->lo = fastsock_block_first(&blocks, block);
	choice->hi = fastsock_block_last(&blocks, block);
	choice->more = false;
	return choice->lo && choice->lo <= choice->hi && choice->hi <= 65535 ? RFD_RANGE : RFD_NONE;
}

static bool hashes_ports(const struct fastsock_rfd *entry, const struct rfd_choice *choice)
{
	__u32 field = choice->way.length == 4 ?
		(choice->udp ? FASTSOCK_RSS_UDP4_PORTS : FASTSOCK_RSS_TCP4_PORTS) :
		(choice->udp ? FASTSOCK_RSS_UDP6_PORTS : FASTSOCK_RSS_TCP6_PORTS);

	return entry->fields & field;
}

static __u32 mix(__u64 value)
{
	value ^= value >> 32;
	value *= 0x9e3779b97f4a7c15ull;
	value ^= value >> 29;
	value *= 0xbf58476d1ce4e5b9ull;
	return value >> 32;
}

/* From the cursor on; it is left behind the port that is found. */
static enum rfd_verdict choose_port(const struct fastsock_rfd *entry, struct rfd_choice *choice)
{
	__u32 table = READ(entry->entries), lo = READ(entry->port_lo), hi = READ(entry->port_hi);
	__u32 span, at, tries;
	__u64 *cursor = &counters[choice->cpu].cursor;
	struct fastsock_rss_walk walk;
	int symmetric = entry->fields & FASTSOCK_RSS_SYM_XOR;

	if (!table || table > FASTSOCK_RSS_TABLE || table & (table - 1) || !lo || lo > hi || hi > 65535)
		return RFD_NONE;
	if (!hashes_ports(entry, choice))
		return entry->cpu_of_entry[choice->way.addresses & (table - 1)] == choice->cpu ?
			RFD_ANY : RFD_NONE;
	span = hi - lo + 1;
	at = (choice->origin + READ(*cursor)) % span;
	fastsock_rss_walk_begin(&walk, entry->key, choice->way.addresses, choice->way.length,
				choice->peer_port, lo + at, symmetric);
	for (tries = 1; tries <= FASTSOCK_RSS_TRIES && tries <= span; tries++) {
		if (entry->cpu_of_entry[walk.hash & (table - 1)] == choice->cpu) {
			__atomic_fetch_add(cursor, tries, __ATOMIC_RELAXED);
			choice->lo = choice->hi = walk.port;
			choice->more = true;
			return RFD_RANGE;
		}
		if (walk.port == hi)
			fastsock_rss_walk_begin(&walk, entry->key, choice->way.addresses,
						choice->way.length, choice->peer_port, lo, symmetric);
		else
			fastsock_rss_walk_next(&walk);
	}
	return RFD_NONE;
}

static void count(__u64 *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

enum rfd_verdict rfd_choose(struct rfd_choice *choice)
{
	const struct fastsock_rfd *entry = &entries[choice->way.entry];
	enum rfd_verdict verdict;
	int cpu = sched_getcpu();
	__u32 block;

	if (cpu < 0 || (unsigned int)cpu >= cpus)
		return RFD_NONE;
	choice->cpu = cpu;
	block = cpu < (int)FASTSOCK_RFD_CPUS ? entry->block_of_cpu[cpu] : FASTSOCK_NO_CPU;
	if (block == FASTSOCK_NO_CPU) {
		verdict = RFD_NONE;
	} else if (mode_of(choice->way.entry) == FASTSOCK_RFD_BLOCKS) {
		verdict = choose_block(entry, block, choice);
	} else {
		choice->origin = mix(entry->seed ^ choice->way.addresses ^
				     (__u64)choice->peer_port << 32);
		verdict = choose_port(entry, choice);
	}
	if (!unchanged(choice->way.entry, choice->way.seq))
		return RFD_NONE;
	if (block == FASTSOCK_NO_CPU)
		count(&counters[cpu].no_queue);
	else if (verdict == RFD_NONE)
		count(&counters[cpu].exhausted);
	return verdict;
}

/* Elsewhere: ports that have been used lie side by side, because of the cursor. */
bool rfd_choose_next(struct rfd_choice *choice)
{
	const struct fastsock_rfd *entry = &entries[choice->way.entry];

	if (!choice->more)
		return false;
	__atomic_fetch_add(&counters[choice->cpu].cursor,
			   (READ(entry->port_hi) - READ(entry->port_lo)) / 5, __ATOMIC_RELAXED);
	return choose_port(entry, choice) == RFD_RANGE &&
	       unchanged(choice->way.entry, choice->way.seq);
}

void rfd_count(const struct rfd_choice *choice, enum rfd_count what)
{
	struct fastsock_rfd_counters *line = &counters[choice->cpu];

	count(what == RFD_CHOSEN ? &line->chosen : &line->exhausted);
}
