// SPDX-License-Identifier: GPL-2.0-only
/* The overload valve's decision, which the BPF program makes for each SYN. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fastsock_load.h"

static int count, failed;
static struct fastsock_load load, other;
static __u32 now;

static void verdict(bool good, const char *what)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++count, what);
	failed += !good;
}

static void begin(__u32 time)
{
	memset(&load, 0, sizeof(load));
	memset(&other, 0, sizeof(other));
	load.turn = 2;
	other.turn = 2;
	now = time;
}

/* One SYN, as the program treats it.  Return: whether it stays local. */
static bool arrives(void)
{
	if (fastsock_load_arrival(&load, now))
		fastsock_load_compare(&load, now, fastsock_load_better(&other, &load, now));
	if (fastsock_load_crowded(&load, now) && fastsock_load_has_room(&other, now)) {
		other.selected++;
		return false;
	}
	if (!fastsock_load_admits(&load, now))
		return false;
	load.selected++;
	return true;
}

static unsigned int arrive(unsigned int many)
{
	unsigned int local = 0;

	while (many--)
		local += arrives();
	return local;
}

static void accepts_all(struct fastsock_load *which)
{
	which->accepted = which->selected;
}

static void waits(struct fastsock_load *which)
{
	which->turn = (which->turn | 1) + 1;
}

static void works(struct fastsock_load *which)
{
	which->turn |= 1;
}

static bool depth__negative_is_none(void)
{
	begin(0);
	load.accepted = 3;
	return fastsock_load_depth(&load) == 0;
}

static bool depth__counts_wrap(void)
{
	begin(0);
	load.accepted = ~0u - 1;
	load.selected = 3;
	return fastsock_load_depth(&load) == 5;
}

static bool depth__is_bounded(void)
{
	begin(0);
	load.selected = 1u << 30;
	return fastsock_load_depth(&load) == FASTSOCK_LOAD_DEEP;
}

static bool burst__stays_local(void)
{
	begin(5000);
	return arrive(64) == 64;
}

/* 2000 bursts of 64 on both CPUs: never a spill, though both are always behind. */
static bool even_load__stays_local(void)
{
	begin(5000);
	for (int i = 0; i < 2000; i++, now += 3) {
		if (arrive(64) != 64)
			return false;
		accepts_all(&load);
		works(&load), waits(&load);
		/* The same on the other CPU. */
		other.arrived = now;
		other.average = load.average;
	}
	return true;
}

static bool crowd__spills_to_an_idle_one(void)
{
	unsigned int local = 0;

	begin(5000);
	for (int i = 0; i < 300; i++, now += 3) {
		local += arrive(64);
		accepts_all(&load);
		accepts_all(&other);
		works(&load), waits(&load);
	}
	/* ROOM of each burst go to the other, FEW stay, the rest is for the original. */
	return local < 300 * 64 / 10 && other.selected > 250 * FASTSOCK_LOAD_ROOM;
}

static bool crowd__ends_with_the_difference(void)
{
	begin(5000);
	for (int i = 0; i < 100; i++, now += 3) {
		arrive(64);
		accepts_all(&load);
		accepts_all(&other);
	}
	if (!fastsock_load_crowded(&load, now))
		return false;
	other.arrived = now + FASTSOCK_LOAD_LOOK;
	other.average = load.average;
	now += FASTSOCK_LOAD_LOOK;
	arrive(1);
	return !fastsock_load_crowded(&load, now) && arrive(64) == 64;
}

static bool crowd__ends_with_the_load(void)
{
	begin(5000);
	for (int i = 0; i < 100; i++, now += 3) {
		arrive(64);
		accepts_all(&load);
		accepts_all(&other);
	}
	now += FASTSOCK_LOAD_CROWDED + 1;
	for (int i = 0; i < 2000; i++, now++) {
		if (!arrives())
			return false;
		accepts_all(&load);
	}
	return true;
}

static bool crowd__not_sent_to_one_that_is_away(void)
{
	begin(5000);
	works(&other);
	fastsock_load_away(&other, now);
	for (int i = 0; i < 300; i++, now += 3) {
		arrive(64);
		accepts_all(&load);
	}
	return now - 5000 > FASTSOCK_LOAD_STALL && other.selected < 2 * FASTSOCK_LOAD_ROOM;
}

