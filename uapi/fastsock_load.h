/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR LGPL-2.1-only */
/*
 * The overload valve: may this slot have one more connection, or is its worker
 * behind while another could take it?  The BPF program decides for each SYN, by
 * one cache line for each slot that the softirq and the worker of one CPU share.
 *
 * What the worker says, by plain stores into the mapped line:
 *
 *   accepted   connections taken from this slot's queue
 *   turn       odd while it works, even while it is in epoll_wait()
 *   stalls     turns that were too long and ended with something in the queue, and
 *              waits that ended long after FEW had come
 *   usual      how long its turns are
 *
 * depth = selected - accepted.  Not every SYN becomes a connection, so the depth
 * drifts; whenever the worker finds the queue empty it sets accepted to selected.
 * That also takes out the handshakes under way: for clients far off they are
 * many, and none of them waits for the worker.
 *
 * Where nobody says anything (turn 0) the depth is taken to be none.
 *
 * Two ways to be behind:
 *
 *   stalled   It has been in one and the same turn for STALL and for several times
 *             its usual, and something waits.  (The usual, because on a machine
 *             that is slow or busy with other things all are slow, and who else
 *             is given the connection is no quicker.)  It is given nothing until
 *             the turn ends.  Who stalled will do so again: for WARY from then on
 *             it may have only FEW waiting, or SOME where its turn was first
 *             seen just now: less would give away most of a load that it is well
 *             up to (two CPUs, one worker that sleeps 100 ms of 400, 15 rounds:
 *             FEW gave 0.94 and 0.99 of a shared listener's rate, this 1.06 to 1.11).
 *
 *             Only a worker that works is seen to stall: one in epoll_wait() is
 *             idle, however old its turn is.  If it was kept from running there,
 *             it says so afterwards (fastsock_load_kept()).
 *
 *   crowded   On average a SYN finds CROWD waiting, and on another CPU less than
 *             a quarter of that.  Both: a burst, or load that all have alike, is
 *             no reason to give locality up when there is most to do.  Then any
 *             other worker with less than ROOM comes first, until none is better
 *             off, and at most for CROWDED; then the average is taken anew.
 *
 * An average over the last arrivals and not a minimum over a window (CoDel): a
 * load generator on the worker's own CPU takes turns with it, so that the queue
 * is empty at the end of every turn and yet half of the machine is idle.  For the
 * same reason a crowded slot's own worker does not come first when it waits with
 * nothing in its queue: it waits for its CPU (docs/benchmarks.md has both).
 *
 * Nothing here is trusted: a wrong value sends connections to the other choice.
 */
#ifndef _UAPI_FASTSOCK_LOAD_H
#define _UAPI_FASTSOCK_LOAD_H

#include <linux/types.h>

/* Time is in units of 2^20 ns, about a millisecond, and wraps. */
#define FASTSOCK_LOAD_STALL	50u	/* many slices of the scheduler */
#define FASTSOCK_LOAD_SLOW	2000u	/* half of it is long for anybody */
#define FASTSOCK_LOAD_WARY	1000u
#define FASTSOCK_LOAD_CROWDED	1000u
#define FASTSOCK_LOAD_LOOK	8u	/* between looks at other CPUs */
#define FASTSOCK_LOAD_FRESH	5u	/* a tick of a kernel with 250 of them */
#define FASTSOCK_LOAD_STALE	100u	/* without an arrival: nothing waits */
#define FASTSOCK_LOAD_VACANT	1000u	/* so long, while connections come */

#define FASTSOCK_LOAD_CROWD	4u	/* connections */
#define FASTSOCK_LOAD_FEW	4u	/* connections */
#define FASTSOCK_LOAD_SOME	16u	/* connections */
#define FASTSOCK_LOAD_ROOM	8u	/* connections */
#define FASTSOCK_LOAD_SPAN	512u	/* arrivals that the average is over */
#define FASTSOCK_LOAD_DEEP	65535u	/* more counts as so many */

