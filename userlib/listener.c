// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Locking and lifetimes.
 *
 * Listeners and watches stand in fixed tables and are never unmapped.  They
 * change under the library's lock only.  accept() reads without it: each thread
 * remembers, for each listener, the watch it found under the lock and the
 * `generation` it found it at; every change raises the generation.
 *
 * The descriptor of a local listener must not be closed, and its number reused
 * by another thread, while somebody is between reading it and calling accept4()
 * with it.  So a watch with a local listener counts its users: one for being
 * there, one for each accept() under way.  Taking it away sets DEAD and drops
 * the first; whoever drops the last closes.  The count is on the worker's own
 * cache line.
 *
 * A registration that the application deletes is muted first and given up only
 * when somebody is about to wait on that epoll: most are made anew at once.
 *
 * Closing a local listener loses nothing: the BPF program is of the kind that
 * the kernel asks for an heir of every connection in the queue.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fastsock_slots.h"
#include "fdtable.h"
#include "group.h"
#include "listener.h"
#include "local.h"
#include "lock.h"
#include "pins.h"
#include "private_fd.h"
#include "real.h"
#include "say.h"
#include "settings.h"
#include "worker.h"

#define LISTENERS	256
#define WATCHES		4096
#define DEAD		(1u << 31)
#define INHERITED	1024	/* descriptors looked through for listeners on a change of user */
#define RESERVED	128	/* threads of one process that are served without the module */

/*
 * A worker that takes its listener back within a second, this many times in a
 * row, does so by habit (nginx with accept_mutex on): it is left as it is.
 */
#define HASTY_NS	(1000ull * 1000 * 1000)
#define HASTY_MOST	3

struct listener {
	bool used;
	bool made_here;		/* this very process called listen() */
	bool left_alone;	/* for good: see the reason where it is set */
	int hasty;
	__u64 cookie;
	struct fastsock_group_key key;
	int reserved[RESERVED];	/* bound before a change of user, for local listeners to come */
	int reserves;
};

struct watch {
	_Alignas(64) atomic_uint users;	/* of @local; 0: there is none */
	int local;		/* private descriptor */
	bool muted;		/* taken out of the epoll by the application, not yet by us */
	bool explained;		/* the last event is accounted for by a connection from @local */
	uint32_t events;
	epoll_data_t data;
	struct listener *listener;	/* NULL: free */
	int fd, epfd;		/* as the application named them */
	pid_t tid;
	__u32 slot;
	__u64 cookie;		/* of the local listener, or of an own socket in a slot */
	__u64 placed_ns;
};

static struct listener listeners[LISTENERS];
static struct watch watches[WATCHES];
static unsigned int watch_end;			/* none used from here on */
static atomic_uint generation = 1;
static atomic_uint locals;			/* local listeners in this process */
static atomic_uint muted;			/* watches that are */
static atomic_uint reserves;			/* sockets bound for listeners to come */
static atomic_bool threaded;			/* threads have been made */

static pthread_key_t leaving;			/* set in threads that may have watches */

/* What accept() remembers; a thread rarely serves more listeners than this. */
#define REMEMBERED 16
static __thread struct {
	unsigned int generation;
	uint16_t kind;
	struct watch *watch;
} remembered[REMEMBERED];

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static bool read_int(int fd, int level, int name, int *value)
{
	socklen_t len = sizeof(*value);

	return getsockopt(fd, level, name, value, &len) == 0;
}

static __u64 cookie_of(int fd)
{
	__u64 cookie = 0;
	socklen_t len = sizeof(cookie);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) ? 0 : cookie;
}

static struct listener *listener_of(int fd)
{
	uint16_t kind = fd_kind(fd);

	return kind >= FD_LISTENER ? &listeners[kind - FD_LISTENER] : NULL;
}

static void mark(int fd, const struct listener *listener)
{
	fd_mark(fd, listener - listeners + FD_LISTENER);
}

static struct listener *find_cookie(__u64 cookie)
{
	for (int i = 0; cookie && i < LISTENERS; i++)
		if (listeners[i].used && listeners[i].cookie == cookie)
			return &listeners[i];
	return NULL;
}