static bool stall__spills_at_once_and_warily_after(void)
{
	begin(5000);
	works(&load);
	if (arrive(2) != 2)
		return false;
	now += FASTSOCK_LOAD_STALL - 1;
	if (!arrives())
		return false;
	now++;
	if (arrive(10))
		return false;
	accepts_all(&load);
	waits(&load);
	if (arrive(FASTSOCK_LOAD_SOME + 6) != FASTSOCK_LOAD_SOME)
		return false;
	/* It is not seen to do anything any more. */
	accepts_all(&load);
	now += FASTSOCK_LOAD_FRESH;
	if (arrive(10) != FASTSOCK_LOAD_FEW)
		return false;
	accepts_all(&load);
	now += FASTSOCK_LOAD_WARY;
	return arrive(30) == 30;
}

/* Where every turn is slow, a slow one is no stall; and no length is too long to be one. */
static bool stall__is_long_for_this_worker(void)
{
	begin(5000);
	load.usual = 16 * 20;
	works(&load);
	arrive(2);
	now += FASTSOCK_LOAD_STALL;
	if (!arrives())
		return false;
	now += 8 * 20 - FASTSOCK_LOAD_STALL;
	if (arrives())
		return false;
	load.usual = ~0u;
	return !fastsock_load_long(&load, FASTSOCK_LOAD_SLOW / 2 - 1) &&
	       fastsock_load_long(&load, FASTSOCK_LOAD_SLOW / 2);
}

/* It was over before another SYN came: the worker has said so. */
static bool stall__told_by_the_worker(void)
{
	begin(5000);
	load.stalls++;
	arrive(1);
	return arrive(30) == FASTSOCK_LOAD_SOME - 1;
}

/* Nobody knows while it lasts; the worker sees it when its wait has ended. */
static bool kept__told_by_the_worker(void)
{
	begin(5000);
	arrive(1);
	now += 1000;
	arrive(FASTSOCK_LOAD_FEW - 1);
	now += FASTSOCK_LOAD_STALL;
	/* Others that come meanwhile change nothing; it may have begun to wait in between. */
	return arrive(10) == 10 && fastsock_load_kept(&load, 10000, now) == FASTSOCK_LOAD_STALL &&
	       fastsock_load_kept(&load, 10, now) == 10 &&
	       fastsock_load_kept(&load, 10000, 5000) == 0;	/* a clock behind */
}

static bool kept__not_by_less_than_few(void)
{
	begin(5000);
	arrive(FASTSOCK_LOAD_FEW - 1);
	return !fastsock_load_kept(&load, 10000, now + 1000);
}

static bool kept__not_when_it_comes_and_goes(void)
{
	begin(5000);
	for (int i = 0; i < 1000; i++, now++) {
		arrive(8);
		if (fastsock_load_kept(&load, 10000, now))
			return false;
		accepts_all(&load);
	}
	return true;
}

static bool idle__never_looks_stalled(void)
{
	begin(5000);
	works(&load), waits(&load);
	for (int i = 0; i < 10; i++, now += 1000)
		if (!arrives())	/* handshakes that never end */
			return false;
	return true;
}

static bool idle__in_its_turn_with_nothing_to_do(void)
{
	begin(5000);
	works(&load);
	arrive(1);
	accepts_all(&load);
	now += 1000;
	return arrives();
}

static bool drift__goes_with_an_empty_queue(void)
{
	begin(5000);
	for (int i = 0; i < 10000; i++) {
		if (!arrives())
			return false;
		if (i % 4 == 3)	/* none was ever accepted, but the queue is empty */
			accepts_all(&load);
		now++;
	}
	return load.average < FASTSOCK_LOAD_CROWD * FASTSOCK_LOAD_SPAN;
}

static bool clock__not_moving(void)
{
	begin(5000);
	works(&load);
	for (int i = 0; i < 100000; i++) {
		if (!arrives())
			return now == 5000 && load.crowded_until;	/* one look is enough */
		other.arrived = now;
		other.average = load.average;
	}
	return true;
}

/* What another CPU has just written is not of long ago. */
static bool clock__of_another_cpu(void)
{
	begin(5000);
	works(&load);
	arrive(1);
	now--;
	if (!arrives() || fastsock_load_wary(&load, now))
		return false;
	load.average = 4 * FASTSOCK_LOAD_SPAN;
	other.average = load.average;
	other.arrived = now + 1;
	return !fastsock_load_better(&other, &load, now);
}

