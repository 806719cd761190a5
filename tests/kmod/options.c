// SPDX-License-Identifier: GPL-2.0-only
/*
 * Option round trip: every option a listener can be given is given to the
 * original, then the clone must answer every getsockopt(2) as the original
 * does, byte for byte; and so must what the two accept.
 *
 * An option that did not change what getsockopt says would prove nothing, so
 * each line below must differ from a listener that was left alone.
 */
#include "util.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <time.h>

#define OPTIONS		131	/* numbers tried at each level */

enum {
	V4 = 1, V6 = 2, ANY = V4 | V6,
	EARLY = 4,	/* only before listen() */
	NEWER = 8,	/* not on every kernel supported */
	WRITEONLY = 16,	/* getsockopt does not tell */
};

struct option {
	int		level, name;
	const char	*text;
	unsigned int	when;
	const void	*value;
	socklen_t	len;
};

#define VAL(level, name, when, ...)					\
	{ level, name, #name, when, (const int []){ __VA_ARGS__ },	\
	  sizeof((const int []){ __VA_ARGS__ }) }
#define BYTES(level, name, when, bytes) \
	{ level, name, #name, when, bytes, sizeof(bytes) - 1 }

/* Not in every libc's headers. */
#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK		72
#endif
#ifndef SO_RESERVE_MEM
#define SO_RESERVE_MEM		73
#endif
#ifndef SO_TXREHASH
#define SO_TXREHASH		74
#endif
#ifndef SO_RCVMARK
#define SO_RCVMARK		75
#endif
#define SO_PASSPIDFD_		76
#define IP_LOCAL_PORT_RANGE_	51
#define IP_CHECKSUM_		23
#define IPV6_FLOWINFO_		11
#define IPV6_FLOWINFO_SEND_	33
#define IPV6_MULTICAST_ALL_	29
#define IPV6_ROUTER_ALERT_ISOLATE_ 30
#define IPV6_RECVERR_RFC4884_	31
#define TCP_TX_DELAY_		37

#define HOPBYHOP	"\0\0\1\4\0\0\0\0"	/* eight bytes of padding */

static const struct option options[] = {
	VAL(SOL_SOCKET, SO_DEBUG, ANY, 1),
	VAL(SOL_SOCKET, SO_REUSEADDR, ANY, 1),
	VAL(SOL_SOCKET, SO_DONTROUTE, ANY, 1),
	VAL(SOL_SOCKET, SO_BROADCAST, ANY, 1),
	VAL(SOL_SOCKET, SO_SNDBUF, ANY, 23456),
	VAL(SOL_SOCKET, SO_RCVBUF, ANY, 34567),
	VAL(SOL_SOCKET, SO_KEEPALIVE, ANY, 1),
	VAL(SOL_SOCKET, SO_OOBINLINE, ANY, 1),
	VAL(SOL_SOCKET, SO_NO_CHECK, ANY, 1),
	VAL(SOL_SOCKET, SO_PRIORITY, ANY, 5),
	VAL(SOL_SOCKET, SO_LINGER, ANY, 1, 17),
	VAL(SOL_SOCKET, SO_PASSCRED, ANY, 1),
	VAL(SOL_SOCKET, SO_RCVLOWAT, ANY, 321),
	VAL(SOL_SOCKET, SO_RCVTIMEO, ANY, 12, 0, 340000, 0),
	VAL(SOL_SOCKET, SO_SNDTIMEO, ANY, 13, 0, 560000, 0),
	BYTES(SOL_SOCKET, SO_BINDTODEVICE, ANY, "lo"),
	VAL(SOL_SOCKET, SO_TIMESTAMP, ANY, 1),
	VAL(SOL_SOCKET, SO_PASSSEC, ANY, 1),
	VAL(SOL_SOCKET, SO_MARK, ANY, 0x1234),
	VAL(SOL_SOCKET, SO_TIMESTAMPING, ANY,
	    SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_CMSG),
	VAL(SOL_SOCKET, SO_RXQ_OVFL, ANY, 1),
	VAL(SOL_SOCKET, SO_WIFI_STATUS, ANY, 1),
	VAL(SOL_SOCKET, SO_PEEK_OFF, ANY | NEWER, 7),
	VAL(SOL_SOCKET, SO_NOFCS, ANY, 1),
	VAL(SOL_SOCKET, SO_LOCK_FILTER, ANY, 1),
	VAL(SOL_SOCKET, SO_SELECT_ERR_QUEUE, ANY, 1),
	VAL(SOL_SOCKET, SO_BUSY_POLL, ANY, 50),
	VAL(SOL_SOCKET, SO_MAX_PACING_RATE, ANY, 123456789),
	VAL(SOL_SOCKET, SO_ZEROCOPY, ANY, 1),
	VAL(SOL_SOCKET, SO_TXTIME, ANY, CLOCK_MONOTONIC, 3),
	VAL(SOL_SOCKET, SO_PREFER_BUSY_POLL, ANY, 1),
	VAL(SOL_SOCKET, SO_BUSY_POLL_BUDGET, ANY | WRITEONLY, 99),
	VAL(SOL_SOCKET, SO_TXREHASH, ANY, 0),
	VAL(SOL_SOCKET, SO_RCVMARK, ANY, 1),
	VAL(SOL_SOCKET, SO_PASSPIDFD_, ANY | NEWER, 1),

	VAL(IPPROTO_IP, IP_TOS, ANY, 0x48),
	VAL(IPPROTO_IP, IP_TTL, ANY, 77),
	BYTES(IPPROTO_IP, IP_OPTIONS, V4, "\1\1\1\1\1\1\1\1"),
	VAL(IPPROTO_IP, IP_RECVOPTS, ANY, 1),
	VAL(IPPROTO_IP, IP_RETOPTS, ANY, 1),
	VAL(IPPROTO_IP, IP_PKTINFO, ANY, 1),
	VAL(IPPROTO_IP, IP_MTU_DISCOVER, ANY, IP_PMTUDISC_PROBE),
	VAL(IPPROTO_IP, IP_RECVERR, ANY, 1),
	VAL(IPPROTO_IP, IP_RECVTTL, ANY, 1),
	VAL(IPPROTO_IP, IP_RECVTOS, ANY, 1),
	VAL(IPPROTO_IP, IP_FREEBIND, ANY, 1),
	VAL(IPPROTO_IP, IP_PASSSEC, ANY, 1),
	VAL(IPPROTO_IP, IP_TRANSPARENT, ANY, 1),
	VAL(IPPROTO_IP, IP_RECVORIGDSTADDR, ANY, 1),
	VAL(IPPROTO_IP, IP_MINTTL, ANY, 9),
	VAL(IPPROTO_IP, IP_CHECKSUM_, ANY, 1),
	VAL(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, ANY, 1),
	VAL(IPPROTO_IP, IP_RECVERR_RFC4884, ANY, 1),
	VAL(IPPROTO_IP, IP_MULTICAST_LOOP, ANY, 0),
	VAL(IPPROTO_IP, IP_MULTICAST_ALL, V4, 0),
	VAL(IPPROTO_IP, IP_LOCAL_PORT_RANGE_, ANY, 40000 | 50000 << 16),

	VAL(IPPROTO_IPV6, IPV6_RECVERR, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_RECVPKTINFO, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_2292PKTINFO, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_2292HOPOPTS, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_2292DSTOPTS, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_2292RTHDR, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_2292HOPLIMIT, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_FLOWINFO_, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_RECVHOPOPTS, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_RECVRTHDR, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_RECVDSTOPTS, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_RECVPATHMTU, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_RECVTCLASS, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_ORIGDSTADDR, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_RECVFRAGSIZE, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_FLOWINFO_SEND_, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_UNICAST_HOPS, V6, 88),
	VAL(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, V6, 0),
	VAL(IPPROTO_IPV6, IPV6_MTU_DISCOVER, V6, IPV6_PMTUDISC_PROBE),
	VAL(IPPROTO_IPV6, IPV6_MTU, V6 | WRITEONLY, 1400),
	VAL(IPPROTO_IPV6, IPV6_V6ONLY, V6 | EARLY, 1),
	VAL(IPPROTO_IPV6, IPV6_MULTICAST_ALL_, V6, 0),
	VAL(IPPROTO_IPV6, IPV6_ROUTER_ALERT_ISOLATE_, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_RECVERR_RFC4884_, V6, 1),
	BYTES(IPPROTO_IPV6, IPV6_HOPOPTS, V6, HOPBYHOP),
	BYTES(IPPROTO_IPV6, IPV6_DSTOPTS, V6, HOPBYHOP),
	VAL(IPPROTO_IPV6, IPV6_DONTFRAG, V6, 1),
	VAL(IPPROTO_IPV6, IPV6_TCLASS, V6, 0x48),
	VAL(IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, V6, 0),
	VAL(IPPROTO_IPV6, IPV6_ADDR_PREFERENCES, V6, 0x0800 | 0x0001),
	VAL(IPPROTO_IPV6, IPV6_MINHOPCOUNT, V6, 11),

	VAL(IPPROTO_TCP, TCP_NODELAY, ANY, 1),
	VAL(IPPROTO_TCP, TCP_MAXSEG, ANY, 777),
	VAL(IPPROTO_TCP, TCP_CORK, ANY, 1),
	VAL(IPPROTO_TCP, TCP_KEEPIDLE, ANY, 111),
	VAL(IPPROTO_TCP, TCP_KEEPINTVL, ANY, 22),
	VAL(IPPROTO_TCP, TCP_KEEPCNT, ANY, 4),
	VAL(IPPROTO_TCP, TCP_SYNCNT, ANY, 3),
	VAL(IPPROTO_TCP, TCP_LINGER2, ANY, 33),
	VAL(IPPROTO_TCP, TCP_DEFER_ACCEPT, ANY, 5),
	VAL(IPPROTO_TCP, TCP_WINDOW_CLAMP, ANY, 54321),
	VAL(IPPROTO_TCP, TCP_QUICKACK, ANY, 0),
	BYTES(IPPROTO_TCP, TCP_CONGESTION, ANY, "reno"),
	VAL(IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, ANY, 1),
	VAL(IPPROTO_TCP, TCP_USER_TIMEOUT, ANY, 4444),
	VAL(IPPROTO_TCP, TCP_FASTOPEN, ANY, 66),
	VAL(IPPROTO_TCP, TCP_NOTSENT_LOWAT, ANY, 8192),
	VAL(IPPROTO_TCP, TCP_SAVE_SYN, ANY, 1),
	VAL(IPPROTO_TCP, TCP_FASTOPEN_CONNECT, ANY | EARLY, 1),
	BYTES(IPPROTO_TCP, TCP_FASTOPEN_KEY, ANY, "0123456789abcdefFEDCBA9876543210"),
	VAL(IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, ANY, 1),
	VAL(IPPROTO_TCP, TCP_INQ, ANY, 1),
	VAL(IPPROTO_TCP, TCP_TX_DELAY_, ANY, 1000),
};

/* Those of a type of their own, which exclude one of the table. */
static const struct option others[] = {
	VAL(SOL_SOCKET, SO_BUF_LOCK, ANY, 3),
	VAL(SOL_SOCKET, SO_TIMESTAMPNS, ANY, 1),
	VAL(SOL_SOCKET, SO_TIMESTAMP_NEW, ANY, 1),
	VAL(IPPROTO_IP, IP_UNICAST_IF, ANY, 1 << 24),
	VAL(IPPROTO_IPV6, IPV6_UNICAST_IF, V6, 1 << 24),
	VAL(IPPROTO_TCP, TCP_QUICKACK, ANY, 0),
};

static const int levels[] = { SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP };

struct answer {
	long		ret;
	socklen_t	len;
	unsigned char	bytes[256];
};

static struct answer ask(int fd, int level, int name)
{
	struct answer answer = { .len = sizeof(answer.bytes) };

	answer.ret = getsockopt(fd, level, name, answer.bytes, &answer.len) ? -errno : 0;
	if (answer.ret)
		answer.len = 0;
	return answer;
}

static bool same(const struct answer *a, const struct answer *b)
{
	return a->ret == b->ret && a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

/* What two sockets answer differently by their nature. */
static bool differs_by_nature(int level, int name, bool connection)
{
	if (level == SOL_SOCKET)
		return name == SO_COOKIE || name == SO_INCOMING_CPU ||
		       (connection && (name == SO_PEERNAME || name == SO_INCOMING_NAPI_ID ||
				       name == SO_MEMINFO));
	if (level == IPPROTO_TCP)
		return name == TCP_INFO || name == TCP_TIMESTAMP ||	/* clocks */
		       (connection && (name == TCP_SAVED_SYN || name == TCP_CC_INFO ||
				       name == TCP_WINDOW_CLAMP || name == TCP_QUICKACK));
	/* The packets that came, with their ports. */
	if (level == IPPROTO_IP && name == IP_PKTOPTIONS)
		return connection;
	return level == IPPROTO_IPV6 && name == IPV6_2292PKTOPTIONS && connection;
}

static void compare(const char *what, int a, int b, bool connection)
{
	int differences = 0, answered = 0;
	size_t i;
	int name;

	for (i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		for (name = 0; name < OPTIONS; name++) {
			struct answer x, y;

			if (differs_by_nature(levels[i], name, connection))
				continue;
			x = ask(a, levels[i], name);
			y = ask(b, levels[i], name);
			answered += !x.ret;
			if (same(&x, &y))
				continue;
			differences++;
			printf("# level %d option %d: %ld/%u/%02x%02x%02x%02x, then %ld/%u/%02x%02x%02x%02x\n",
			       levels[i], name,
			       x.ret, x.len, x.bytes[0], x.bytes[1], x.bytes[2], x.bytes[3],
			       y.ret, y.len, y.bytes[0], y.bytes[1], y.bytes[2], y.bytes[3]);
		}
	}
	ok(!differences, "%s: %d options answer alike", what, answered);
}

static void give(int fd, const struct option *option, unsigned int family)
{
	if (!(option->when & family))
		return;
	if (setsockopt(fd, option->level, option->name, option->value, option->len)) {
		if (option->when & NEWER && (errno == ENOPROTOOPT || errno == EOPNOTSUPP))
			skip(option->text, "not an option of this kernel");
		else
			ok(false, "%s can be set: %s", option->text, strerror(errno));
	}
}

static int make_listener(const char *ip, int port, const struct option *list, size_t n,
			 unsigned int family)
{
	int fd = tcp(ip);
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].when & EARLY)
			give(fd, &list[i], family);
	errno = -bind_to(fd, ip, port);
	must(-errno);
	must(listen(fd, 100));
	for (i = 0; i < n; i++)
		if (!(list[i].when & EARLY))
			give(fd, &list[i], family);
	return fd;
}