struct fastsock_load {
	/* The worker's. */
	__u32 accepted;
	__u32 turn;
	__u32 stalls;
	__u32 usual;		/* length of a turn, times 16 */
	/* The program's. */
	__u32 selected;
	__u32 average;		/* of the depth, times SPAN */
	__u32 turn_seen;
	__u32 turn_since;	/* when turn_seen was first seen */
	__u32 stalls_seen;
	__u32 arrived;		/* when the last connection came, wherever it went */
	__u32 looked;		/* at the other CPUs */
	__u32 wary_until;
	__u32 crowded_until;	/* 0: not */
	__u32 few_since;	/* until then fewer than FEW waited */
	/* The program's, of a CPU that has no worker, in the line of its first lane. */
	__u32 vacant_since;
	__u32 vacant_seen;
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct fastsock_load) == 64, "load");

static inline __u32 fastsock_load_time(__u64 ns)
{
	return ns >> 20;
}

/* How long ago.  Another CPU may have read the clock a moment after us: then, now. */
static inline __u32 fastsock_load_age(__u32 since, __u32 now)
{
	return (now - since) >> 31 ? 0 : now - since;
}

static inline __u32 fastsock_load_depth(const struct fastsock_load *load)
{
	__u32 depth = load->selected - load->accepted;

	/* A socket that was adopted: its worker has no library to say anything. */
	if (!load->turn)
		return 0;
	/* Negative: handshakes that were under way when the queue was empty have ended. */
	if (depth >> 31)
		return 0;
	return depth > FASTSOCK_LOAD_DEEP ? FASTSOCK_LOAD_DEEP : depth;
}

/* Both ends compared, so that what was forgotten does not come true when time wraps. */
static inline int fastsock_load_wary(const struct fastsock_load *load, __u32 now)
{
	return load->wary_until - now - 1 < FASTSOCK_LOAD_WARY;
}

static inline int fastsock_load_crowded(const struct fastsock_load *load, __u32 now)
{
	return load->crowded_until && load->crowded_until - now - 1 < FASTSOCK_LOAD_CROWDED;
}

/* Is a turn of this length a stall?  What the worker says of it is bounded, too. */
static inline int fastsock_load_long(const struct fastsock_load *load, __u32 length)
{
	__u32 usual = load->usual;

	return length >= FASTSOCK_LOAD_STALL &&
	       length >= (usual < FASTSOCK_LOAD_SLOW ? usual : FASTSOCK_LOAD_SLOW) / 2;
}

/* Has the worker been in one turn for so long that it may not come back soon? */
static inline int fastsock_load_away(struct fastsock_load *load, __u32 now)
{
	__u32 turn = load->turn;

	if (turn != load->turn_seen) {
		load->turn_seen = turn;
		load->turn_since = now;
	}
	return turn & 1 && fastsock_load_long(load, fastsock_load_age(load->turn_since, now));
}

/*
 * At the end of a wait of this length: for how much of it did FEW or more wait, by the
 * counts, without their worker being woken or without its running?  Handshakes under way
 * are counted, too: what is in the queue must be asked for.
 */
static inline __u32 fastsock_load_kept(const struct fastsock_load *load, __u32 waited, __u32 now)
{
	__u32 length = fastsock_load_age(load->few_since, now);

	if (fastsock_load_depth(load) < FASTSOCK_LOAD_FEW)
		return 0;
	return length < waited ? length : waited;
}

/* Away, and something waits; or it has been so since it was last asked. */
static inline int fastsock_load_stalled(struct fastsock_load *load, __u32 now)
{
	__u32 depth = fastsock_load_depth(load), stalls = load->stalls;
	int stalled = fastsock_load_away(load, now) && depth;

	if (depth < FASTSOCK_LOAD_FEW)
		load->few_since = now;
	if (stalled || stalls != load->stalls_seen) {
		load->stalls_seen = stalls;
		load->wary_until = now + FASTSOCK_LOAD_WARY;
	}
	return stalled;
}

