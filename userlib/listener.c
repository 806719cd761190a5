// SPDX-License-Identifier: LGPL-2.1-only
/*
 * The table of listeners, and what the application does to them.  An entry is
 * found by the kernel's cookie of the socket, because numbers of descriptors come
 * and go unseen; it is used until the last number we know is closed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "epoll.h"
#include "fdtable.h"
#include "group.h"
#include "listener.h"
#include "local.h"
#include "lock.h"
#include "pins.h"
#include "private_fd.h"
#include "process.h"
#include "real.h"
#include "reasons.h"
#include "say.h"
#include "settings.h"
#include "watch.h"

#define INHERITED	1024	/* descriptors looked through for listeners on a change of user */

struct listener listeners[LISTENERS];
atomic_uint listener_reserves;

static bool read_int(int fd, int level, int name, int *value)
{
	socklen_t len = sizeof(*value);

	return getsockopt(fd, level, name, value, &len) == 0;
}

__u64 cookie_of(int fd)
{
	__u64 cookie = 0;
	socklen_t len = sizeof(cookie);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) ? 0 : cookie;
}

struct listener *listener_of(int fd)
{
	uint16_t kind = fd_kind(fd);

	return kind >= FD_LISTENER ? &listeners[kind - FD_LISTENER] : NULL;
}

static void mark(int fd, const struct listener *listener)
{
	fd_mark(fd, listener - listeners + FD_LISTENER);
}

struct listener *listener_find(__u64 cookie)
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
bool listener_has_siblings(const struct listener *listener)
{
	for (int i = 0; i < LISTENERS; i++)
		if (listeners[i].used && &listeners[i] != listener &&
		    !memcmp(&listeners[i].key, &listener->key, sizeof(listener->key)))
			return true;
	return false;
}

static void withdraw(struct listener *listener)
{
	for (unsigned int i = 0; i < watch_end; i++)
		if (watches[i].listener == listener)
			watch_take_away(&watches[i]);
}

/* Hands off it, and off all that the program chooses from. */
static void note_program(struct listener *listener)
{
	for (int i = 0; i < LISTENERS; i++) {
		if (!listeners[i].used || memcmp(&listeners[i].key, &listener->key, sizeof(listener->key)))
			continue;
		listeners[i].own_program = listeners[i].left_alone = true;
		reason_note(listeners[i].cookie, syscall(SYS_gettid), FASTSOCK_REASON_OWN_PROGRAM, 0);
		withdraw(&listeners[i]);
	}
}

/* Does it belong to a group that has one? */
static bool has_program(int fd, const struct listener *listener)
{
	if (fd_kind(fd) == FD_PROGRAM)
		return true;
	for (int i = 0; i < LISTENERS; i++)
		if (listeners[i].used && listeners[i].own_program &&
		    !memcmp(&listeners[i].key, &listener->key, sizeof(listener->key)))
			return true;
	return false;
}

/* What a worker may have of its own: bound, for datagrams of anybody. */
static bool serves_datagrams(int fd)
{
	struct fastsock_group_key key;
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	int shared = 0;

	return read_int(fd, SOL_SOCKET, SO_REUSEPORT, &shared) && shared && group_key(fd, &key) &&
	       key.port && getpeername(fd, (struct sockaddr *)&peer, &len) < 0;
}

/* The socket's listener, made if need be; NULL where it is not to be one. */
struct listener *listener_identify(int fd)
{
	int accepting = 0, protocol = 0, family = 0;
	struct listener *listener;
	__u64 cookie;

	if (!read_int(fd, SOL_SOCKET, SO_PROTOCOL, &protocol) ||
	    !read_int(fd, SOL_SOCKET, SO_DOMAIN, &family) ||
	    (family != AF_INET && family != AF_INET6))
		return NULL;
	if (protocol == IPPROTO_UDP ? !settings.udp || !serves_datagrams(fd) :
	    protocol != IPPROTO_TCP ||
		    !read_int(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepting) || !accepting)
		return NULL;
	cookie = cookie_of(fd);
	listener = listener_find(cookie);
	for (int i = 0; !listener && cookie && i < LISTENERS; i++) {
		if (listeners[i].used)
			continue;
		listener = &listeners[i];
		*listener = (struct listener){ .used = true, .cookie = cookie,
					       .datagram = protocol == IPPROTO_UDP };
		group_key(fd, &listener->key);
		if (has_program(fd, listener))
			note_program(listener);
	}
	if (listener)
		mark(fd, listener);
	return listener;
}

void listener_close_reserves(struct listener *listener)
{
	while (listener->reserves) {
		private_fd_close(listener->reserved[--listener->reserves]);
		atomic_fetch_sub(&listener_reserves, 1);
	}
}

/* The number is not this listener any more.  Lock held. */
void listener_forget_fd(int fd, struct listener *listener)
{
	bool other = false;

	fd_mark(fd, FD_UNKNOWN);
	for (unsigned int i = 0; i < watch_end; i++) {
		if (watches[i].listener != listener)
			continue;
		if (watches[i].fd == fd)
			watch_forget(&watches[i]);
		else
			other = true;
	}
	if (other)
		return;
	listener_close_reserves(listener);
	listener->used = false;
	/* Other numbers of the same socket: rare, and they are asked again. */
	for (int i = 0; i < INHERITED; i++)
		if (listener_of(i) == listener)
			fd_mark(i, FD_UNKNOWN);
}

bool listener_recognise(int fd)
{
	struct listener *listener;
	sigset_t saved;

	if (!atomic_load_explicit(&watch_locals, memory_order_relaxed))
		return false;
	lock_take(&saved);
	listener = listener_find(cookie_of(fd));
	if (listener)
		mark(fd, listener);
	else
		fd_mark(fd, FD_PLAIN);
	lock_drop(&saved);
	return listener != NULL;
}

