// SPDX-License-Identifier: GPL-2.0-only
/*
 * By mmap() and not by bpf(2), which copies a value with readers in the middle of
 * it.  A writer that is killed leaves its `seq` odd: the library takes that for
 * no entry, the next writer for a free one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "fsctl.h"
#include "pins.h"
#include "rfd.h"

#define SIZE (FASTSOCK_INTERFACES * sizeof(struct fastsock_rfd))

static struct fastsock_rfd *map(int protection)
{
	int fd = pins_open("rfd"), error;
	void *entries;

	if (fd < 0)
		return NULL;
	entries = mmap(NULL, SIZE, protection, MAP_SHARED, fd, 0);
	error = errno;
	close(fd);
	errno = error;
	return entries == MAP_FAILED ? NULL : entries;
}

static bool cannot(void)
{
	complain(FASTSOCK_PINS "/rfd cannot be used: %s", strerror(errno));
	return false;
}

static bool is_used(const struct fastsock_rfd *entry)
{
	return !(entry->seq & 1) && entry->mode != FASTSOCK_RFD_OFF &&
	       entry->mode != FASTSOCK_RFD_GONE;
}

static bool is_of(const struct fastsock_rfd *entry, __u32 ifindex, __u64 netns)
{
	return entry->ifindex == ifindex && entry->netns == netns;
}

static struct fastsock_rfd *find(struct fastsock_rfd *entries, __u32 ifindex, __u64 netns)
{
	for (__u32 i = 0; i < FASTSOCK_INTERFACES; i++)
		if (is_used(&entries[i]) && is_of(&entries[i], ifindex, netns))
			return &entries[i];
	return NULL;
}

static struct fastsock_rfd *find_free(struct fastsock_rfd *entries)
{
	for (__u32 i = 0; i < FASTSOCK_INTERFACES; i++)
		if (!is_used(&entries[i]))
			return &entries[i];
	return NULL;
}

static void put(struct fastsock_rfd *to, const struct fastsock_rfd *from)
{
	const size_t behind_seq = sizeof(to->seq);
	__u32 odd = to->seq | 1;

	__atomic_store_n(&to->seq, odd, __ATOMIC_RELAXED);
	atomic_thread_fence(memory_order_release);
	memcpy((char *)to + behind_seq, (const char *)from + behind_seq, sizeof(*to) - behind_seq);
	__atomic_store_n(&to->seq, odd + 1, __ATOMIC_RELEASE);
}

bool rfd_write(__u32 ifindex, __u64 netns, const struct fastsock_rfd *entry)
{
	struct fastsock_rfd *entries = map(PROT_READ | PROT_WRITE), *to, made = *entry;

	if (!entries)
		return cannot();
	made.ifindex = ifindex;
	made.netns = netns;
	if (getrandom(&made.seed, sizeof(made.seed), 0) != sizeof(made.seed))
		made.seed = netns ^ ifindex;
	to = find(entries, ifindex, netns);
	if (!to)
		to = find_free(entries);
	if (to)
		put(to, &made);
	else
		complain("no more than %u interfaces at a time", FASTSOCK_INTERFACES);
	munmap(entries, SIZE);
	return to;
}

bool rfd_remove(__u32 ifindex, __u64 netns)
{
	static const struct fastsock_rfd none = { .mode = FASTSOCK_RFD_OFF };
	struct fastsock_rfd *entries = map(PROT_READ | PROT_WRITE), *entry;

	if (!entries && errno == ENOENT)
		return true;
	if (!entries)
		return cannot();
	entry = find(entries, ifindex, netns);
	if (entry)
		put(entry, &none);
	munmap(entries, SIZE);
	return true;
}

bool rfd_read(__u32 ifindex, __u64 netns, struct fastsock_rfd *entry)
{
	struct fastsock_rfd *entries = map(PROT_READ);
	int error = ENOENT;
	__u32 seq;

	if (!entries)
		return false;
	for (__u32 i = 0; error && i < FASTSOCK_INTERFACES; i++) {
		seq = __atomic_load_n(&entries[i].seq, __ATOMIC_ACQUIRE);
		memcpy(entry, &entries[i], sizeof(*entry));
		atomic_thread_fence(memory_order_acquire);
		entry->seq = seq;
		if (!is_of(entry, ifindex, netns))
			continue;
		if (seq & 1 || __atomic_load_n(&entries[i].seq, __ATOMIC_RELAXED) != seq)
			error = EAGAIN;		/* another may be whole */
		else if (is_used(entry))
			error = 0;
	}
	munmap(entries, SIZE);
	errno = error;
	return !error;
}

void rfd_gone(void)
{
	static const struct fastsock_rfd gone = { .mode = FASTSOCK_RFD_GONE };
	struct fastsock_rfd *entries = map(PROT_READ | PROT_WRITE);

	if (!entries)
		return;
	for (__u32 i = 0; i < FASTSOCK_INTERFACES; i++)
		put(&entries[i], &gone);
	munmap(entries, SIZE);
}
