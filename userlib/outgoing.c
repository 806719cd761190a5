// SPDX-License-Identifier: LGPL-2.1-only
/*
 * IP_LOCAL_PORT_RANGE keeps the kernel's own search within the range, and with
 * it what bind() to a port would lose: one port for many destinations, and
 * ports that are still in TIME_WAIT where the kernel may use them again.
 *
 * The application must not notice.  A range in which nothing is free is taken
 * back and the connection made anew; TCP says EADDRNOTAVAIL then and UDP, which
 * looks for its port before it connects, EAGAIN.  The range stays on a socket
 * that has connected: to take it back would be one more call for each.
 *
 * A second connect() on a socket, which is how some programs ask whether the
 * connection has come about, is passed on as it is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>

#include "outgoing.h"
#include "real.h"
#include "rfd.h"
#include "route.h"
#include "say.h"

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE	51
#endif
#ifndef SO_BINDTOIFINDEX
#define SO_BINDTOIFINDEX	62
#endif

/* Single ports that are tried for one connection, before any will do. */
#define CANDIDATES		4

/* Its answers are told from forged ones by the port that nobody can guess. */
#define PORT_DNS		53

_Atomic uint8_t outgoing_table[FD_TABLE];
atomic_int outgoing_end;

/*
 * The kernel has no such option, or the application uses it itself, perhaps on
 * a socket we know by another number: ours must not take the place of its own.
 */
static atomic_bool given_up;

/* bind() and connect() follow each other, and the address is needed by then. */
static __thread struct {
	int fd;
	__u8 address[16];
} last_bound = { .fd = -1 };

void outgoing_forget_all(unsigned int first, unsigned int last)
{
	int end = atomic_load_explicit(&outgoing_end, memory_order_relaxed);

	for (int fd = first; first < (unsigned int)end && fd < end && (unsigned int)fd <= last; fd++)
		outgoing_forget(fd);
}

void outgoing_made(int fd, int family, int type, int protocol)
{
	int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC), end;
	bool tcp = kind == SOCK_STREAM && (!protocol || protocol == IPPROTO_TCP);
	bool udp = kind == SOCK_DGRAM && (!protocol || protocol == IPPROTO_UDP);

	if ((unsigned int)fd >= FD_TABLE)
		return;
	if (!(tcp || udp) || (family != AF_INET && family != AF_INET6)) {
		outgoing_forget(fd);
		return;
	}
	end = atomic_load_explicit(&outgoing_end, memory_order_relaxed);
	while (fd >= end && !atomic_compare_exchange_weak(&outgoing_end, &end, fd + 1))
		;
	outgoing_believe(fd, OUTGOING | (family == AF_INET6 ? OUTGOING_V6 : 0) |
			     (udp ? OUTGOING_UDP : 0));
}

static bool set_range(int fd, __u32 lo, __u32 hi)
{
	__u32 range = hi << 16 | lo;

	return real.setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &range, sizeof(range)) == 0;
}

void outgoing_bind(int fd)
{
	uint8_t what = outgoing_belief(fd);
	int error = errno;

	if (what & OUTGOING_TRIED)
		set_range(fd, 0, 0);
	errno = error;
}

void outgoing_bound(int fd, const struct sockaddr *addr, socklen_t len)
{
	uint8_t what = outgoing_belief(fd);

	if (!what)
		return;
	/* Without LATE the kernel has chosen a port by now. */
	if (!(what & OUTGOING_LATE) || what & OUTGOING_UDP) {
		outgoing_believe(fd, 0);
		return;
	}
	memset(last_bound.address, 0, sizeof(last_bound.address));
	if (addr->sa_family == AF_INET && len >= sizeof(struct sockaddr_in) &&
	    !((const struct sockaddr_in *)addr)->sin_port) {
		memcpy(last_bound.address, &((const struct sockaddr_in *)addr)->sin_addr, 4);
	} else if (addr->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6) &&
		   !((const struct sockaddr_in6 *)addr)->sin6_port) {
		memcpy(last_bound.address, &((const struct sockaddr_in6 *)addr)->sin6_addr, 16);
	} else {
		outgoing_believe(fd, 0);
		return;
	}
	last_bound.fd = fd;
	outgoing_believe(fd, what | OUTGOING_BOUND);
}

/* Options by which the route or the port is no longer what it would be. */
static bool is_decisive(int level, int name)
{
	switch (level) {
	case SOL_SOCKET:
		return name == SO_BINDTODEVICE || name == SO_BINDTOIFINDEX || name == SO_MARK;
	case IPPROTO_IP:
		return name == IP_TRANSPARENT || name == IP_UNICAST_IF;
	case IPPROTO_IPV6:
		return name == IPV6_TRANSPARENT || name == IPV6_UNICAST_IF || name == IPV6_ADDRFORM;
	case IPPROTO_TCP:
		return name == TCP_REPAIR;
	}
	return false;
}

void outgoing_option(int fd, int level, int name, const void *value, socklen_t len)
{
	uint8_t what;

	if (level == IPPROTO_IP && name == IP_LOCAL_PORT_RANGE) {
		atomic_store_explicit(&given_up, true, memory_order_relaxed);
		outgoing_forget(fd);
		return;
	}
	what = outgoing_belief(fd);
	if (!what)
		return;
	if (level == IPPROTO_IP && name == IP_BIND_ADDRESS_NO_PORT) {
		/* The kernel, too, takes a byte or an int. */
		if (len >= sizeof(int) ? *(const int *)value : len && *(const char *)value)
			outgoing_believe(fd, what | OUTGOING_LATE);
		else
			outgoing_believe(fd, what & ~OUTGOING_LATE);
	} else if (is_decisive(level, name)) {
		outgoing_believe(fd, 0);
	}
}