/*
 * Did the server open several on one address (nginx: reuseport, HAProxy: shards)?
 * Then each worker has a socket of its own already.  SO_REUSEPORT alone does not
 * tell: HAProxy sets it on the one listener that all its threads share.
 */
static bool has_siblings(const struct listener *listener)
{
	for (int i = 0; i < LISTENERS; i++)
		if (listeners[i].used && &listeners[i] != listener &&
		    !memcmp(&listeners[i].key, &listener->key, sizeof(listener->key)))
			return true;
	return false;
}

/* Listening TCP socket -> its listener, made if need be; else NULL. */
static struct listener *identify(int fd)
{
	int accepting = 0, protocol = 0, family = 0;
	struct listener *listener;
	__u64 cookie;

	if (!read_int(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepting) || !accepting ||
	    !read_int(fd, SOL_SOCKET, SO_PROTOCOL, &protocol) || protocol != IPPROTO_TCP ||
	    !read_int(fd, SOL_SOCKET, SO_DOMAIN, &family) ||
	    (family != AF_INET && family != AF_INET6))
		return NULL;
	cookie = cookie_of(fd);
	listener = find_cookie(cookie);
	for (int i = 0; !listener && cookie && i < LISTENERS; i++) {
		if (listeners[i].used)
			continue;
		listener = &listeners[i];
		*listener = (struct listener){ .used = true, .cookie = cookie };
		group_key(fd, &listener->key);
	}
	if (listener)
		mark(fd, listener);
	return listener;
}

/* Watches and their local listeners */

static bool watch_hold(struct watch *watch)
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

static void watch_drop(struct watch *watch)
{
	int error = errno;

	if (atomic_fetch_sub_explicit(&watch->users, 1, memory_order_acq_rel) == (DEAD | 1)) {
		private_fd_close(watch->local);
		group_leave(watch->cookie);
		watch->local = -1;
		atomic_fetch_sub(&locals, 1);
		atomic_store_explicit(&watch->users, 0, memory_order_release);
	}
	errno = error;
}

/* Out of its slot, and closed as soon as no accept() is in it.  Lock held. */
static void take_away(struct watch *watch)
{
	__u32 slot = watch->slot;

	watch->slot = FASTSOCK_NO_SLOT;
	atomic_fetch_add(&generation, 1);
	/*
	 * A socket that the server itself made for the worker stays in its slot: in
	 * a reload the next worker serves the very same one already.
	 */
	if (!atomic_load(&watch->users))
		return;
	if (pins.slots >= 0)
		group_vacate(slot, watch->cookie);
	/* Not left to close(): a forked process may still hold the same socket. */
	real.epoll_ctl(watch->epfd, EPOLL_CTL_DEL, watch->local, NULL);
	atomic_fetch_or(&watch->users, DEAD);
	watch_drop(watch);
}

static struct watch *find_watch(int epfd, int fd)
{
	for (unsigned int i = 0; i < watch_end; i++)
		if (watches[i].listener && watches[i].fd == fd && watches[i].epfd == epfd)
			return &watches[i];
	return NULL;
}

static struct watch *new_watch(struct listener *listener, int epfd, int fd,
			       const struct epoll_event *event)
{
	struct watch *watch;
	unsigned int i;

	for (i = 0; i < WATCHES; i++)
		/* A dead one may still be in the hands of an accept(). */
		if (!watches[i].listener && !atomic_load(&watches[i].users))
			break;
	if (i == WATCHES)
		return NULL;
	watch = &watches[i];
	watch->local = -1;
	watch->muted = false;
	watch->explained = false;
	watch->events = event->events;
	watch->data = event->data;
	watch->fd = fd;
	watch->epfd = epfd;
	watch->tid = syscall(SYS_gettid);
	watch->slot = FASTSOCK_NO_SLOT;
	watch->cookie = 0;
	watch->listener = listener;
	fd_mark(epfd, FD_EPOLL);
	pthread_setspecific(leaving, watch);
	if (i >= watch_end)
		watch_end = i + 1;
	atomic_fetch_add(&generation, 1);
	return watch;
}

