/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The registrations of listeners in epolls.  Everything but watch_hold() and
 * watch_drop() needs the library's lock.
 */
#ifndef FASTSOCK_WATCH_H
#define FASTSOCK_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/types.h>

#include "fastsock_reasons.h"
#include "listener.h"

struct fastsock_load;

#define WATCHES		4096

struct watch {
	_Alignas(64) atomic_uint users;	/* of @local; 0: there is none */
	int local;		/* private descriptor */
	bool due;		/* not looked at since it was registered: nobody has waited yet */
	bool muted;		/* taken out of the epoll by the application, not yet by us */
	bool unproved;		/* of a worker that may yet show to take turns with others */
	bool irreplaceable;	/* @local was bound before a change of user, and could not be again */
	bool cloned;		/* @local was made by the module */
	bool original_ready;	/* the original has something, too, or may have */
	unsigned int full;	/* batches of events that had no room for both */
	unsigned int accepted_at;	/* epoll_waits of its thread at its last accept() */
	bool explained;		/* the last event is accounted for by a connection from @local */
	uint32_t events;
	epoll_data_t data;
	struct listener *listener;	/* NULL: free */
	int fd, epfd;		/* as the application named them */
	pid_t tid;		/* who waits on @epfd; until somebody has, who registered */
	__u32 slot;
	struct fastsock_load *load;	/* of @slot; NULL: none */
	__u64 cookie;		/* of the local listener, or of an own socket in a slot */
	__u64 placed_ns;
};

extern struct watch watches[WATCHES];
extern unsigned int watch_end;		/* none used from here on */
extern atomic_uint watch_generation;	/* raised by every change */
extern atomic_uint watch_locals;	/* local listeners in this process */
extern atomic_uint watch_placed;	/* watches with a slot */
extern atomic_uint watch_unproved;	/* watches that are */

/* Keep @local open until watch_drop(); false when there is none. */
bool watch_hold(struct watch *watch);
void watch_drop(struct watch *watch);

struct watch *watch_find(int epfd, int fd);
void watch_add(struct listener *listener, int epfd, int fd, const struct epoll_event *event);
void watch_forget(struct watch *watch);

/* Out of its slot, and closed as soon as no accept() is in it. */
void watch_take_away(struct watch *watch);

void watch_set_unproved(struct watch *watch, bool now);
void watch_set_load(struct watch *watch, struct fastsock_load *load);

/* May it have a local listener, by its events and its descriptor? */
bool watch_suits(const struct watch *watch);

/* Does the epoll have it still? */
bool watch_still_there(const struct watch *watch);

/* How its local listener is registered. */
struct epoll_event watch_local_event(const struct watch *watch);

/* Tell the operator why it is as it is. */
void watch_note(const struct watch *watch, enum fastsock_reason reason, int error);

/* Give it a local listener if several workers share the original (localise.c). */
void watch_localise(struct watch *watch);

#endif
