// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Becoming local: the worker's CPU, a slot there, and a listener of its own in it.
 * All of it under the library's lock.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "clock.h"
#include "fastsock_slots.h"
#include "group.h"
#include "load.h"
#include "local.h"
#include "pins.h"
#include "private_fd.h"
#include "real.h"
#include "reasons.h"
#include "say.h"
#include "watch.h"
#include "worker.h"

static bool attach_program(int fd)
{
	if (!real.setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &pins.select,
			     sizeof(pins.select)))
		return true;
	say(SAY_ATTACH, "cannot attach the selection program: ", say_errno(errno),
	    "; connections are spread by the kernel's hash", NULL);
	return false;
}

/* Datagrams are not counted by the worker: their depth would only seem to grow. */
static void own_slot(struct watch *watch)
{
	if (watch->listener->datagram) {
		load_silent(load_of(watch->slot));
		return;
	}
	watch_set_load(watch, load_of(watch->slot));
	load_begin(watch->load);
}

/*
 * @fd is listening in the group of @row; give it a place on the worker's CPU.
 * Others claim places at the same time, so the choice may have to be made anew.
 */
static bool place(struct watch *watch, struct worker *worker, __u32 row, int fd, int cpu,
		  unsigned int load)
{
	for (unsigned int tries = 0; cpu >= 0 && tries < 2 * pins.cpus; tries++) {
		watch->slot = group_place(row, cpu, fd, load);
		if (watch->slot != FASTSOCK_NO_SLOT) {
			own_slot(watch);
			real.setsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &cpu, sizeof(cpu));
			watch->placed_ns = now_ns();
			worker_settle(worker, cpu);
			return true;
		}
		if (worker->cpu >= 0)
			return false;
		cpu = worker_choose_cpu(worker, row, &load);
	}
	return false;
}

/* Another thread that has the same socket, in its slot. */
static struct watch *shares(const struct watch *watch)
{
	for (unsigned int i = 0; i < watch_end; i++)
		if (watches[i].listener == watch->listener && watches[i].tid != watch->tid &&
		    watches[i].slot == watch->slot)
			return &watches[i];
	return NULL;
}

/* The server gave each worker a socket of its own: it goes into the slot itself. */
static void place_own(struct watch *watch, struct worker *worker, __u32 row)
{
	struct watch *sharer;
	unsigned int load;
	int cpu;

	watch->cookie = watch->listener->cookie;
	if (group_enter(watch->cookie, row) < 0 || !attach_program(watch->fd)) {
		watch_note(watch, FASTSOCK_REASON_FAILED, errno);
		return;
	}
	/* A reload: the worker before us serves the same socket until it leaves. */
	watch->slot = group_find(row, watch->cookie);
	if (watch->slot != FASTSOCK_NO_SLOT) {
		cpu = fastsock_slot_cpu(watch->slot, pins.cpus);
		sharer = shares(watch);
		/* Several have this socket: not all to one CPU, and none can speak for its queue. */
		if (sharer || (watch->listener->datagram && group_size(row) == 1)) {
			if (sharer)
				watch_set_load(sharer, NULL);
			load_silent(load_of(watch->slot));
			return;
		}
		if (!watch->listener->datagram)
			watch_set_load(watch, load_of(watch->slot));
		if (cpu < (int)pins.cpus)
			worker_settle(worker, cpu);
		return;
	}
	cpu = worker_choose_cpu(worker, row, &load);
	if (!place(watch, worker, row, watch->fd, cpu, load))
		watch_note(watch, cpu < 0 ? FASTSOCK_REASON_NO_CPU : FASTSOCK_REASON_NO_LANE, 0);
}