/* Each option must show, or copying it could not be seen. */
static void all_set(int fd, int plain, const struct option *list, size_t n, unsigned int family)
{
	int shown = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		struct answer a = ask(fd, list[i].level, list[i].name);
		struct answer b = ask(plain, list[i].level, list[i].name);

		if (!(list[i].when & family) || list[i].when & WRITEONLY)
			continue;
		if (list[i].when & NEWER && a.ret)
			continue;
		if (!same(&a, &b))
			shown++;
		else
			ok(false, "%s differs from a plain listener's", list[i].text);
	}
	ok(shown > 0, "%d options differ from a plain listener's", shown);
}

static void round_trip(int dev, const char *name, const char *ip, int port,
		       const struct option *list, size_t n, unsigned int family)
{
	int plain = tcp(ip), fd, clone, second;

	must(bind_to(plain, ip, port + 1));
	must(listen(plain, 100));
	fd = make_listener(ip, port, list, n, family);
	all_set(fd, plain, list, n, family);
	close(plain);

	clone = clone_of(dev, fd, 0);
	if (!ok(clone >= 0, "%s: cloned with all options", name)) {
		printf("# %s\n", strerrorname_np(-clone));
		close(fd);
		return;
	}
	compare(name, fd, clone, false);
	second = clone_of(dev, clone, 1);
	ok(second >= 0, "%s: the clone is cloned", name);
	compare("a clone's clone", fd, second, false);
	close(second);
	close(clone);
	close(fd);
}

