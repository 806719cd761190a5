// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Locking and lifetimes.
 *
 * Listeners and watches stand in fixed tables and are never unmapped.  They
 * change under the library's lock only.  accept() reads without it: each thread
 * remembers, for each listener, the watch it found under the lock and the
 * `watch_generation` it found it at; every change raises the generation.
 *
 * The descriptor of a local listener must not be closed, and its number reused
 * by another thread, while somebody is between reading it and calling accept4()
 * with it.  So a watch with a local listener counts its users: one for being
 * there, one for each accept() under way.  Taking it away sets DEAD and drops
 * the first; whoever drops the last closes.  The count is on the worker's own
 * cache line.
 *
 * Closing a local listener loses nothing: the BPF program is of the kind that
 * the kernel asks for an heir of every connection in the queue.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fastsock_slots.h"
#include "fdtable.h"
#include "group.h"
#include "load.h"
#include "pins.h"
#include "private_fd.h"
#include "real.h"
#include "reasons.h"
#include "watch.h"

#define DEAD		(1u << 31)

struct watch watches[WATCHES];
unsigned int watch_end;
atomic_uint watch_generation = 1;
atomic_uint watch_locals;
atomic_uint watch_placed;
atomic_uint watch_unproved;

bool watch_hold(struct watch *watch)
{
	unsigned int users = atomic_load_explicit(&watch->users, memory_order_relaxed);

	do {
		if (!users || users & DEAD)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&watch->users, &users, users + 1,
							memory_order_acquire,
							memory_order_relaxed));
	return true;
}

void watch_drop(struct watch *watch)
{
	int error = errno;

	if (atomic_fetch_sub_explicit(&watch->users, 1, memory_order_acq_rel) == (DEAD | 1)) {
		private_fd_close(watch->local);
		group_leave(watch->cookie);
		watch->local = -1;
		atomic_fetch_sub(&watch_locals, 1);
		atomic_store_explicit(&watch->users, 0, memory_order_release);
	}
	errno = error;
}

void watch_set_unproved(struct watch *watch, bool now)
{
	if (watch->unproved != now)
		atomic_fetch_add(&watch_unproved, now ? 1 : -1);
	watch->unproved = now;
}

void watch_set_load(struct watch *watch, struct fastsock_load *load)
{
	if (!watch->load != !load)
		atomic_fetch_add(&watch_placed, load ? 1 : -1);
	watch->load = load;
}

/* Out of its slot, and closed as soon as no accept() is in it.  Lock held. */
void watch_take_away(struct watch *watch)
{
	__u32 slot = watch->slot;
	unsigned int users;

	watch->slot = FASTSOCK_NO_SLOT;
	watch_set_unproved(watch, false);
	/* The server's own socket stays in its slot, and nobody speaks for it now. */
	if (watch->load && watch->local < 0)
		load_silent(watch->load);
	watch_set_load(watch, NULL);
	atomic_fetch_add(&watch_generation, 1);
	/*
	 * A socket that the server itself made for the worker stays in its slot: in
	 * a reload the next worker serves the very same one already.
	 */
	users = atomic_load(&watch->users);
	if (!users || users & DEAD)
		return;
	if (pins.slots >= 0)
		group_vacate(slot, watch->cookie);
	/* Not left to close(): a forked process may still hold the same socket. */
	real.epoll_ctl(watch->epfd, EPOLL_CTL_DEL, watch->local, NULL);
	atomic_fetch_or(&watch->users, DEAD);
	watch_drop(watch);
}

struct watch *watch_find(int epfd, int fd)
{
	for (unsigned int i = 0; i < watch_end; i++)
		if (watches[i].listener && watches[i].fd == fd && watches[i].epfd == epfd)
			return &watches[i];
	return NULL;
}

void watch_add(struct listener *listener, int epfd, int fd,
		      const struct epoll_event *event)
{
	struct watch *watch;
	unsigned int i;

	for (i = 0; i < WATCHES; i++)
		/* A dead one may still be in the hands of an accept(). */
		if (!watches[i].listener && !atomic_load(&watches[i].users))
			break;
	if (i == WATCHES)
		return;
	watch = &watches[i];
	watch->local = -1;
	watch->due = true;
	watch->muted = false;
	watch->irreplaceable = false;
	watch->original_ready = false;
	watch->full = 0;
	watch->accepted_at = 0;
	watch->explained = false;
	watch->events = event->events;
	watch->data = event->data;
	watch->fd = fd;
	watch->epfd = epfd;
	watch->tid = syscall(SYS_gettid);
	watch->slot = FASTSOCK_NO_SLOT;
	watch->load = NULL;
	watch->cookie = 0;
	watch->listener = listener;
	fd_mark(epfd, FD_EPOLL_DUE);
	watch_set_unproved(watch, !listener->made_here && !listener->datagram &&
				  !listener_has_siblings(listener));
	if (i >= watch_end)
		watch_end = i + 1;
	atomic_fetch_add(&watch_generation, 1);
}

void watch_forget(struct watch *watch)
{
	watch_take_away(watch);
	watch->listener = NULL;
}

/* Events that a worker's shared listener may carry for us to serve it. */
bool watch_suits(const struct watch *watch)
{
	int flags;

	/* It stays the one socket that there is. */
	if (watch->listener->datagram)
		return watch->events & EPOLLIN;
	/* ONESHOT promises one event at a time, which two sockets cannot keep. */
	if (!(watch->events & EPOLLIN) || watch->events & EPOLLONESHOT)
		return false;
	/* A blocking accept() on it would wait for the original alone. */
	flags = real.fcntl(watch->fd, F_GETFL);
	return flags >= 0 && flags & O_NONBLOCK;
}

/*
 * Does the epoll have it still?  It may have been deleted by another number of the
 * epoll, or gone with the descriptor, unseen by us.
 */
bool watch_still_there(const struct watch *watch)
{
	struct epoll_event event = { .events = watch->events, .data = watch->data };

	/* To ask would arm it. */
	if (watch->events & EPOLLONESHOT)
		return true;
	/* EINVAL: it is there, and exclusive. */
	return !real.epoll_ctl(watch->epfd, EPOLL_CTL_MOD, watch->fd, &event) || errno == EINVAL;
}

/* Nobody else waits for it, so EPOLLEXCLUSIVE, which forbids MOD, has no use. */
struct epoll_event watch_local_event(const struct watch *watch)
{
	return (struct epoll_event){
		.events = watch->events & ~EPOLLEXCLUSIVE,
		.data = watch->data,
	};
}

void watch_note(const struct watch *watch, enum fastsock_reason reason, int error)
{
	reason_note(watch->listener->cookie, watch->tid, reason, error);
}