void listener_listened(int fd, int backlog)
{
	struct listener *listener;
	bool pinned;
	sigset_t saved;

	lock_take(&saved);
	listener = listener_of(fd);
	if (listener && listener->cookie == cookie_of(fd)) {
		/* Again: the length of the queue changes for all that stand for it. */
		for (unsigned int i = 0; i < watch_end; i++)
			if (watches[i].listener == listener && watches[i].local >= 0)
				real.listen(watches[i].local, backlog);
	} else {
		listener = listener_identify(fd);
		if (listener)
			listener->made_here = true;
		else
			fd_mark(fd, FD_PLAIN);
	}
	pinned = listener && pins_open();
	lock_drop(&saved);
	if (pinned)
		reason_note(listener->cookie, syscall(SYS_gettid), FASTSOCK_REASON_NO_EPOLL, 0);
	else if (listener && errno != EPROTO)
		say(SAY_NOT_ENABLED, "no per-CPU listeners: " FASTSOCK_PINS ": ", say_errno(errno),
		    errno == ENOENT ?
			" (not enabled; run 'fsctl enable --iface IF' first)" :
			" (enabled, but not for this user; see 'fsctl enable --group')",
		    "; the server runs as without libfastsock", NULL);
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

void listener_bound(int fd)
{
	uint16_t kind = fd_kind(fd);
	int error = errno;
	sigset_t saved;

	/* Asked again when an epoll gets it. */
	if (kind == FD_PLAIN)
		fd_mark(fd, FD_UNKNOWN);
	if (kind != FD_PROGRAM)
		return;
	lock_take(&saved);
	listener_identify(fd);
	lock_drop(&saved);
	errno = error;
}

void listener_connecting(int fd)
{
	struct listener *listener;
	int error = errno;
	sigset_t saved;

	if (process_is_vfork_child())
		return;
	lock_take(&saved);
	listener = listener_of(fd);
	if (listener && listener->datagram && !listener->left_alone &&
	    listener->cookie == cookie_of(fd)) {
		listener->left_alone = true;
		for (unsigned int i = 0; i < watch_end; i++)
			if (watches[i].listener == listener && pins.slots >= 0)
				group_vacate(watches[i].slot, watches[i].cookie);
	}
	lock_drop(&saved);
	errno = error;
}

void listener_closing(int fd)
{
	struct listener *listener = listener_of(fd);
	bool epoll = fd_is_epoll(fd);
	sigset_t saved;

	if (!listener && !epoll) {
		fd_mark(fd, FD_UNKNOWN);
		return;
	}
	if (process_is_vfork_child())
		return;
	if (epoll) {
		epoll_closed(fd);
		return;
	}
	lock_take(&saved);
	/* Unless another thread was quicker. */
	if (listener_of(fd) == listener)
		listener_forget_fd(fd, listener);
	lock_drop(&saved);
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
		watch_take_away(&watches[i]);
	}
	lock_drop(&saved);
}

bool listener_is_program(int level, int name)
{
	return level == SOL_SOCKET &&
	       (name == SO_ATTACH_REUSEPORT_CBPF || name == SO_ATTACH_REUSEPORT_EBPF);
}

void listener_option(int fd, int level, int name, const void *value, socklen_t len)
{
	struct listener *listener;
	int error = errno;
	sigset_t saved;

	lock_take(&saved);
	listener = listener_of(fd);
	if (listener_is_program(level, name)) {
		if (listener) {
			note_program(listener);
		} else {
			/* Where it is one already, of UDP, its siblings are to know. */
			fd_mark(fd, FD_PROGRAM);
			listener_identify(fd);
		}
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
 * shows only later, and what is too many then is given back.  The pins likewise: if
 * they were disabled and enabled since they were opened, whoever we become may not be
 * able to open the new ones.
 */
void listener_before_user_change(void)
{
	struct rlimit files = { 1024, 1024 };
	cpu_set_t allowed;
	sigset_t saved;
	int fds[LISTENERS], count = 0, fd;
	rlim_t most;

	/* Not what a child of vfork() opens: its memory is the parent's, its descriptors not. */
	if ((pins.slots < 0 && !listener_any()) || process_is_vfork_child())
		return;
	lock_take(&saved);
	if (!pins_usable()) {
		lock_drop(&saved);
		return;
	}
	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		CPU_ZERO(&allowed);
	/* A server that has few connections at a time may have a limit to match. */
	getrlimit(RLIMIT_NOFILE, &files);
	most = files.rlim_cur / 8;
	for (fd = 0; fd < INHERITED && CPU_COUNT(&allowed); fd++) {
		/* One that came by exec has not been seen yet (nginx's binary upgrade). */
		struct listener *listener = fd_kind(fd) == FD_UNKNOWN ? listener_identify(fd) :
									listener_of(fd);

		if (listener && !listener->datagram && !listener->reserves &&
		    !listener_has_siblings(listener) && count < LISTENERS)
			fds[count++] = fd;
	}
	/* In turn: where there is not enough for all, each has one. */
	for (int round = 0; round < CPU_COUNT(&allowed) && round < RESERVED; round++) {
		for (int i = 0; i < count && atomic_load(&listener_reserves) < most; i++) {
			struct listener *listener = listener_of(fds[i]);
			int made = listener->reserves == round ? local_reserve(fds[i]) : -1;

			if (made < 0)
				continue;
			listener->reserved[listener->reserves++] = made;
			atomic_fetch_add(&listener_reserves, 1);
		}
	}
	lock_drop(&saved);
}