/* One at a time: no two options hide each other. */
static void one_by_one(int dev, const char *ip, int port, unsigned int family)
{
	size_t i, n = sizeof(options) / sizeof(*options);
	size_t m = sizeof(others) / sizeof(*others);

	for (i = 0; i < n + m; i++) {
		const struct option *option = i < n ? &options[i] : &others[i - n];
		int fd, plain, clone;
		struct answer a, b, c;
		char desc[96];

		if (!(option->when & family))
			continue;
		snprintf(desc, sizeof(desc), "IPv%d: %s alone", family == V4 ? 4 : 6, option->text);
		if (option->when & WRITEONLY) {
			skip(desc, "getsockopt does not tell");
			continue;
		}
		fd = make_listener(ip, port, option, 1, family);
		plain = make_listener(ip, port + 1, option, 0, family);
		a = ask(fd, option->level, option->name);
		if (option->when & NEWER && a.ret) {
			close(fd);
			close(plain);
			continue;
		}
		b = ask(plain, option->level, option->name);
		if (same(&a, &b))
			ok(false, "%s alone shows", option->text);
		clone = clone_of(dev, fd, 0);
		c = ask(clone, option->level, option->name);
		if (!ok(clone >= 0 && same(&a, &c), "%s is copied", desc))
			printf("# clone %d: %02x%02x%02x%02x instead of %02x%02x%02x%02x\n", clone,
			       c.bytes[0], c.bytes[1], c.bytes[2], c.bytes[3],
			       a.bytes[0], a.bytes[1], a.bytes[2], a.bytes[3]);
		close(clone);
		close(plain);
		close(fd);
	}
}

