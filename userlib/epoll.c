// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Whoever waits on an epoll is its worker, not who filled it: a master may fill
 * one for a thread or a child.  So a new registration is only noted, and its
 * local listener made when somebody is about to wait (FD_EPOLL_DUE).  In the same
 * place a registration that the application deleted, which is muted first, is
 * given up: most are made anew at once.
 *
 * A forked child knows of no registration: in an epoll that it shares with its
 * parent only the parent can have a local listener.  An event for that may wake
 * the child, which finds nothing; the parent is woken as well.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "epoll.h"
#include "fdtable.h"
#include "lock.h"
#include "module.h"
#include "real.h"
#include "reasons.h"
#include "say.h"
#include "thread.h"
#include "turn.h"
#include "watch.h"

/*
 * A worker that takes its listener back within a second, this many times in a
 * row, does so by habit (nginx with accept_mutex on): it is left as it is.
 */
#define HASTY_NS	(1000ull * 1000 * 1000)
#define HASTY_MOST	3

__thread unsigned int epoll_waits = 1;

/* Watches that the calling thread has muted since it last waited. */
static __thread unsigned int muted;

/* The application takes its listener out of an epoll, or mutes it there. */
static void note_haste(struct watch *watch)
{
	struct listener *listener = watch->listener;

	if (watch->slot == FASTSOCK_NO_SLOT)
		return;
	if (now_ns() - watch->placed_ns > HASTY_NS)
		listener->hasty = 0;
	else if (++listener->hasty >= HASTY_MOST) {
		listener->left_alone = true;
		watch_note(watch, FASTSOCK_REASON_TAKES_TURNS, 0);
		say(SAY_ACCEPT_MUTEX, "the server keeps taking its listener in and out of epoll "
		    "(nginx: accept_mutex on?); that listener stays shared", NULL);
	}
}

/* Registered again, before anybody could have waited in between: go on. */
static bool unmute(struct watch *watch, const struct epoll_event *event)
{
	bool same = watch->events == event->events && watch->data.u64 == event->data.u64;
	struct epoll_event wanted;

	watch->muted = false;
	if (muted)
		muted--;
	if (!same)
		atomic_fetch_add(&watch_generation, 1);
	watch->events = event->events;
	watch->data = event->data;
	if (!watch_suits(watch))
		return false;
	wanted = watch_local_event(watch);
	return watch->local < 0 ||
	       !real.epoll_ctl(watch->epfd, EPOLL_CTL_ADD, watch->local, &wanted);
}

static void watch_added(int epfd, int fd, const struct epoll_event *event)
{
	struct listener *listener = listener_of(fd);
	struct watch *watch;

	if (!listener)
		listener = listener_identify(fd);
	else if (listener->cookie != cookie_of(fd)) {
		/* The number was reused behind our back. */
		listener_forget_fd(fd, listener);
		listener = listener_identify(fd);
	}
	if (!listener) {
		if (fd_kind(fd) != FD_PROGRAM)
			fd_mark(fd, FD_PLAIN);
		return;
	}
	watch = watch_find(epfd, fd);
	if (watch && watch->muted && unmute(watch, event))
		return;
	if (!watch && listener->deleted_tid == syscall(SYS_gettid) && listener->deleted_at == epoll_waits)
		listener->reorders = true;
	if (watch)
		watch_forget(watch);
	watch_add(listener, epfd, fd, event);
}

/* Deleted by a number of the epoll that is not the one it was registered by. */
static void watch_deleted_unseen(int fd)
{
	for (unsigned int i = 0; i < watch_end; i++)
		if (watches[i].listener && watches[i].fd == fd && !watch_still_there(&watches[i]))
			watch_forget(&watches[i]);
}

/*
 * A listener that is taken out of its epoll is not served from there any more, and what
 * waits for it has to go to others at once: its thread may never wait on an epoll again.
 * But nginx only moves it to the end of the line this way, after every 16th connection:
 * where that may be so, or the local listener would be lost for good, it is muted until
 * the thread waits.
 */
static void take_out(struct watch *watch)
{
	struct listener *listener = watch->listener;

	if (watch->accepted_at == epoll_waits || listener->reorders || watch->irreplaceable ||
	    (watch->cloned && !module_present())) {
		watch->muted = true;
		muted++;
		/* Others may wait in this epoll, too, and are not to be told of it. */
		if (watch->local >= 0)
			real.epoll_ctl(watch->epfd, EPOLL_CTL_DEL, watch->local, NULL);
		fd_mark(watch->epfd, FD_EPOLL_DUE);
		return;
	}
	listener->deleted_tid = syscall(SYS_gettid);
	listener->deleted_at = epoll_waits;
	note_haste(watch);
	watch_forget(watch);
}

