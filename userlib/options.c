// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Each option is read from both sockets and set where they differ, then read
 * again.  The table lists what inet, inet6 and TCP of 6.1 to 6.12 let one set
 * on a listener; an option that the running kernel lacks fails on both sides
 * alike and is passed over.  Values are opaque bytes, except where the kernel
 * returns another value than the one it takes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>		/* before the kernel's: musl then stays clear of it */
#include <linux/in6.h>
#include <linux/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "options.h"
#include "real.h"

#define LONGEST 256

enum how {
	SAME,		/* set what was read */
	HALF,		/* the kernel doubles what is set: set half */
};

static const struct option {
	int level, name;
	enum how how;
} options[] = {
	{ SOL_SOCKET, SO_DEBUG, SAME },
	{ SOL_SOCKET, SO_REUSEADDR, SAME },
	{ SOL_SOCKET, SO_DONTROUTE, SAME },
	{ SOL_SOCKET, SO_BROADCAST, SAME },
	{ SOL_SOCKET, SO_SNDBUF, HALF },
	{ SOL_SOCKET, SO_RCVBUF, HALF },
	{ SOL_SOCKET, SO_KEEPALIVE, SAME },
	{ SOL_SOCKET, SO_OOBINLINE, SAME },
	{ SOL_SOCKET, SO_NO_CHECK, SAME },
	{ SOL_SOCKET, SO_PRIORITY, SAME },
	{ SOL_SOCKET, SO_LINGER, SAME },
	{ SOL_SOCKET, SO_PASSCRED, SAME },
	{ SOL_SOCKET, SO_RCVLOWAT, SAME },
	{ SOL_SOCKET, SO_RCVTIMEO, SAME },
	{ SOL_SOCKET, SO_SNDTIMEO, SAME },
	{ SOL_SOCKET, SO_BINDTODEVICE, SAME },
	{ SOL_SOCKET, SO_TIMESTAMP, SAME },
	{ SOL_SOCKET, SO_TIMESTAMPNS, SAME },
	{ SOL_SOCKET, SO_TIMESTAMPING, SAME },
	{ SOL_SOCKET, SO_PASSSEC, SAME },
	{ SOL_SOCKET, SO_MARK, SAME },
	{ SOL_SOCKET, SO_RXQ_OVFL, SAME },
	{ SOL_SOCKET, SO_WIFI_STATUS, SAME },
	{ SOL_SOCKET, SO_NOFCS, SAME },
	{ SOL_SOCKET, SO_LOCK_FILTER, SAME },
	{ SOL_SOCKET, SO_SELECT_ERR_QUEUE, SAME },
	{ SOL_SOCKET, SO_BUSY_POLL, SAME },
	{ SOL_SOCKET, SO_MAX_PACING_RATE, SAME },
	{ SOL_SOCKET, SO_ZEROCOPY, SAME },
	{ SOL_SOCKET, SO_TXTIME, SAME },
	{ SOL_SOCKET, SO_PREFER_BUSY_POLL, SAME },
	{ SOL_SOCKET, SO_BUSY_POLL_BUDGET, SAME },
	{ SOL_SOCKET, 72 /* SO_BUF_LOCK */, SAME },
	{ SOL_SOCKET, 73 /* SO_RESERVE_MEM */, SAME },
	{ SOL_SOCKET, 74 /* SO_TXREHASH */, SAME },
	{ SOL_SOCKET, 75 /* SO_RCVMARK */, SAME },

	{ IPPROTO_IP, IP_TOS, SAME },
	{ IPPROTO_IP, IP_TTL, SAME },
	{ IPPROTO_IP, IP_OPTIONS, SAME },
	{ IPPROTO_IP, IP_RECVOPTS, SAME },
	{ IPPROTO_IP, IP_RETOPTS, SAME },
	{ IPPROTO_IP, IP_PKTINFO, SAME },
	{ IPPROTO_IP, IP_MTU_DISCOVER, SAME },
	{ IPPROTO_IP, IP_RECVERR, SAME },
	{ IPPROTO_IP, IP_RECVTTL, SAME },
	{ IPPROTO_IP, IP_RECVTOS, SAME },
	{ IPPROTO_IP, IP_FREEBIND, SAME },
	{ IPPROTO_IP, IP_PASSSEC, SAME },
	{ IPPROTO_IP, IP_TRANSPARENT, SAME },
	{ IPPROTO_IP, IP_RECVORIGDSTADDR, SAME },
	{ IPPROTO_IP, IP_MINTTL, SAME },
	{ IPPROTO_IP, IP_CHECKSUM, SAME },
	{ IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, SAME },
	{ IPPROTO_IP, IP_RECVFRAGSIZE, SAME },
	{ IPPROTO_IP, 26 /* IP_RECVERR_RFC4884 */, SAME },
	{ IPPROTO_IP, IP_UNICAST_IF, SAME },
	{ IPPROTO_IP, 51 /* IP_LOCAL_PORT_RANGE */, SAME },

	{ IPPROTO_IPV6, IPV6_V6ONLY, SAME },
	{ IPPROTO_IPV6, IPV6_UNICAST_HOPS, SAME },
	{ IPPROTO_IPV6, IPV6_MTU_DISCOVER, SAME },
	{ IPPROTO_IPV6, IPV6_RECVERR, SAME },
	{ IPPROTO_IPV6, IPV6_FLOWINFO, SAME },
	{ IPPROTO_IPV6, IPV6_FLOWINFO_SEND, SAME },
	{ IPPROTO_IPV6, IPV6_RECVPKTINFO, SAME },
	{ IPPROTO_IPV6, IPV6_RECVHOPLIMIT, SAME },
	{ IPPROTO_IPV6, IPV6_RECVHOPOPTS, SAME },
	{ IPPROTO_IPV6, IPV6_RECVRTHDR, SAME },
	{ IPPROTO_IPV6, IPV6_RECVDSTOPTS, SAME },
	{ IPPROTO_IPV6, IPV6_RECVPATHMTU, SAME },
	{ IPPROTO_IPV6, IPV6_RECVTCLASS, SAME },
	{ IPPROTO_IPV6, IPV6_HOPOPTS, SAME },
	{ IPPROTO_IPV6, IPV6_RTHDRDSTOPTS, SAME },
	{ IPPROTO_IPV6, IPV6_RTHDR, SAME },
	{ IPPROTO_IPV6, IPV6_DSTOPTS, SAME },
	{ IPPROTO_IPV6, IPV6_TCLASS, SAME },
	{ IPPROTO_IPV6, IPV6_DONTFRAG, SAME },
	{ IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, SAME },
	{ IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, SAME },
	{ IPPROTO_IPV6, IPV6_MINHOPCOUNT, SAME },
	{ IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, SAME },
	{ IPPROTO_IPV6, IPV6_TRANSPARENT, SAME },
	{ IPPROTO_IPV6, IPV6_UNICAST_IF, SAME },
	{ IPPROTO_IPV6, IPV6_RECVFRAGSIZE, SAME },
	{ IPPROTO_IPV6, IPV6_FREEBIND, SAME },

	{ IPPROTO_TCP, TCP_NODELAY, SAME },
	{ IPPROTO_TCP, TCP_MAXSEG, SAME },
	{ IPPROTO_TCP, TCP_CORK, SAME },
	{ IPPROTO_TCP, TCP_KEEPIDLE, SAME },
	{ IPPROTO_TCP, TCP_KEEPINTVL, SAME },
	{ IPPROTO_TCP, TCP_KEEPCNT, SAME },
	{ IPPROTO_TCP, TCP_SYNCNT, SAME },
	{ IPPROTO_TCP, TCP_LINGER2, SAME },
	{ IPPROTO_TCP, TCP_DEFER_ACCEPT, SAME },
	{ IPPROTO_TCP, TCP_WINDOW_CLAMP, SAME },
	{ IPPROTO_TCP, TCP_QUICKACK, SAME },
	{ IPPROTO_TCP, TCP_CONGESTION, SAME },
	{ IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, SAME },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, SAME },
	{ IPPROTO_TCP, TCP_FASTOPEN, SAME },
	{ IPPROTO_TCP, TCP_FASTOPEN_KEY, SAME },
	{ IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, SAME },
	{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, SAME },
	{ IPPROTO_TCP, TCP_SAVE_SYN, SAME },
	{ IPPROTO_TCP, TCP_INQ, SAME },
	{ IPPROTO_TCP, TCP_TX_DELAY, SAME },
};

