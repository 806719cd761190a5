/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * What a worker says of its load (fastsock_load.h): stores into the mapped lines
 * of its slots, no system call, no atomic operation.  One worker writes a line;
 * where two do (a reload of a server with own sockets, a thread that accepts for
 * another) counts get lost, which the next empty queue puts right.
 *
 * The map stays mapped for the life of the process, so that a line may be
 * written to at any time, also after its slot was given up.
 */
#ifndef FASTSOCK_LOAD_H
#define FASTSOCK_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "fastsock_load.h"
#include "pins.h"

static inline struct fastsock_load *load_of(__u32 slot)
{
	return pins.load ? &pins.load[slot] : NULL;
}

#define LOAD_READ(field)	__atomic_load_n(&(field), __ATOMIC_RELAXED)
#define LOAD_WRITE(field, value) __atomic_store_n(&(field), value, __ATOMIC_RELAXED)

/* The slot has a new owner, who works at this moment. */
static inline void load_begin(struct fastsock_load *load)
{
	__builtin_memset(load, 0, sizeof(*load));
	LOAD_WRITE(load->turn, 1);
}

/* The slot has a new owner, who will say nothing. */
static inline void load_silent(struct fastsock_load *load)
{
	__builtin_memset(load, 0, sizeof(*load));
}

/* Ticks of the kernel's clock: good enough, and read without a system call. */
static inline __u32 load_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return fastsock_load_time(now.tv_sec * 1000000000ull + now.tv_nsec);
}

/* Might the queue hold something, as far as the counts say? */
static inline bool load_open(const struct fastsock_load *load)
{
	return LOAD_READ(load->accepted) != LOAD_READ(load->selected);
}

static inline void load_stalled(struct fastsock_load *load)
{
	LOAD_WRITE(load->stalls, LOAD_READ(load->stalls) + 1);
}

/*
 * Does it look as if the worker had been kept from running, during a wait of the length
 * @waited that has ended?
 */
static inline bool load_kept(const struct fastsock_load *load, __u32 waited, __u32 now)
{
	return load_open(load) && fastsock_load_long(load, fastsock_load_kept(load, waited, now));
}

/* @length: of the turn, in the units of load_now() */
static inline void load_turn_ended(struct fastsock_load *load, __u32 length)
{
	__u32 usual = LOAD_READ(load->usual);

	if (fastsock_load_long(load, length) && load_open(load))
		load_stalled(load);
	/* Most turns are shorter than a tick, and then nothing is written. */
	if (length || usual)
		LOAD_WRITE(load->usual, usual + length - (usual + 15) / 16);
}

static inline void load_accepted(struct fastsock_load *load)
{
	LOAD_WRITE(load->accepted, LOAD_READ(load->accepted) + 1);
}

/* The queue was found empty. */
static inline void load_empty(struct fastsock_load *load)
{
	if (load_open(load))
		LOAD_WRITE(load->accepted, LOAD_READ(load->selected));
}

#endif
