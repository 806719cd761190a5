// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "bpf.h"
#include "clock.h"
#include "fastsock_slots.h"
#include "group.h"
#include "pins.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71	/* musl */
#endif

/* A row that nobody has put a socket into for so long is free to take. */
#define STALE_NS	(10ull * 1000 * 1000 * 1000)

/* Dead members that one clean-up removes before it is content. */
#define CLEAN		64

static bool get(int fd, int level, int name, void *value, socklen_t size)
{
	return getsockopt(fd, level, name, value, &size) == 0;
}

bool group_key(int fd, struct fastsock_group_key *key)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	struct stat status;
	int value;

	memset(key, 0, sizeof(*key));
	if (!get(fd, SOL_SOCKET, SO_NETNS_COOKIE, &key->netns, sizeof(key->netns)) ||
	    !get(fd, SOL_SOCKET, SO_PROTOCOL, &value, sizeof(value)) ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0 || fstat(fd, &status) < 0)
		return false;
	key->protocol = value;
	key->uid = status.st_uid;
	key->family = address.ss_family;
	if (get(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &value, sizeof(value)))
		key->ifindex = value;
	if (address.ss_family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)&address;

		memcpy(key->addr, &in->sin_addr, sizeof(in->sin_addr));
		key->port = in->sin_port;
		return true;
	}
	if (address.ss_family == AF_INET6) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address;

		memcpy(key->addr, &in6->sin6_addr, sizeof(in6->sin6_addr));
		key->port = in6->sin6_port;
		if (get(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, sizeof(value)))
			key->v6only = value;
		return true;
	}
	errno = EAFNOSUPPORT;
	return false;
}

static bool same(const struct fastsock_group_key *a, const struct fastsock_group_key *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static __u64 cookie_in(__u32 slot)
{
	__u64 cookie;

	return bpf_read(pins.slots, &slot, &cookie) == 0 ? cookie : 0;
}

unsigned int group_size(__u32 row)
{
	unsigned int size = 0;

	for (__u32 i = 0; i < fastsock_row(pins.cpus); i++)
		size += cookie_in(row * fastsock_row(pins.cpus) + i) != 0;
	return size;
}

static int find_row(const struct fastsock_group_key *key)
{
	struct fastsock_group group;

	for (__u32 row = 0; row < pins.rows; row++)
		if (!bpf_read(pins.groups, &row, &group) && same(&group.key, key))
			return row;
	return -1;
}

/*
 * All claimants of one key try the rows in the same order, so two that race for
 * the first claim meet at the same row and the second sees the first's key.
 */
static int claim_row(const struct fastsock_group_key *key)
{
	struct fastsock_group mine = { .key = *key, .claimed_ns = now_ns() }, theirs;
	__u32 start = 0;

	for (size_t i = 0; i < sizeof(*key); i++)
		start = start * 31 + ((const __u8 *)key)[i];
	for (__u32 i = 0; i < pins.rows; i++) {
		__u32 row = (start + i) % pins.rows;

		if (!bpf_write(pins.groups, &row, &mine, BPF_NOEXIST))
			return row;
		if (errno != EEXIST)
			return -1;
		if (!bpf_read(pins.groups, &row, &theirs) && same(&theirs.key, key))
			return row;
	}
	errno = ENOSPC;
	return -1;
}

static void free_stale_rows(void)
{
	struct fastsock_group group;
	__u64 now = now_ns();

	for (__u32 row = 0; row < pins.rows; row++)
		if (!bpf_read(pins.groups, &row, &group) &&
		    now - group.claimed_ns > STALE_NS && !group_size(row))
			bpf_delete(pins.groups, &row);
}

int group_row(int fd)
{
	struct fastsock_group_key key;
	int row;

	if (!group_key(fd, &key))
		return -1;
	row = find_row(&key);
	if (row < 0)
		row = claim_row(&key);
	if (row < 0 && errno == ENOSPC) {
		free_stale_rows();
		row = claim_row(&key);
	}
	return row;
}

__u32 group_find(__u32 row, __u64 cookie)
{
	__u32 first = row * fastsock_row(pins.cpus);

	for (__u32 i = 0; i < fastsock_row(pins.cpus); i++)
		if (cookie_in(first + i) == cookie)
			return first + i;
	return FASTSOCK_NO_SLOT;
}

/* Processes that were killed leave their sockets' cookies behind. */
static void free_dead_members(void)
{
	__u64 cookie, next, *from = NULL;
	int freed = 0;
	__u32 row;

	while (freed < CLEAN && !bpf_next(pins.members, from, &next)) {
		if (!bpf_read(pins.members, &next, &row) && group_find(row, next) == FASTSOCK_NO_SLOT) {
			bpf_delete(pins.members, &next);
			freed++;
			continue;	/* the walk goes on behind the same predecessor */
		}
		cookie = next;
		from = &cookie;
	}
}

int group_enter(__u64 cookie, __u32 row)
{
	if (!bpf_write(pins.members, &cookie, &row, BPF_ANY))
		return 0;
	if (errno != E2BIG)
		return -1;
	free_dead_members();
	return bpf_write(pins.members, &cookie, &row, BPF_ANY);
}

void group_leave(__u64 cookie)
{
	bpf_delete(pins.members, &cookie);
}

unsigned int group_load(__u32 row, unsigned int cpu)
{
	unsigned int load = 0;

	for (__u32 lane = 0; lane < FASTSOCK_LANES; lane++)
		load += cookie_in(fastsock_slot(row, pins.cpus, cpu, lane)) != 0;
	return load;
}

__u32 group_place(__u32 row, unsigned int cpu, int fd, unsigned int crowd)
{
	unsigned int taken = 0;
	__u64 value = fd;

	for (__u32 lane = 0; lane < FASTSOCK_LANES; lane++) {
		__u32 slot = fastsock_slot(row, pins.cpus, cpu, lane);

		if (!cookie_in(slot) && !bpf_write(pins.slots, &slot, &value, BPF_NOEXIST))
			return slot;
		if (++taken > crowd)
			break;
	}
	return FASTSOCK_NO_SLOT;
}

int group_place_original(__u32 row, int fd)
{
	__u32 slot = fastsock_original_slot(row, pins.cpus);
	__u64 value = fd;

	return bpf_write(pins.slots, &slot, &value, BPF_ANY);
}

bool group_has_original(__u32 row, __u64 cookie)
{
	return cookie_in(fastsock_original_slot(row, pins.cpus)) == cookie;
}

void group_vacate(__u32 slot, __u64 cookie)
{
	if (slot != FASTSOCK_NO_SLOT && cookie_in(slot) == cookie)
		bpf_delete(pins.slots, &slot);
}