static void place_local(struct watch *watch, struct worker *worker, __u32 row)
{
	struct epoll_event event = watch_local_event(watch);
	struct listener *listener = watch->listener;
	unsigned int load;
	int cpu = worker_choose_cpu(worker, row, &load);
	bool had = listener->reserves;
	int fd, reserved = -1;

	/* Before the first clone: it is how other processes tell this socket from an own one. */
	if (cpu < 0 || group_enter(listener->cookie, row) < 0) {
		watch_note(watch, cpu < 0 ? FASTSOCK_REASON_NO_CPU : FASTSOCK_REASON_FAILED, errno);
		return;
	}
	if (had)
		reserved = listener->reserved[--listener->reserves];
	fd = local_make(watch->fd, cpu, &reserved, &watch->cloned);
	if (reserved >= 0)
		listener->reserved[listener->reserves++] = reserved;
	else if (had)
		atomic_fetch_sub(&listener_reserves, 1);
	watch->irreplaceable = had && reserved < 0;
	if (fd < 0) {
		listener->left_alone = errno != EMFILE && errno != ENFILE;
		watch_note(watch, reason_of_failure(errno), errno);
		return;
	}
	watch->cookie = cookie_of(fd);
	attach_program(fd);
	group_enter(watch->cookie, row);
	/* EBUSY: another worker has put it there already. */
	if (!group_has_original(row, listener->cookie))
		group_place_original(row, watch->fd);
	if (real.epoll_ctl(watch->epfd, EPOLL_CTL_ADD, fd, &event) < 0) {
		private_fd_close(fd);
		group_leave(watch->cookie);
		return;
	}
	watch->local = fd;
	atomic_fetch_add(&watch_locals, 1);
	atomic_store_explicit(&watch->users, 1, memory_order_release);
	if (!place(watch, worker, row, fd, cpu, load)) {
		watch_take_away(watch);
		watch_note(watch, FASTSOCK_REASON_NO_LANE, 0);
	}
}

/* Only for one that does not suit(). */
static enum fastsock_reason why_unsuited(const struct watch *watch)
{
	if (!(watch->events & EPOLLIN))
		return FASTSOCK_REASON_NO_EPOLL;
	return watch->events & EPOLLONESHOT ? FASTSOCK_REASON_ONESHOT : FASTSOCK_REASON_BLOCKING;
}

static void localise(struct watch *watch)
{
	struct listener *listener = watch->listener;
	struct worker *worker;
	int row;

	if (watch->slot != FASTSOCK_NO_SLOT || listener->left_alone)
		return;
	if (!watch_suits(watch)) {
		watch_note(watch, why_unsuited(watch), 0);
		return;
	}
	/* Its last local listener is still in the hands of an accept(). */
	if (atomic_load(&watch->users))
		return;
	if (!pins_usable())
		return;
	worker = worker_of(watch->tid);
	row = group_row(watch->fd);
	if (row < 0) {
		watch_note(watch, errno == ENOSPC ? FASTSOCK_REASON_NO_ROW : FASTSOCK_REASON_FAILED, errno);
		say(SAY_NO_ROW, "no place for another listener: ", say_errno(errno),
		    "; it stays shared", NULL);
		return;
	}
	if (!worker)
		return;
	if (listener->datagram || listener_has_siblings(listener))
		place_own(watch, worker, row);
	else
		place_local(watch, worker, row);
	if (watch->slot != FASTSOCK_NO_SLOT)
		watch_note(watch, FASTSOCK_REASON_NONE, 0);
	atomic_fetch_add(&watch_generation, 1);
}

/* Is the listener of this watch one that several workers share? */
void watch_localise(struct watch *watch)
{
	struct listener *listener = watch->listener;
	bool alone = true;

	if (!listener->made_here || listener->datagram || listener_has_siblings(listener)) {
		localise(watch);
		return;
	}
	for (unsigned int i = 0; i < watch_end; i++) {
		struct watch *other = &watches[i];

		if (other->listener != listener || other->due || other->tid == watch->tid)
			continue;
		if (other->slot == FASTSOCK_NO_SLOT) {
			if (!watch_still_there(other)) {
				watch_forget(other);
				continue;
			}
			localise(other);
		}
		localise(watch);
		alone = false;
	}
	if (alone && !listener->left_alone)
		watch_note(watch, FASTSOCK_REASON_ONE_PLACE, 0);
}