static bool read_option(int fd, const struct option *option, char *value, socklen_t *len)
{
	memset(value, 0, LONGEST);
	*len = LONGEST;
	return getsockopt(fd, option->level, option->name, value, len) == 0;
}

static bool copy_one(const struct option *option, int from, int to)
{
	char wanted[LONGEST], found[LONGEST], set[LONGEST];
	socklen_t wanted_len, found_len;
	int number;

	if (!read_option(from, option, wanted, &wanted_len))
		return true;
	if (read_option(to, option, found, &found_len) && found_len == wanted_len &&
	    !memcmp(found, wanted, wanted_len))
		return true;
	memcpy(set, wanted, sizeof(set));
	if (option->how == HALF) {
		memcpy(&number, wanted, sizeof(number));
		number /= 2;
		memcpy(set, &number, sizeof(number));
	}
	if (real.setsockopt(to, option->level, option->name, set, wanted_len) < 0)
		return false;
	if (read_option(to, option, found, &found_len) && found_len == wanted_len &&
	    !memcmp(found, wanted, wanted_len))
		return true;
	errno = EOPNOTSUPP;
	return false;
}

int options_copy(int from, int to)
{
	socklen_t instructions = 0;

	if (getsockopt(from, SOL_SOCKET, SO_GET_FILTER, NULL, &instructions) == 0 && instructions) {
		errno = EOPNOTSUPP;
		return -1;
	}
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (!copy_one(&options[i], from, to))
			return -1;
	return 0;
}
