// SPDX-License-Identifier: LGPL-2.1-only
/*
 * A worker's turn: what it does from one wait to the next.  Said in the lines of
 * its slots (fastsock_load.h), so that the program can tell one that is busy for
 * long from one that waits, and a full queue from one that was found empty.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "load.h"
#include "lock.h"
#include "turn.h"
#include "vacancy.h"
#include "watch.h"

/* The calling thread's slots; of more than these nothing is said. */
#define SLOTS 16
static __thread struct {
	unsigned int generation;
	unsigned int count;
	__u32 turn;
	__u32 since;		/* when this turn began */
	__u32 ended;		/* when the last one did */
	__u32 looked;		/* for a CPU without a worker */
	bool waits;		/* in the epolls of its listeners, and not only looks there */
	struct {
		struct fastsock_load *load;
		int queue;		/* the socket in the slot; closed by now, perhaps */
		int epfd;
		bool edge;
		__u64 data;
		struct watch *both;	/* with a local listener beside the original */
	} each[SLOTS];
} mine;

static void find_mine(unsigned int now)
{
	pid_t tid = syscall(SYS_gettid);
	sigset_t saved;

	lock_take(&saved);
	mine.generation = now;
	mine.count = 0;
	for (unsigned int i = 0; i < watch_end; i++) {
		if (!watches[i].listener || watches[i].tid != tid || !watches[i].load)
			continue;
		if (mine.count == SLOTS) {
			LOAD_WRITE(watches[i].load->turn, 0);
			continue;
		}
		mine.each[mine.count].load = watches[i].load;
		mine.each[mine.count].queue =
			watches[i].local >= 0 ? watches[i].local : watches[i].fd;
		mine.each[mine.count].epfd = watches[i].epfd;
		mine.each[mine.count].edge = watches[i].events & EPOLLET;
		mine.each[mine.count].data = watches[i].data.u64;
		mine.each[mine.count].both = watches[i].local >= 0 ? &watches[i] : NULL;
		mine.count++;
	}
	lock_drop(&saved);
}

static void say_turn(__u32 turn)
{
	mine.turn = turn;
	for (unsigned int i = 0; i < mine.count; i++)
		LOAD_WRITE(mine.each[i].load->turn, turn);
}

static bool is_mine(int epfd)
{
	for (unsigned int i = 0; i < mine.count; i++)
		if (mine.each[i].epfd == epfd)
			return true;
	return false;
}

static void end_turn(void)
{
	__u32 length;

	mine.ended = load_now();
	length = mine.turn & 1 ? mine.ended - mine.since : 0;
	for (unsigned int i = 0; i < mine.count; i++)
		load_turn_ended(mine.each[i].load, length);
	say_turn((mine.turn | 1) + 1);
}

/*
 * Who waits in another epoll, for a backend say, does not serve its listeners meanwhile:
 * its turn goes on.  Unless its own are nested in that one, as they are in that of a
 * thread that only looks into its own without waiting.
 */
static bool waits_for_others(int epfd, int timeout)
{
	if (!is_mine(epfd))
		return mine.waits;
	mine.waits = timeout != 0;
	return false;
}

void turn_end(int epfd, int timeout)
{
	unsigned int now = atomic_load_explicit(&watch_generation, memory_order_acquire);

	if (mine.generation != now &&
	    (mine.count || atomic_load_explicit(&watch_placed, memory_order_relaxed)))
		find_mine(now);
	if (!mine.count || waits_for_others(epfd, timeout))
		return;
	end_turn();
	if (mine.since - mine.looked < FASTSOCK_LOAD_VACANT)
		return;
	mine.looked = mine.since;
	for (unsigned int i = 0; i < mine.count; i++) {
		if (!vacancy_taken(mine.each[i].load, mine.since))
			continue;
		/* Its lines are others from here on, and it is about to wait. */
		find_mine(atomic_load(&watch_generation));
		say_turn((mine.turn | 1) + 1);
		break;
	}
}

/*
 * Where both a listener and its local one are ready there would be two events of one
 * registration, which the application may not expect: it may free, after the first, what
 * the second points to.  Level-triggered, the other comes again.
 *
 * That both are ready is what tells that the original must not wait for the end of a
 * queue that has none.  A batch that is full may not show it: then once in a while.
 */
#define FULL 64

static int drop_twins(int epfd, struct epoll_event *events, int count, int most)
{
	for (unsigned int i = 0; i < mine.count && count > 0; i++) {
		struct watch *both = mine.each[i].both;
		int first = -1, kept = 0;

		if (mine.each[i].epfd != epfd || mine.each[i].edge || !both)
			continue;
		if (count == most && ++both->full >= FULL) {
			both->full = 0;
			both->original_ready = true;
		}
		for (int j = 0; j < count; j++) {
			if (events[j].data.u64 == mine.each[i].data && first >= 0) {
				events[first].events |= events[j].events;
				both->original_ready = true;
				continue;
			}
			if (events[j].data.u64 == mine.each[i].data)
				first = kept;
			events[kept++] = events[j];
		}
		count = kept;
	}
	return count;
}

static bool among(const struct epoll_event *events, int count, __u64 data)
{
	for (int i = 0; i < count; i++)
		if (events[i].data.u64 == data)
			return true;
	return false;
}

/*
 * The counts have handshakes in them that are under way, of clients far off perhaps. So
 * the queue itself is asked: a system call, but only after a wait that looks like this.
 */
static void end_wait(struct fastsock_load *load, int queue)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);
	int error = errno;

	if (!load_kept(load, mine.since - mine.ended, mine.since))
		return;
	/* Of a listener tcpi_unacked is what waits to be accepted (tcp_get_info()). */
	if (getsockopt(queue, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
	    info.tcpi_unacked >= FASTSOCK_LOAD_FEW)
		load_stalled(load);
	errno = error;
}

/*
 * A level-triggered listener that was not reported, though there was room for
 * it, has nothing in its queue.  Worth the search only when the counts differ.
 */
int turn_begin(int epfd, struct epoll_event *events, int count, int most)
{
	/* Odd: it has not ended, see turn_end(). */
	if (!mine.count || mine.turn & 1)
		return count;
	mine.since = load_now();
	for (unsigned int i = 0; i < mine.count; i++)
		end_wait(mine.each[i].load, mine.each[i].queue);
	say_turn(mine.turn | 1);
	if (count < 0 || count == most)
		return drop_twins(epfd, events, count, most);
	for (unsigned int i = 0; i < mine.count; i++)
		if (mine.each[i].epfd == epfd && !mine.each[i].edge &&
		    load_open(mine.each[i].load) && !among(events, count, mine.each[i].data))
			load_empty(mine.each[i].load);
	return drop_twins(epfd, events, count, most);
}