/*
 * For each arrival on the slot's own CPU, before the decision.
 * Return: whether it is time to look if another is much better off; then the
 * caller must do so and say what it found to fastsock_load_compare().
 */
static inline int fastsock_load_arrival(struct fastsock_load *load, __u32 now)
{
	__u32 crowd = FASTSOCK_LOAD_CROWD * FASTSOCK_LOAD_SPAN;

	load->arrived = now;
	/* While others come first the depth says nothing about the load. */
	if (!fastsock_load_crowded(load, now)) {
		if (load->crowded_until) {
			load->crowded_until = 0;
			load->average = crowd / 2;
		}
		load->average += fastsock_load_depth(load) -
				 load->average / FASTSOCK_LOAD_SPAN;
	}
	/* FEW or SOME wait then: CROWD would be reached late, or never. */
	if (fastsock_load_wary(load, now))
		crowd /= 4;
	/* Not at the first sight of it: the same may be about to begin elsewhere. */
	if (load->average < crowd) {
		load->looked = now;
		return 0;
	}
	if (now - load->looked < FASTSOCK_LOAD_LOOK)
		return 0;
	load->looked = now;
	return 1;
}

/* Is @other, of another CPU, much better off than @load? */
static inline int fastsock_load_better(struct fastsock_load *other,
				       const struct fastsock_load *load, __u32 now)
{
	if (fastsock_load_away(other, now) || fastsock_load_crowded(other, now))
		return 0;
	return fastsock_load_age(other->arrived, now) >= FASTSOCK_LOAD_STALE ||
	       other->average < load->average / 4;
}

static inline void fastsock_load_compare(struct fastsock_load *load, __u32 now, int better)
{
	if (!better)
		load->crowded_until = 0;
	else if (!load->crowded_until)
		load->crowded_until = now + FASTSOCK_LOAD_CROWDED;
}

/* May this slot have one more connection of its own CPU? */
static inline int fastsock_load_admits(struct fastsock_load *load, __u32 now)
{
	__u32 most = FASTSOCK_LOAD_FEW;

	if (fastsock_load_stalled(load, now))
		return 0;
	if (!fastsock_load_crowded(load, now)) {
		if (!fastsock_load_wary(load, now))
			return 1;
		if (fastsock_load_age(load->turn_since, now) < FASTSOCK_LOAD_FRESH)
			most = FASTSOCK_LOAD_SOME;
	}
	return fastsock_load_depth(load) < most;
}

/* May it have one of another CPU whose worker is behind? */
static inline int fastsock_load_has_room(struct fastsock_load *load, __u32 now)
{
	return !fastsock_load_stalled(load, now) && !fastsock_load_crowded(load, now) &&
	       fastsock_load_depth(load) < (fastsock_load_wary(load, now) ? FASTSOCK_LOAD_FEW / 2 :
					    FASTSOCK_LOAD_ROOM);
}

/*
 * A connection came for a CPU whose lanes are all empty.  In the gaps of a reload that
 * is usual; only when it lasts is a worker wanted there.
 */
static inline void fastsock_load_unserved(struct fastsock_load *first, __u32 now)
{
	if (!first->vacant_since || now - first->vacant_seen > FASTSOCK_LOAD_VACANT)
		first->vacant_since = now;
	first->vacant_seen = now;
}

/* Does the CPU want a worker? */
static inline int fastsock_load_vacant(const struct fastsock_load *first, __u32 now)
{
	/* The clock of who asks may be a little behind. */
	return first->vacant_since &&
	       now - first->vacant_seen + FASTSOCK_LOAD_VACANT < 2 * FASTSOCK_LOAD_VACANT &&
	       first->vacant_seen - first->vacant_since >= FASTSOCK_LOAD_VACANT;
}

#endif /* _UAPI_FASTSOCK_LOAD_H */
