// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Where a worker belongs is decided once, by how many there are on each CPU, and may
 * turn out wrong.  In a reload a new worker may count an old one that leaves a moment
 * later, so that both new ones end up on one CPU and the other has none (seen with
 * nginx: one reload in six on a busy machine); a worker that was killed may not come
 * back.  So the program notes connections for a CPU whose lanes are empty
 * (fastsock_load.h), and once a second each worker looks if there is such a CPU.  One
 * that shares its own with another moves: its affinity, then its sockets to lanes there.
 *
 * Nothing is lost on the way: between its two slots a socket still listens, its queue
 * stays its own, and new connections take the program's later choices.  Of several that
 * move at once the first lane is given to one (BPF_NOEXIST); the others go back.
 */
#define _GNU_SOURCE
#include <sys/socket.h>

#include "fastsock_slots.h"
#include "group.h"
#include "load.h"
#include "lock.h"
#include "pins.h"
#include "real.h"
#include "reasons.h"
#include "vacancy.h"
#include "watch.h"
#include "worker.h"

/* Does this watch have a local listener in a slot of @cpu? */
static bool stands_on(const struct watch *watch, pid_t tid, unsigned int cpu)
{
	return watch->listener && watch->tid == tid && watch->local >= 0 &&
	       watch->slot != FASTSOCK_NO_SLOT && watch->load == load_of(watch->slot) &&
	       fastsock_slot_cpu(watch->slot, pins.cpus) == cpu;
}

static __u32 row_of(const struct watch *watch)
{
	return watch->slot / fastsock_row(pins.cpus);
}

/* From its slot into one of @cpu, which may have @crowd sockets already. */
static bool move(struct watch *watch, int cpu, unsigned int crowd)
{
	__u32 row = row_of(watch);
	int was = fastsock_slot_cpu(watch->slot, pins.cpus);
	bool moved;

	group_vacate(watch->slot, watch->cookie);
	watch->slot = group_place(row, cpu, watch->local, crowd);
	moved = watch->slot != FASTSOCK_NO_SLOT;
	if (!moved) {
		cpu = was;
		watch->slot = group_place(row, cpu, watch->local, FASTSOCK_LANES);
	}
	if (watch->slot == FASTSOCK_NO_SLOT) {
		/* Others have filled its place meanwhile. */
		watch_take_away(watch);
		watch_note(watch, FASTSOCK_REASON_NO_LANE, 0);
		return false;
	}
	watch_set_load(watch, load_of(watch->slot));
	load_begin(watch->load);
	if (moved)
		real.setsockopt(watch->local, SOL_SOCKET, SO_INCOMING_CPU, &cpu, sizeof(cpu));
	return moved;
}

/* Sockets that the server itself has made stay: the next worker is to find them there. */
static bool all_local(pid_t tid)
{
	for (unsigned int i = 0; i < watch_end; i++)
		if (watches[i].listener && watches[i].tid == tid &&
		    watches[i].slot != FASTSOCK_NO_SLOT && watches[i].local < 0)
			return false;
	return true;
}

/* Is nobody else on @cpu in this row?  One thread may have several there. */
static bool alone(pid_t tid, __u32 row, unsigned int cpu)
{
	unsigned int own = 0;

	for (unsigned int i = 0; i < watch_end; i++)
		own += stands_on(&watches[i], tid, cpu) && row_of(&watches[i]) == row;
	return group_load(row, cpu) <= own;
}

/*
 * Going there must leave nothing vacant here that it does not fill there; else two
 * groups could send a worker to and fro.
 */
static bool may_leave(pid_t tid, __u32 row, unsigned int from, unsigned int to)
{
	if (alone(tid, row, from) || group_load(row, to))
		return false;
	for (unsigned int i = 0; i < watch_end; i++)
		if (stands_on(&watches[i], tid, from) && row_of(&watches[i]) != row &&
		    group_load(row_of(&watches[i]), to) && alone(tid, row_of(&watches[i]), from))
			return false;
	return true;
}

/* @mapped: what @row was read from.  Lock held. */
static bool take(struct worker *worker, __u32 row, int cpu, const struct fastsock_load *mapped)
{
	pid_t tid = worker->tid;
	int was = worker->cpu;
	bool moved = false;

	if (!may_leave(tid, row, was, cpu))
		return false;
	/* Perhaps with other maps now, in which we have nothing. */
	if (!pins_usable() || pins.load != mapped || !worker_move(worker, cpu))
		return false;
	for (unsigned int i = 0; i < watch_end && !moved; i++)
		if (stands_on(&watches[i], tid, was) && row_of(&watches[i]) == row)
			moved = move(&watches[i], cpu, 0);
	if (!moved)
		worker_move(worker, was);
	for (unsigned int i = 0; i < watch_end && moved; i++)
		if (stands_on(&watches[i], tid, was))
			move(&watches[i], cpu, FASTSOCK_LANES);
	atomic_fetch_add(&watch_generation, 1);
	return moved;
}

static bool vacant(const struct fastsock_load *all, __u32 row, unsigned int cpu, __u32 now)
{
	return fastsock_load_vacant(&all[fastsock_slot(row, pins.cpus, cpu, 0)], now);
}

bool vacancy_taken(const struct fastsock_load *load, __u32 now)
{
	const struct fastsock_load *all = pins.load;
	unsigned int cpus = pins.cpus, cpu, row;
	struct worker *worker;
	bool taken = false;
	sigset_t saved;

	/* Mapped anew since: the next turn knows better. */
	if (!all || load < all || load >= all + fastsock_slots(pins.rows, cpus))
		return false;
	row = (load - all) / fastsock_row(cpus);
	for (cpu = 0; cpu < cpus && !vacant(all, row, cpu, now); cpu++)
		;
	if (cpu == cpus)
		return false;
	lock_take(&saved);
	worker = worker_self();
	if (worker && worker->cpu >= 0 && pins.load == all && all_local(worker->tid))
		/* Not every one may be a place for us: the next, then. */
		for (; cpu < cpus && !taken && pins.load == all; cpu++)
			taken = vacant(all, row, cpu, now) && take(worker, row, cpu, all);
	lock_drop(&saved);
	return taken;
}