static void set_muted(struct watch *watch, bool now)
{
	if (watch->muted != now)
		atomic_fetch_add(&muted, now ? 1 : -1);
	watch->muted = now;
}

static void forget_watch(struct watch *watch)
{
	set_muted(watch, false);
	take_away(watch);
	watch->listener = NULL;
}

/* Becoming local */

static bool attach_program(int fd)
{
	if (!real.setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &pins.select,
			     sizeof(pins.select)))
		return true;
	say(SAY_ATTACH, "cannot attach the selection program: ", say_errno(errno),
	    "; connections are spread by the kernel's hash", NULL);
	return false;
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

/* The server gave each worker a socket of its own: it goes into the slot itself. */
static void place_own(struct watch *watch, struct worker *worker, __u32 row)
{
	unsigned int load;
	int cpu;

	watch->cookie = watch->listener->cookie;
	if (group_enter(watch->cookie, row) < 0 || !attach_program(watch->fd))
		return;
	/* A reload: the worker before us serves the same socket until it leaves. */
	watch->slot = group_find(row, watch->cookie);
	if (watch->slot != FASTSOCK_NO_SLOT) {
		cpu = fastsock_slot_cpu(watch->slot, pins.cpus);
		if (cpu < (int)pins.cpus)
			worker_settle(worker, cpu);
		return;
	}
	cpu = worker_choose_cpu(worker, row, &load);
	place(watch, worker, row, watch->fd, cpu, load);
}

/* Nobody else waits for it, so EPOLLEXCLUSIVE, which forbids MOD, has no use. */
static struct epoll_event local_event(const struct watch *watch)
{
	return (struct epoll_event){
		.events = watch->events & ~EPOLLEXCLUSIVE,
		.data = watch->data,
	};
}

static void place_local(struct watch *watch, struct worker *worker, __u32 row)
{
	struct epoll_event event = local_event(watch);
	struct listener *listener = watch->listener;
	unsigned int load;
	int cpu = worker_choose_cpu(worker, row, &load);
	bool had = listener->reserves;
	int fd, reserved = -1;

	/* Before the first clone: it is how other processes tell this socket from an own one. */
	if (cpu < 0 || group_enter(listener->cookie, row) < 0)
		return;
	if (had)
		reserved = listener->reserved[--listener->reserves];
	fd = local_make(watch->fd, cpu, &reserved);
	if (reserved >= 0)
		listener->reserved[listener->reserves++] = reserved;
	else if (had)
		atomic_fetch_sub(&reserves, 1);
	if (fd < 0) {
		listener->left_alone = errno != EMFILE && errno != ENFILE;
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
	atomic_fetch_add(&locals, 1);
	atomic_store_explicit(&watch->users, 1, memory_order_release);
	if (!place(watch, worker, row, fd, cpu, load))
		take_away(watch);
}

/* Events that a worker's shared listener may carry for us to serve it. */
static bool suits(const struct watch *watch)
{
	int flags;

	/* ONESHOT promises one event at a time, which two sockets cannot keep. */
	if (!(watch->events & EPOLLIN) || watch->events & EPOLLONESHOT)
		return false;
	/* A blocking accept() on it would wait for the original alone. */
	flags = real.fcntl(watch->fd, F_GETFL);
	return flags >= 0 && flags & O_NONBLOCK;
}

static void localise(struct watch *watch)
{
	struct listener *listener = watch->listener;
	struct worker *worker;
	int row;

	if (watch->slot != FASTSOCK_NO_SLOT || listener->left_alone || !suits(watch))
		return;
	/* Its last local listener is still in the hands of an accept(). */
	if (atomic_load(&watch->users))
		return;
	if (!pins_usable())
		return;
	worker = worker_of(watch->tid);
	row = group_row(watch->fd);
	if (row < 0) {
		say(SAY_NO_ROW, "no place for another listener: ", say_errno(errno),
		    "; it stays shared", NULL);
		return;
	}
	if (!worker)
		return;
	if (has_siblings(listener))
		place_own(watch, worker, row);
	else
		place_local(watch, worker, row);
	atomic_fetch_add(&generation, 1);
}

/* Is the listener of this watch one that several workers share? */
static void localise_if_shared(struct watch *watch)
{
	struct listener *listener = watch->listener;

	if (!listener->made_here || has_siblings(listener)) {
		localise(watch);
		return;
	}
	for (unsigned int i = 0; i < watch_end; i++) {
		struct watch *other = &watches[i];

		if (other->listener != listener || other->tid == watch->tid)
			continue;
		/* The other was there first and may have gone since, unseen by us. */
		if (other->slot == FASTSOCK_NO_SLOT) {
			struct epoll_event event = { .events = other->events, .data = other->data };

			if (real.epoll_ctl(other->epfd, EPOLL_CTL_MOD, other->fd, &event) < 0 &&
			    errno != EINVAL) {
				forget_watch(other);
				continue;
			}
			localise(other);
		}
		localise(watch);
	}
}

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
		say(SAY_ACCEPT_MUTEX, "the server keeps taking its listener in and out of epoll "
		    "(nginx: accept_mutex on?); that listener stays shared", NULL);
	}
}