static int accepted(const char *ip, int port, int fd, int *peer)
{
	int conn = -1;

	*peer = tcp(ip);
	errno = -connect_to(*peer, ip, port);
	must(-errno);
	must(write(*peer, "x", 1));	/* for TCP_DEFER_ACCEPT */
	must(accept_any(&fd, 1, &conn));
	return conn;
}

/* SO_RCVLOWAT and friends would keep a connection from being made or found. */
static bool hinders(const struct option *option)
{
	return (option->level == SOL_SOCKET &&
		(option->name == SO_MARK || option->name == SO_DONTROUTE)) ||
	       (option->level == IPPROTO_IP && option->name == IP_TRANSPARENT);
}

static void inheritance(int dev, const char *name, const char *ip, int port, unsigned int family)
{
	struct option list[sizeof(options) / sizeof(*options)];
	int fd, clone, a, b, peer_a, peer_b;
	size_t i, n = 0;

	for (i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (!hinders(&options[i]))
			list[n++] = options[i];
	pin(0);
	fd = make_listener(ip, port, list, n, family);
	must(fcntl(fd, F_SETFL, O_NONBLOCK));
	/* The flag that the group sets is inherited: set it for both. */
	must(set(fd, SOL_SOCKET, SO_REUSEPORT, 1));
	a = accepted(ip, port, fd, &peer_a);
	clone = must(clone_of(dev, fd, 0));
	b = accepted(ip, port, clone, &peer_b);
	compare(name, a, b, true);
	close(a);
	close(b);
	close(peer_a);
	close(peer_b);
	close(clone);
	close(fd);
}

int main(void)
{
	const size_t n = sizeof(options) / sizeof(*options);
	int dev = device(), fd, clone;

	round_trip(dev, "IPv4", "127.0.0.1", 7300, options, n, V4);
	round_trip(dev, "IPv6", "::", 7302, options, n, V6);
	one_by_one(dev, "127.0.0.1", 7304, V4);
	one_by_one(dev, "::", 7306, V6);
	inheritance(dev, "connections over IPv4", "127.0.0.1", 7308, V4);
	inheritance(dev, "connections over IPv6", "::1", 7310, V6);

	/* Left alone, a clone is like its original, too. */
	fd = listener("127.0.0.1", 7312);
	clone = must(clone_of(dev, fd, 0));
	compare("no option at all", fd, clone, false);
	return t_exit();
}