/* Where to, and from where if bound; false: leave it alone. */
static bool read_destination(int fd, uint8_t what, const struct sockaddr *addr, socklen_t len,
			     struct route_key *key, __u32 *port)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)addr;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)addr;
	__u8 bound[16] = { 0 };

	if (what & OUTGOING_BOUND) {
		if (last_bound.fd != fd)
			return false;
		memcpy(bound, last_bound.address, sizeof(bound));
	}
	memset(key, 0, sizeof(*key));
	if (!(what & OUTGOING_V6)) {
		if (addr->sa_family != AF_INET || len < sizeof(*v4))
			return false;
		key->length = 4;
		memcpy(key->peer, &v4->sin_addr, 4);
		memcpy(key->ours, bound, 4);
		*port = ntohs(v4->sin_port);
		return true;
	}
	if (addr->sa_family != AF_INET6 || len < sizeof(*v6))
		return false;
	*port = ntohs(v6->sin6_port);
	if (!IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
		key->length = 16;
		key->scope = v6->sin6_scope_id;
		memcpy(key->peer, &v6->sin6_addr, 16);
		memcpy(key->ours, bound, 16);
		return true;
	}
	key->length = 4;
	memcpy(key->peer, (const __u8 *)&v6->sin6_addr + 12, 4);
	memcpy(key->ours, bound + 12, 4);
	return true;
}

static bool no_port(int result, int error, uint8_t what)
{
	return result < 0 && (error == EADDRNOTAVAIL || (error == EAGAIN && what & OUTGOING_UDP));
}

/* Any port will do: what the kernel says then is what it would have said to begin with. */
static int connect_anyhow(int fd, const struct sockaddr *addr, socklen_t len, int error)
{
	if (!set_range(fd, 0, 0)) {
		errno = error;
		return -1;
	}
	return real.connect(fd, addr, len);
}

static void range_failed(int error)
{
	if (error != ENOPROTOOPT)
		return;
	atomic_store_explicit(&given_up, true, memory_order_relaxed);
	say(SAY_NO_RANGE, "outgoing connections keep the ports that the kernel gives them: this kernel "
	    "has no IP_LOCAL_PORT_RANGE (since 6.3, and in Debian's 6.1)", NULL);
}

static int connect_chosen(int fd, uint8_t what, const struct sockaddr *addr, socklen_t len,
			  struct rfd_choice *choice)
{
	int result, error = errno, tries = 0;

	do {
		if (!set_range(fd, choice->lo, choice->hi)) {
			range_failed(errno);
			errno = error;
			return tries ? connect_anyhow(fd, addr, len, EADDRNOTAVAIL) :
				       real.connect(fd, addr, len);
		}
		errno = error;
		result = real.connect(fd, addr, len);
		if (!no_port(result, errno, what)) {
			rfd_count(choice, RFD_CHOSEN);
			return result;
		}
	} while (++tries < CANDIDATES && rfd_choose_next(choice));
	rfd_count(choice, RFD_EXHAUSTED);
	result = errno;
	errno = error;
	return connect_anyhow(fd, addr, len, result);
}

/* A pointer that cannot be one is the kernel's to refuse. */
static bool is_readable(const struct sockaddr *addr, socklen_t len)
{
	return (uintptr_t)addr >= 4096 && (intptr_t)addr > 0 && len >= sizeof(addr->sa_family);
}

static int connect_again(int fd, uint8_t what, const struct sockaddr *addr, socklen_t len)
{
	int before = errno, result = real.connect(fd, addr, len), error = errno;

	if (result == 0 && addr->sa_family == AF_UNSPEC) {
		/* It may bind, or connect where any port will do. */
		set_range(fd, 0, 0);
		errno = before;
		outgoing_believe(fd, what & ~OUTGOING_TRIED);
	} else if (no_port(result, error, what)) {
		errno = before;
		return connect_anyhow(fd, addr, len, error);
	}
	return result;
}

int outgoing_connect(int fd, uint8_t what, const struct sockaddr *addr, socklen_t len)
{
	struct rfd_choice choice;
	struct route_key key;

	if (!is_readable(addr, len))
		return real.connect(fd, addr, len);
	if (what & OUTGOING_TRIED)
		return connect_again(fd, what, addr, len);
	if (atomic_load_explicit(&given_up, memory_order_relaxed))
		return real.connect(fd, addr, len);
	choice.udp = what & OUTGOING_UDP;
	if (!read_destination(fd, what, addr, len, &key, &choice.peer_port) ||
	    (choice.udp && choice.peer_port == PORT_DNS) || !route_find(fd, &key, &choice.way))
		return real.connect(fd, addr, len);
	/* Before the call: by its end another thread may have closed this one. */
	outgoing_believe(fd, what | OUTGOING_TRIED);
	switch (rfd_choose(&choice)) {
	case RFD_RANGE:
		return connect_chosen(fd, what, addr, len, &choice);
	case RFD_ANY:
		rfd_count(&choice, RFD_CHOSEN);
		break;
	case RFD_NONE:
		break;
	}
	return real.connect(fd, addr, len);
}