/* Registered again, before anybody could have waited in between: go on. */
static bool unmute(struct watch *watch, const struct epoll_event *event)
{
	bool same = watch->events == event->events && watch->data.u64 == event->data.u64;
	struct epoll_event wanted;

	set_muted(watch, false);
	watch->events = event->events;
	watch->data = event->data;
	if (!suits(watch))
		return false;
	wanted = local_event(watch);
	return same || watch->local < 0 ||
	       !real.epoll_ctl(watch->epfd, EPOLL_CTL_MOD, watch->local, &wanted);
}

static void close_reserves(struct listener *listener)
{
	while (listener->reserves) {
		private_fd_close(listener->reserved[--listener->reserves]);
		atomic_fetch_sub(&reserves, 1);
	}
}

/* The number is not this listener any more.  Lock held. */
static void forget_fd(int fd, struct listener *listener)
{
	bool other = false;

	fd_mark(fd, FD_UNKNOWN);
	for (unsigned int i = 0; i < watch_end; i++) {
		if (watches[i].listener != listener)
			continue;
		if (watches[i].fd == fd)
			forget_watch(&watches[i]);
		else
			other = true;
	}
	if (other)
		return;
	close_reserves(listener);
	listener->used = false;
	/* Other numbers of the same socket: rare, and they are asked again. */
	for (int i = 0; i < INHERITED; i++)
		if (listener_of(i) == listener)
			fd_mark(i, FD_UNKNOWN);
}

static void watch_added(int epfd, int fd, const struct epoll_event *event)
{
	struct listener *listener = listener_of(fd);
	struct watch *watch;

	if (!listener)
		listener = identify(fd);
	else if (listener->cookie != cookie_of(fd)) {
		/* The number was reused behind our back. */
		forget_fd(fd, listener);
		listener = identify(fd);
	}
	if (!listener) {
		fd_mark(fd, FD_PLAIN);
		return;
	}
	watch = find_watch(epfd, fd);
	if (watch && watch->muted && unmute(watch, event))
		return;
	if (watch)
		forget_watch(watch);
	watch = new_watch(listener, epfd, fd, event);
	if (watch)
		localise_if_shared(watch);
}

int listener_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
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
	} else if ((watch = find_watch(epfd, fd)) && !watch->muted) {
		if (op == EPOLL_CTL_DEL) {
			/* nginx moves its listeners to the end of the line this way, every 16 connections. */
			set_muted(watch, true);
		} else {
			watch->events = event->events;
			watch->data = event->data;
			if (!suits(watch)) {
				note_haste(watch);
				take_away(watch);
			} else if (watch->local >= 0) {
				struct epoll_event wanted = local_event(watch);

				real.epoll_ctl(epfd, EPOLL_CTL_MOD, watch->local, &wanted);
			} else {
				localise_if_shared(watch);
			}
		}
	}
	lock_drop(&saved);
	errno = error;
	return result;
}