int epoll_changed(int epfd, int op, int fd, struct epoll_event *event)
{
	struct watch *watch;
	int result, error;
	sigset_t saved;

	/* First the application's own: its result and errno are what counts. */
	result = real.epoll_ctl(epfd, op, fd, event);
	if (result < 0)
		return result;
	error = errno;
	lock_take(&saved);
	if (op == EPOLL_CTL_ADD) {
		watch_added(epfd, fd, event);
	} else if ((watch = watch_find(epfd, fd)) && !watch->muted) {
		if (op == EPOLL_CTL_DEL) {
			take_out(watch);
		} else {
			if (watch->data.u64 != event->data.u64 ||
			    (watch->events ^ event->events) & EPOLLET)
				atomic_fetch_add(&watch_generation, 1);
			watch->events = event->events;
			watch->data = event->data;
			if (!watch_suits(watch)) {
				note_haste(watch);
				watch_take_away(watch);
			} else if (watch->local >= 0) {
				struct epoll_event wanted = watch_local_event(watch);

				real.epoll_ctl(epfd, EPOLL_CTL_MOD, watch->local, &wanted);
			} else if (watch->slot == FASTSOCK_NO_SLOT) {
				watch->due = true;
				fd_mark(epfd, FD_EPOLL_DUE);
			}
		}
	} else if (!watch && op == EPOLL_CTL_DEL) {
		watch_deleted_unseen(fd);
	}
	lock_drop(&saved);
	errno = error;
	return result;
}

/* Before the first wait, and again when something has changed.  Lock held. */
static void look_at(struct watch *watch)
{
	if (watch->muted) {
		note_haste(watch);
		watch_forget(watch);
	} else if (watch->due) {
		watch->due = false;
		watch_set_unproved(watch, false);
		watch->tid = syscall(SYS_gettid);
		thread_watches(watch);
		watch_localise(watch);
	}
}

/* Those that this thread has taken out of whichever epoll. */
static void forget_muted(void)
{
	pid_t tid = syscall(SYS_gettid);
	sigset_t saved;

	muted = 0;
	lock_take(&saved);
	for (unsigned int i = 0; i < watch_end; i++)
		if (watches[i].listener && watches[i].tid == tid && watches[i].muted)
			look_at(&watches[i]);
	lock_drop(&saved);
}

void epoll_about_to_wait(int epfd, int timeout)
{
	int error = errno;
	sigset_t saved;
	bool due = fd_kind(epfd) == FD_EPOLL_DUE;
	bool surplus = atomic_load_explicit(&listener_reserves, memory_order_relaxed) &&
		       atomic_load_explicit(&watch_locals, memory_order_relaxed) &&
		       !atomic_load_explicit(&thread_any, memory_order_relaxed);

	epoll_waits++;
	if (muted)
		forget_muted();
	if (surplus || due) {
		lock_take(&saved);
		if (due)
			fd_mark(epfd, FD_EPOLL);
		for (unsigned int i = 0; due && i < watch_end; i++)
			if (watches[i].listener && watches[i].epfd == epfd)
				look_at(&watches[i]);
		/* It serves alone, and is about to: no other thread will want one. */
		for (int i = 0; surplus && i < LISTENERS; i++)
			listener_close_reserves(&listeners[i]);
		lock_drop(&saved);
	}
	turn_end(epfd, timeout);
	errno = error;
}

void epoll_takes_turns(void)
{
	int error = errno;
	sigset_t saved;

	lock_take(&saved);
	for (unsigned int i = 0; i < watch_end; i++) {
		if (!watches[i].listener || !watches[i].unproved)
			continue;
		watches[i].listener->left_alone = true;
		watch_note(&watches[i], FASTSOCK_REASON_TAKES_TURNS, 0);
		watch_take_away(&watches[i]);
	}
	lock_drop(&saved);
	say(SAY_TURNS, "the workers take turns in waiting for connections, by a lock between "
	    "processes (Apache: prefork or worker, several listeners?); that listener stays "
	    "shared", NULL);
	errno = error;
}

void epoll_closed(int epfd)
{
	sigset_t saved;

	lock_take(&saved);
	fd_mark(epfd, FD_UNKNOWN);
	for (unsigned int i = 0; i < watch_end; i++)
		if (watches[i].listener && watches[i].epfd == epfd)
			watch_forget(&watches[i]);
	lock_drop(&saved);
}
