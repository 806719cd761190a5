// SPDX-License-Identifier: LGPL-2.1-only
/*
 * A table shared by all threads.  Each place is guarded by a version, odd while
 * somebody writes it: a reader that meets that asks the kernel itself, a writer
 * that meets it lets it be.  So there is no lock, nobody waits, and a signal
 * handler that interrupts a writer is served like any other reader.
 *
 * A hit costs two copies of a cache line or two and the clock's (vDSO) read.  A
 * miss costs five system calls, some 8 us, once a second for each destination:
 * no socket is kept for it, because a descriptor that stays open would be
 * shared with children, and the answers mixed up.
 *
 * A wrong answer costs speed only: the port is then one whose reply arrives on
 * another CPU.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "quiet.h"
#include "real.h"
#include "route.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71	/* musl */
#endif

#define PLACES		256	/* destinations; a power of two */
#define LIFE_NS		(1000ull * 1000 * 1000)

struct known {
	struct route_key key;
	struct rfd_way way;
	bool enabled;
	__u64 until;		/* on now_ns()'s clock */
};

static struct place {
	_Alignas(64) atomic_uint version;
	struct known known;
} places[PLACES];

/* No interface at all is enabled: until then do not look again. */
static _Atomic __u64 quiet_until;

/* Some milliseconds coarse, which is a fraction of the price. */
static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static struct place *place_of(const struct route_key *key)
{
	__u64 words[sizeof(*key) / sizeof(__u64)], sum = 0;

	memcpy(words, key, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		sum = (sum ^ words[i]) * 0x9e3779b97f4a7c15ull;
	return &places[sum >> 56 & (PLACES - 1)];
}

static bool recall(struct place *place, const struct route_key *key, __u64 now,
		   struct known *known)
{
	unsigned int version = atomic_load_explicit(&place->version, memory_order_acquire);

	if (version & 1)
		return false;
	*known = place->known;
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&place->version, memory_order_relaxed) != version)
		return false;
	return now < known->until && !memcmp(&known->key, key, sizeof(*key)) &&
	       (!known->enabled || rfd_valid(&known->way));
}

static void remember(struct place *place, const struct known *known)
{
	unsigned int version = atomic_load_explicit(&place->version, memory_order_relaxed);

	if (version & 1 || !atomic_compare_exchange_strong(&place->version, &version, version + 1))
		return;
	atomic_thread_fence(memory_order_release);
	place->known = *known;
	atomic_store_explicit(&place->version, version + 2, memory_order_release);
}

struct question {
	struct nlmsghdr header;
	struct rtmsg route;
	char attributes[64];
};

static void add(struct question *question, int type, const void *data, size_t size)
{
	struct rtattr *attribute = (struct rtattr *)((char *)question + question->header.nlmsg_len);

	attribute->rta_type = type;
	attribute->rta_len = RTA_LENGTH(size);
	memcpy(RTA_DATA(attribute), data, size);
	question->header.nlmsg_len += RTA_SPACE(size);
}

static bool is_zero(const __u8 *address, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (address[i])
			return false;
	return true;
}

static ssize_t ask(int netlink, const struct route_key *key, void *answer, size_t size)
{
	struct question question = {
		.header = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
			.nlmsg_type = RTM_GETROUTE,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.route = {
			.rtm_family = key->length == 4 ? AF_INET : AF_INET6,
			.rtm_dst_len = key->length * 8,
		},
	};

	add(&question, RTA_DST, key->peer, key->length);
	if (!is_zero(key->ours, key->length)) {
		question.route.rtm_src_len = key->length * 8;
		add(&question, RTA_SRC, key->ours, key->length);
	}
	if (key->scope)
		add(&question, RTA_OIF, &key->scope, sizeof(key->scope));
	if (quiet_send(netlink, &question, question.header.nlmsg_len) < 0)
		return -1;
	return quiet_recv(netlink, answer, size, MSG_DONTWAIT);
}

/* The interface, 0: none; the address is filled in where the key has none. */
static __u32 read_answer(const struct nlmsghdr *answer, ssize_t size, __u32 length, __u8 ours[16])
{
	const struct rtattr *each = RTM_RTA(NLMSG_DATA(answer));
	int left = RTM_PAYLOAD(answer);
	__u32 ifindex = 0;

	if (size < (ssize_t)sizeof(*answer) || !NLMSG_OK(answer, (size_t)size) ||
	    answer->nlmsg_type != RTM_NEWROUTE)
		return 0;
	for (; RTA_OK(each, left); each = RTA_NEXT(each, left)) {
		if (each->rta_type == RTA_OIF && RTA_PAYLOAD(each) == sizeof(ifindex))
			memcpy(&ifindex, RTA_DATA(each), sizeof(ifindex));
		else if (each->rta_type == RTA_PREFSRC && RTA_PAYLOAD(each) == length &&
			 is_zero(ours, length))
			memcpy(ours, RTA_DATA(each), length);
	}
	return ifindex;
}

static __u32 look_up(const struct route_key *key, __u8 ours[16])
{
	char answer[1024] __attribute__((aligned(NLMSG_ALIGNTO)));
	int netlink = real.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t size;

	if (netlink < 0)
		return 0;
	/* The kernel answers before send() returns. */
	size = ask(netlink, key, answer, sizeof(answer));
	quiet_close(netlink);
	memcpy(ours, key->ours, 16);
	return read_answer((struct nlmsghdr *)answer, size, key->length, ours);
}

static void find_out(int fd, struct known *known)
{
	__u64 netns = 0;
	socklen_t size = sizeof(netns);
	__u8 ours[16] = { 0 };
	__u32 ifindex = look_up(&known->key, ours);

	known->enabled = ifindex &&
		getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &netns, &size) == 0 &&
		rfd_find(ifindex, netns, known->key.peer, ours, known->key.length, &known->way);
}

bool route_find(int fd, const struct route_key *key, struct rfd_way *way)
{
	struct place *place = place_of(key);
	__u64 now = now_ns();
	struct known known = { 0 };
	int error = errno;

	if (now < atomic_load_explicit(&quiet_until, memory_order_relaxed))
		return false;
	if (!recall(place, key, now, &known)) {
		if (!rfd_any()) {
			atomic_store_explicit(&quiet_until, now + LIFE_NS, memory_order_relaxed);
			return false;
		}
		known.key = *key;
		known.until = now + LIFE_NS;
		find_out(fd, &known);
		errno = error;
		remember(place, &known);
	}
	*way = known.way;
	return known.enabled;
}
