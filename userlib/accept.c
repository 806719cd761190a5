// SPDX-License-Identifier: LGPL-2.1-only
/*
 * accept() on a listener: the worker's own first, then the original, so that
 * what waits there is never stranded.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "accept.h"
#include "epoll.h"
#include "fdtable.h"
#include "load.h"
#include "lock.h"
#include "real.h"
#include "thread.h"
#include "watch.h"

/* What each thread remembers; it rarely serves more listeners than this. */
#define REMEMBERED 16
static __thread struct {
	unsigned int generation;
	uint16_t kind;
	struct watch *watch;
	struct fastsock_load *load;
} remembered[REMEMBERED];

/*
 * The calling thread's watch of a listener that has a local one, held; or NULL.
 * @load: that of its slot, also where the listener itself is in it; or NULL
 */
static struct watch *hold_mine(uint16_t kind, struct fastsock_load **load)
{
	unsigned int now = atomic_load_explicit(&watch_generation, memory_order_acquire);
	unsigned int at = kind % REMEMBERED;
	struct watch *watch = remembered[at].watch;
	sigset_t saved;
	pid_t tid;

	if (remembered[at].kind != kind || remembered[at].generation != now) {
		tid = syscall(SYS_gettid);
		lock_take(&saved);
		now = atomic_load(&watch_generation);
		watch = NULL;
		remembered[at].load = NULL;
		for (unsigned int i = 0; i < watch_end; i++) {
			if (watches[i].listener != &listeners[kind - FD_LISTENER] ||
			    watches[i].tid != tid || !watches[i].load)
				continue;
			remembered[at].load = watches[i].load;
			if (watches[i].local >= 0)
				watch = &watches[i];
		}
		remembered[at].kind = kind;
		remembered[at].generation = now;
		remembered[at].watch = watch;
		if (watch)
			thread_watches(watch);
		lock_drop(&saved);
	}
	*load = remembered[at].load;
	if (!watch || !watch_hold(watch))
		return NULL;
	/* Taken away and given to another between the two: let go. */
	if (atomic_load_explicit(&watch_generation, memory_order_acquire) != now) {
		watch_drop(watch);
		return hold_mine(kind, load);
	}
	return watch;
}

/* A descriptor that accept() has made is what it says, whatever its number was before. */
static int accepted(int made)
{
	if (made < 0)
		return made;
	/* It was closed in a way we did not see, and was a listener or an epoll then. */
	if (fd_kind(made) >= FD_EPOLL)
		listener_closing(made);
	fd_mark(made, FD_PLAIN);
	return made;
}

static int accept_plain(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	return accepted(flags ? real.accept4(fd, addr, len, flags) : real.accept(fd, addr, len));
}

static int counted(int made, struct fastsock_load *load)
{
	if (load && made >= 0)
		load_accepted(load);
	else if (load && errno == EAGAIN)
		load_empty(load);
	return made;
}

/*
 * On a local listener, which never blocks.  Not through libc: its accept() is a
 * point of cancellation, and the thread would end with the watch held.
 */
static int accept_local(const struct watch *watch, struct sockaddr *addr, socklen_t *len, int flags)
{
	return counted(accepted(syscall(SYS_accept4, watch->local, addr, len, flags)),
		       watch->load);
}

/*
 * Neither its own local listener nor the original had anything: perhaps the event
 * is for one of another epoll of this thread, or the thread waits in an epoll that
 * another watches, too.  No event may go unanswered, so try all others there are.
 */
static int accept_others(uint16_t kind, const struct watch *own, struct sockaddr *addr,
			 socklen_t *len, int flags)
{
	struct listener *listener = &listeners[kind - FD_LISTENER];
	unsigned int end = atomic_load(&watch_locals) > (own ? 1 : 0) ? watch_end : 0;
	int made = -1;

	for (unsigned int i = 0; made < 0 && i < end; i++) {
		if (&watches[i] == own || watches[i].listener != listener ||
		    !watch_hold(&watches[i]))
			continue;
		if (watches[i].listener == listener)
			made = accept_local(&watches[i], addr, len, flags);
		watch_drop(&watches[i]);
	}
	if (made < 0)
		errno = EAGAIN;
	return made;
}

/* Out of descriptors, say: any other listener would answer the same. */
static bool is_hopeless(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
	       error == EFAULT || error == EINTR;
}

static int accept_shared(uint16_t kind, int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	struct fastsock_load *load = NULL;
	struct watch *watch = NULL;
	int made;

	if (atomic_load_explicit(&watch_placed, memory_order_relaxed))
		watch = hold_mine(kind, &load);
	if (watch)
		watch->accepted_at = epoll_waits;
	/* A worker that is never through with its own queue must not forget the others'. */
	if (watch && watch->original_ready) {
		watch->original_ready = false;
		made = accept_plain(fd, addr, len, flags);
		if (made >= 0 || is_hopeless(errno)) {
			watch_drop(watch);
			return made;
		}
	}
	if (watch) {
		made = accept_local(watch, addr, len, flags);
		if (made >= 0) {
			watch->explained = true;
			watch_drop(watch);
			return made;
		}
		/*
		 * The end of a queue that had something in it.  The original need not
		 * be asked, whose lock all workers share: if an event was for it,
		 * level-triggered epoll says so again.
		 */
		if (errno == EAGAIN && watch->explained && !(watch->events & EPOLLET)) {
			watch->explained = false;
			watch_drop(watch);
			return -1;
		}
		watch_drop(watch);
		if (is_hopeless(errno))
			return -1;
	}
	made = counted(accept_plain(fd, addr, len, flags), watch ? NULL : load);
	if (made < 0 && errno == EAGAIN)
		return accept_others(kind, watch, addr, len, flags);
	return made;
}

int accept_from(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	uint16_t kind = fd_kind(fd);
	int error = errno, made;

	if (kind < FD_LISTENER)
		return accept_plain(fd, addr, len, flags);
	made = accept_shared(kind, fd, addr, len, flags);
	/* What was tried in vain on the way is not the application's business. */
	if (made >= 0)
		errno = error;
	return made;
}