void listener_about_to_wait(int epfd)
{
	sigset_t saved;
	bool surplus = atomic_load_explicit(&reserves, memory_order_relaxed) &&
		       atomic_load_explicit(&locals, memory_order_relaxed) &&
		       !atomic_load_explicit(&threaded, memory_order_relaxed);

	if (!surplus && !atomic_load_explicit(&muted, memory_order_relaxed))
		return;
	lock_take(&saved);
	/* It serves alone, and is about to: no other thread will want one. */
	for (int i = 0; surplus && i < LISTENERS; i++)
		close_reserves(&listeners[i]);
	for (unsigned int i = 0; i < watch_end; i++) {
		if (!watches[i].listener || !watches[i].muted || watches[i].epfd != epfd)
			continue;
		note_haste(&watches[i]);
		forget_watch(&watches[i]);
	}
	lock_drop(&saved);
}

/* accept() */

/* The calling thread's watch of a listener that has a local one, held; or NULL. */
static struct watch *hold_mine(uint16_t kind)
{
	unsigned int now = atomic_load_explicit(&generation, memory_order_acquire);
	unsigned int at = kind % REMEMBERED;
	struct watch *watch = remembered[at].watch;
	sigset_t saved;
	pid_t tid;

	if (remembered[at].kind != kind || remembered[at].generation != now) {
		tid = syscall(SYS_gettid);
		lock_take(&saved);
		now = atomic_load(&generation);
		watch = NULL;
		for (unsigned int i = 0; i < watch_end; i++)
			if (watches[i].listener == &listeners[kind - FD_LISTENER] &&
			    watches[i].tid == tid && watches[i].local >= 0)
				watch = &watches[i];
		remembered[at].kind = kind;
		remembered[at].generation = now;
		remembered[at].watch = watch;
		if (watch)
			pthread_setspecific(leaving, watch);
		lock_drop(&saved);
	}
	if (!watch || !watch_hold(watch))
		return NULL;
	/* Taken away and given to another between the two: let go. */
	if (atomic_load_explicit(&generation, memory_order_acquire) != now) {
		watch_drop(watch);
		return hold_mine(kind);
	}
	return watch;
}

static int accept_plain(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	int made = flags ? real.accept4(fd, addr, len, flags) : real.accept(fd, addr, len);

	if (made < 0)
		return made;
	/* It was closed in a way we did not see, and was a listener or an epoll then. */
	if (fd_kind(made) >= FD_EPOLL)
		listener_closing(made);
	fd_mark(made, FD_PLAIN);
	return made;
}

/*
 * A thread without a local listener of its own found nothing: perhaps it waits
 * in an epoll that another thread filled.  No event may go unanswered, so try
 * all there are.
 */
static int accept_any(uint16_t kind, struct sockaddr *addr, socklen_t *len, int flags)
{
	struct listener *listener = &listeners[kind - FD_LISTENER];
	unsigned int end = atomic_load(&locals) ? watch_end : 0;
	int made = -1;

	for (unsigned int i = 0; made < 0 && i < end; i++) {
		if (watches[i].listener != listener || !watch_hold(&watches[i]))
			continue;
		if (watches[i].listener == listener)
			made = accept_plain(watches[i].local, addr, len, flags);
		watch_drop(&watches[i]);
	}
	if (made < 0)
		errno = EAGAIN;
	return made;
}