static bool clock__wraps(void)
{
	begin(~0u - 3);
	works(&load);
	arrive(1);
	now += FASTSOCK_LOAD_STALL;
	return !arrives() && fastsock_load_wary(&load, now) &&
	       !fastsock_load_wary(&load, now + FASTSOCK_LOAD_WARY);
}

/* Whatever stands in the line, the answer is one of two and nothing divides by it. */
static bool hostile__values_end_by_themselves(void)
{
	for (unsigned int fill = 0; fill < 256; fill++) {
		begin(5000);
		memset(&load, fill, sizeof(load));
		memset(&other, ~fill, sizeof(other));
		arrive(100);
		now += FASTSOCK_LOAD_WARY + FASTSOCK_LOAD_CROWDED;
		accepts_all(&load);
		waits(&load);
		if (!arrives())
			arrive(1);
		if (fastsock_load_wary(&load, now) && !load.stalls_seen)
			return false;
	}
	return true;
}

/* An adopted server: whatever comes stays, however much that is. */
static bool untold__stays_local(void)
{
	begin(5000);
	load.turn = 0;
	for (int i = 0; i < 100; i++) {
		if (arrive(100) != 100)
			return false;
		now += FASTSOCK_LOAD_LOOK;
	}
	return true;
}

/* Wanted when it has lasted, for as long as connections come, and not any more when
 * somebody has come. */
static bool vacancy__wanted_when_it_lasts(void)
{
	bool wanted = false;

	begin(5000);
	for (unsigned int i = 0; i < FASTSOCK_LOAD_VACANT; i++, now++) {
		wanted |= fastsock_load_vacant(&load, now);
		fastsock_load_unserved(&load, now);
	}
	if (wanted)
		return false;
	fastsock_load_unserved(&load, now);
	if (!fastsock_load_vacant(&load, now) ||
	    !fastsock_load_vacant(&load, now - 1) ||	/* a clock a tick behind */
	    fastsock_load_vacant(&load, now + FASTSOCK_LOAD_VACANT))
		return false;
	memset(&load, 0, sizeof(load));
	return !fastsock_load_vacant(&load, now);
}

static bool vacancy__gaps_do_not_add_up(void)
{
	begin(5000);
	for (int i = 0; i < 100; i++, now += FASTSOCK_LOAD_VACANT + 1) {
		fastsock_load_unserved(&load, now);
		fastsock_load_unserved(&load, ++now);
		if (fastsock_load_vacant(&load, now))
			return false;
	}
	return true;
}

static bool vacancy__clock_wraps(void)
{
	begin(~0u - FASTSOCK_LOAD_VACANT / 2);
	for (unsigned int i = 0; i <= FASTSOCK_LOAD_VACANT; i++)
		fastsock_load_unserved(&load, now + i);
	return fastsock_load_vacant(&load, now + FASTSOCK_LOAD_VACANT);
}

#define CASE(name) verdict(name(), #name)

int main(void)
{
	CASE(depth__negative_is_none);
	CASE(depth__counts_wrap);
	CASE(depth__is_bounded);
	CASE(burst__stays_local);
	CASE(even_load__stays_local);
	CASE(crowd__spills_to_an_idle_one);
	CASE(crowd__ends_with_the_difference);
	CASE(crowd__ends_with_the_load);
	CASE(crowd__not_sent_to_one_that_is_away);
	CASE(stall__spills_at_once_and_warily_after);
	CASE(stall__is_long_for_this_worker);
	CASE(stall__told_by_the_worker);
	CASE(kept__told_by_the_worker);
	CASE(kept__not_by_less_than_few);
	CASE(kept__not_when_it_comes_and_goes);
	CASE(idle__never_looks_stalled);
	CASE(idle__in_its_turn_with_nothing_to_do);
	CASE(drift__goes_with_an_empty_queue);
	CASE(clock__not_moving);
	CASE(clock__of_another_cpu);
	CASE(clock__wraps);
	CASE(untold__stays_local);
	CASE(vacancy__wanted_when_it_lasts);
	CASE(vacancy__gaps_do_not_add_up);
	CASE(vacancy__clock_wraps);
	CASE(hostile__values_end_by_themselves);
	printf("1..%d\n", count);
	return failed != 0;
}