int listener_accept(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	uint16_t kind = fd_kind(fd);
	struct watch *watch;
	int made;

	if (kind < FD_LISTENER)
		return accept_plain(fd, addr, len, flags);
	watch = atomic_load_explicit(&locals, memory_order_relaxed) ? hold_mine(kind) : NULL;
	if (watch) {
		made = accept_plain(watch->local, addr, len, flags);
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
		/* Out of descriptors, say: the original would answer the same. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM ||
		    errno == EFAULT || errno == EINTR)
			return -1;
	}
	made = accept_plain(fd, addr, len, flags);
	if (made < 0 && errno == EAGAIN && !watch)
		return accept_any(kind, addr, len, flags);
	return made;
}

bool listener_recognise(int fd)
{
	struct listener *listener;
	sigset_t saved;

	if (!atomic_load_explicit(&locals, memory_order_relaxed))
		return false;
	lock_take(&saved);
	listener = find_cookie(cookie_of(fd));
	if (listener)
		mark(fd, listener);
	else
		fd_mark(fd, FD_PLAIN);
	lock_drop(&saved);
	return listener != NULL;
}

/* The rest of a descriptor's life */

/*
 * Between vfork() and exec the child runs in the parent's memory with a table of
 * descriptors of its own: what it closes is not closed for the parent.
 */
static pid_t process;

static bool in_vfork_child(void)
{
	return process && syscall(SYS_getpid) != process;
}

void listener_listened(int fd, int backlog)
{
	struct listener *listener;
	sigset_t saved;

	lock_take(&saved);
	listener = listener_of(fd);
	if (listener && listener->cookie == cookie_of(fd)) {
		/* Again: the length of the queue changes for all that stand for it. */
		for (unsigned int i = 0; i < watch_end; i++)
			if (watches[i].listener == listener && watches[i].local >= 0)
				real.listen(watches[i].local, backlog);
	} else {
		listener = identify(fd);
		if (listener)
			listener->made_here = true;
		else
			fd_mark(fd, FD_PLAIN);
	}
	lock_drop(&saved);
	if (listener && !pins_open() && errno != EPROTO)
		say(SAY_NOT_ENABLED, "no per-CPU listeners: " FASTSOCK_PINS ": ", say_errno(errno),
		    errno == ENOENT ?
			" (not enabled; run 'fsctl enable --iface IF' first)" :
			" (enabled, but not for this user; see 'fsctl enable --group')",
		    "; the server runs as without libfastsock", NULL);
}

static void withdraw(struct listener *listener)
{
	for (unsigned int i = 0; i < watch_end; i++)
		if (watches[i].listener == listener)
			take_away(&watches[i]);
}

void listener_withdraw(int fd)
{
	struct listener *listener;
	sigset_t saved;

	lock_take(&saved);
	listener = listener_of(fd);
	if (listener)
		withdraw(listener);
	lock_drop(&saved);
}

/* A thread ends: what came to its local listeners would wait for ever. */
static void thread_leaves(void *unused)
{
	pid_t tid = syscall(SYS_gettid);
	sigset_t saved;

	(void)unused;
	lock_take(&saved);
	for (unsigned int i = 0; i < watch_end; i++)
		if (watches[i].listener && watches[i].tid == tid)
			take_away(&watches[i]);
	worker_forget(tid);
	lock_drop(&saved);
}

void listener_start(void)
{
	process = syscall(SYS_getpid);
	pthread_key_create(&leaving, thread_leaves);
}

void listener_moved(int from, int to)
{
	sigset_t saved;

	lock_take(&saved);
	for (int i = 0; i < LISTENERS; i++)
		for (int j = 0; j < listeners[i].reserves; j++)
			if (listeners[i].reserved[j] == from)
				listeners[i].reserved[j] = to;
	for (unsigned int i = 0; i < watch_end; i++) {
		if (watches[i].local != from || !watches[i].listener)
			continue;
		/* The old number left the epoll when it was closed. */
		watches[i].local = to;
		take_away(&watches[i]);
	}
	lock_drop(&saved);
}

static void epoll_closing(int epfd)
{
	sigset_t saved;

	lock_take(&saved);
	fd_mark(epfd, FD_UNKNOWN);
	for (unsigned int i = 0; i < watch_end; i++)
		if (watches[i].listener && watches[i].epfd == epfd)
			forget_watch(&watches[i]);
	lock_drop(&saved);
}

void listener_closing(int fd)
{
	struct listener *listener = listener_of(fd);
	bool epoll = fd_kind(fd) == FD_EPOLL;
	sigset_t saved;

	if (!listener && !epoll) {
		fd_mark(fd, FD_UNKNOWN);
		return;
	}
	if (in_vfork_child())
		return;
	if (epoll) {
		epoll_closing(fd);
		return;
	}
	lock_take(&saved);
	/* Unless another thread was quicker. */
	if (listener_of(fd) == listener)
		forget_fd(fd, listener);
	lock_drop(&saved);
}

void listener_option(int fd, int level, int name, const void *value, socklen_t len)
{
	struct listener *listener;
	int error = errno;
	sigset_t saved;

	lock_take(&saved);
	listener = listener_of(fd);
	if (listener && level == SOL_SOCKET &&
	    (name == SO_ATTACH_REUSEPORT_CBPF || name == SO_ATTACH_REUSEPORT_EBPF)) {
		/* The server has a program of its own for this group: hands off. */
		listener->left_alone = true;
		withdraw(listener);
	}
	for (unsigned int i = 0; listener && i < watch_end; i++)
		if (watches[i].listener == listener && watches[i].local >= 0)
			real.setsockopt(watches[i].local, level, name, value, len);
	lock_drop(&saved);
	errno = error;
}

bool listener_any(void)
{
	for (int i = 0; i < LISTENERS; i++)
		if (listeners[i].used)
			return true;
	return false;
}

/*
 * One socket for each CPU: whether the process or its threads will be the workers
 * shows only later, and what is too many then is given back.
 */
void listener_before_user_change(void)
{
	cpu_set_t allowed;
	sigset_t saved;
	int fd;

	if (pins.slots < 0)
		return;
	lock_take(&saved);
	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		CPU_ZERO(&allowed);
	for (fd = 0; fd < INHERITED && CPU_COUNT(&allowed); fd++) {
		/* One that came by exec has not been seen yet (nginx's binary upgrade). */
		struct listener *listener = fd_kind(fd) == FD_UNKNOWN ? identify(fd) :
									listener_of(fd);

		if (!listener || listener->reserves || has_siblings(listener))
			continue;
		while (listener->reserves < CPU_COUNT(&allowed) &&
		       listener->reserves < RESERVED) {
			int made = local_reserve(fd);

			if (made < 0)
				break;
			listener->reserved[listener->reserves++] = made;
			atomic_fetch_add(&reserves, 1);
		}
	}
	lock_drop(&saved);
}

/* fork(): the lock is held across it, so that the child finds no half-made change. */

static sigset_t fork_saved;
static pid_t fork_tid;

void listener_fork_prepare(void)
{
	lock_take(&fork_saved);
	fork_tid = syscall(SYS_gettid);
}

void listener_fork_parent(void)
{
	sigset_t saved = fork_saved;

	lock_drop(&saved);
}

void listener_fork_child(void)
{
	struct worker *worker = worker_of(fork_tid);
	sigset_t saved = fork_saved;

	if (worker)
		worker_unpin_child(worker);
	worker_forget_all();
	process = syscall(SYS_getpid);
	/*
	 * Local listeners are the parent's.  Held open here they would outlive it
	 * and collect connections that nobody accepts.  The slots stay as they are.
	 */
	for (unsigned int i = 0; i < watch_end; i++) {
		if (watches[i].listener && watches[i].local >= 0)
			private_fd_close(watches[i].local);
		watches[i].local = -1;
		watches[i].listener = NULL;
		atomic_store(&watches[i].users, 0);
	}
	watch_end = 0;
	pthread_setspecific(leaving, NULL);
	atomic_store(&locals, 0);
	atomic_store(&muted, 0);
	atomic_store(&threaded, false);
	for (int i = 0; i < LISTENERS; i++) {
		/* Shared with the parent they would be nobody's for certain. */
		close_reserves(&listeners[i]);
		listeners[i].made_here = false;
		listeners[i].hasty = 0;
	}
	atomic_fetch_add(&generation, 1);
	lock_drop(&saved);
}

void listener_thread_made(void)
{
	atomic_store(&threaded, true);
}

void listener_thread_born(int creator_tid)
{
	struct worker copy = { 0 };
	struct worker *worker;
	sigset_t saved;

	lock_take(&saved);
	worker = worker_of(creator_tid);
	if (worker)
		copy = *worker;
	lock_drop(&saved);
	worker_unpin_child(&copy);
}
