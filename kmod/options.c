// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a TCP listener can carry, and how a clone gets it.
 *
 * The four tables below name every option that setsockopt(2) takes on a TCP
 * socket in Linux 6.1 to 6.12, one line each, in the order of its number:
 *
 *	SK, INET, INET6, ICSK, TCP, FIELD
 *		copied as a field of the socket
 *	FLAG	copied as a flag of the socket
 *	BIT_OF	copied as a boolean of inet_sock (see compat/inet.h)
 *	OTHER	copied, but not as one field: the text says where
 *	REFUSE	a socket that has it is not cloned (fs_options_copyable())
 *	NONE	nothing to copy, and why
 *
 * Fields are copied rather than options set, because most options lose something
 * on the way through setsockopt: units are rounded, sizes doubled, limits and
 * capabilities of today applied to what was allowed yesterday.
 *
 * Not options, but also carried by sockets: bpf socket storage is not copied (no
 * export; programs that keep it see the clone being created and bound); queued
 * errors and statistics start empty; the cgroup is that of the caller.
 */
#include <linux/errqueue.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/mroute.h>
#include <linux/mroute6.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/sockptr.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "compat/compat.h"
#include "options.h"

/* Each names its option, so that a typing error does not compile. */
#define FIELD(option, lvalue_to, lvalue_from) \
	do { (void)(option); (lvalue_to) = (lvalue_from); } while (0)
#define SK(option, field)	FIELD(option, to->field, from->field)
#define INET(option, field)	FIELD(option, inet_sk(to)->field, inet_sk(from)->field)
#define INET6(option, field)	FIELD(option, inet6_sk(to)->field, inet6_sk(from)->field)
#define ICSK(option, field)	FIELD(option, inet_csk(to)->field, inet_csk(from)->field)
#define TCP(option, field)	FIELD(option, tcp_sk(to)->field, tcp_sk(from)->field)
#define BIT_OF(option, name) \
	do { (void)(option); fs_copy_inet_bit(to, from, name); } while (0)
#define FLAG(option, flag) \
	do { (void)(option); sock_valbool_flag(to, flag, sock_flag(from, flag)); } while (0)
#define OTHER(option, where)	((void)(option))
#define REFUSE(option)		((void)(option))
#define NONE(option, why)	((void)(option))

static void fs_copy_sol_socket(struct sock *to, struct sock *from)
{
	FLAG(SO_DEBUG,			SOCK_DBG);
	OTHER(SO_REUSEADDR,		"fs_options_finish(): binding by force uses the field");
	NONE(SO_TYPE,			"read only");
	NONE(SO_ERROR,			"read only");
	FLAG(SO_DONTROUTE,		SOCK_LOCALROUTE);
	FLAG(SO_BROADCAST,		SOCK_BROADCAST);
	SK(SO_SNDBUF,			sk_sndbuf);
	SK(SO_RCVBUF,			sk_rcvbuf);
	FLAG(SO_KEEPALIVE,		SOCK_KEEPOPEN);
	FLAG(SO_OOBINLINE,		SOCK_URGINLINE);
	SK(SO_NO_CHECK,			sk_no_check_tx);
	SK(SO_PRIORITY,			sk_priority);
	FLAG(SO_LINGER,			SOCK_LINGER);
	SK(SO_LINGER,			sk_lingertime);
	NONE(SO_BSDCOMPAT,		"does nothing");
	NONE(SO_REUSEPORT,		"always set on a clone");
	OTHER(SO_PASSCRED,		"below, a flag of struct socket");
	NONE(SO_PEERCRED,		"read only");
	SK(SO_RCVLOWAT,			sk_rcvlowat);
	NONE(SO_SNDLOWAT,		"read only");
	SK(SO_RCVTIMEO_OLD,		sk_rcvtimeo);
	SK(SO_SNDTIMEO_OLD,		sk_sndtimeo);
	SK(SO_BINDTODEVICE,		sk_bound_dev_if);
	REFUSE(SO_ATTACH_FILTER);
	NONE(SO_DETACH_FILTER,		"an action");
	FLAG(SO_TIMESTAMP_OLD,		SOCK_RCVTSTAMP);
	FLAG(SO_TIMESTAMP_OLD,		SOCK_TIMESTAMP);
	NONE(SO_ACCEPTCONN,		"read only");
	NONE(SO_PEERSEC,		"read only");
	NONE(SO_SNDBUFFORCE,		"sets what SO_SNDBUF does");
	NONE(SO_RCVBUFFORCE,		"sets what SO_RCVBUF does");
	OTHER(SO_PASSSEC,		"below, a flag of struct socket");
	FLAG(SO_TIMESTAMPNS_OLD,	SOCK_RCVTSTAMPNS);
	SK(SO_MARK,			sk_mark);
	FLAG(SO_TIMESTAMPING_OLD,	SOCK_TIMESTAMPING_RX_SOFTWARE);
	SK(SO_TIMESTAMPING_OLD,		sk_tsflags);
	SK(SO_TIMESTAMPING_OLD,		sk_bind_phc);
	NONE(SO_PROTOCOL,		"read only");
	NONE(SO_DOMAIN,			"read only");
	FLAG(SO_RXQ_OVFL,		SOCK_RXQ_OVFL);
	FLAG(SO_WIFI_STATUS,		SOCK_WIFI_STATUS);
	SK(SO_PEEK_OFF,			sk_peek_off);
	FLAG(SO_NOFCS,			SOCK_NOFCS);
	FLAG(SO_LOCK_FILTER,		SOCK_FILTER_LOCKED);
	FLAG(SO_SELECT_ERR_QUEUE,	SOCK_SELECT_ERR_QUEUE);
#ifdef CONFIG_NET_RX_BUSY_POLL
	SK(SO_BUSY_POLL,		sk_ll_usec);
#endif
	SK(SO_MAX_PACING_RATE,		sk_max_pacing_rate);
	SK(SO_MAX_PACING_RATE,		sk_pacing_rate);
	SK(SO_MAX_PACING_RATE,		sk_pacing_status);
	NONE(SO_BPF_EXTENSIONS,		"read only");
	NONE(SO_INCOMING_CPU,		"the clone's own CPU");
	REFUSE(SO_ATTACH_BPF);
	NONE(SO_ATTACH_REUSEPORT_CBPF,	"belongs to the group, which the clone joins");
	NONE(SO_ATTACH_REUSEPORT_EBPF,	"belongs to the group, which the clone joins");
	NONE(SO_CNX_ADVICE,		"an action");
	NONE(SO_MEMINFO,		"read only");
	NONE(SO_INCOMING_NAPI_ID,	"read only");
	NONE(SO_COOKIE,			"read only");
	NONE(SO_PEERGROUPS,		"read only");
	FLAG(SO_ZEROCOPY,		SOCK_ZEROCOPY);
	FLAG(SO_TXTIME,			SOCK_TXTIME);
	SK(SO_TXTIME,			sk_clockid);
	SK(SO_TXTIME,			sk_txtime_deadline_mode);
	SK(SO_TXTIME,			sk_txtime_report_errors);
	NONE(SO_BINDTOIFINDEX,		"sets what SO_BINDTODEVICE does");
	FLAG(SO_TIMESTAMP_NEW,		SOCK_TSTAMP_NEW);
	NONE(SO_TIMESTAMPNS_NEW,	"flags of SO_TIMESTAMPNS_OLD and SO_TIMESTAMP_NEW");
	NONE(SO_TIMESTAMPING_NEW,	"fields of SO_TIMESTAMPING_OLD and SO_TIMESTAMP_NEW");
	NONE(SO_RCVTIMEO_NEW,		"sets what SO_RCVTIMEO_OLD does");
	NONE(SO_SNDTIMEO_NEW,		"sets what SO_SNDTIMEO_OLD does");
	NONE(SO_DETACH_REUSEPORT_BPF,	"an action");
#ifdef CONFIG_NET_RX_BUSY_POLL
	SK(SO_PREFER_BUSY_POLL,		sk_prefer_busy_poll);
	SK(SO_BUSY_POLL_BUDGET,		sk_busy_poll_budget);
#endif
	NONE(SO_NETNS_COOKIE,		"read only");
	FIELD(SO_BUF_LOCK,		to->sk_userlocks,
	      (to->sk_userlocks & ~SOCK_BUF_LOCK_MASK) |
	      (from->sk_userlocks & SOCK_BUF_LOCK_MASK));
	OTHER(SO_RESERVE_MEM,		"fs_options_call(): memory has to be charged");
	SK(SO_TXREHASH,			sk_txrehash);
	FLAG(SO_RCVMARK,		SOCK_RCVMARK);
	/* SO_PASSPIDFD: below, a flag of struct socket.  SO_DEVMEM_*: actions. */

	assign_bit(SOCK_PASSCRED, &to->sk_socket->flags,
		   test_bit(SOCK_PASSCRED, &from->sk_socket->flags));
	assign_bit(SOCK_PASSSEC, &to->sk_socket->flags,
		   test_bit(SOCK_PASSSEC, &from->sk_socket->flags));
	fs_copy_passpidfd(to->sk_socket, from->sk_socket);

	/* Each socket with one of these flags counts once; its end uncounts it. */
	if (to->sk_flags & SK_FLAGS_TIMESTAMP)
		net_enable_timestamp();
}

static void fs_copy_ipproto_ip(struct sock *to, struct sock *from)
{
	INET(IP_TOS,			tos);
	INET(IP_TTL,			uc_ttl);
	NONE(IP_HDRINCL,		"raw sockets only");
	OTHER(IP_OPTIONS,		"fs_copy_ip_options()");
	NONE(IP_ROUTER_ALERT,		"raw sockets only");
	BIT_OF(IP_RECVOPTS,		RECVOPTS);
	BIT_OF(IP_RETOPTS,		RETOPTS);
	BIT_OF(IP_PKTINFO,		PKTINFO);
	NONE(IP_PKTOPTIONS,		"read only");
	INET(IP_MTU_DISCOVER,		pmtudisc);
	BIT_OF(IP_RECVERR,		RECVERR);
	BIT_OF(IP_RECVTTL,		TTL);
	BIT_OF(IP_RECVTOS,		TOS);
	NONE(IP_MTU,			"read only");
	BIT_OF(IP_FREEBIND,		FREEBIND);
	NONE(IP_IPSEC_POLICY,		"as IP_XFRM_POLICY");
	REFUSE(IP_XFRM_POLICY);
	BIT_OF(IP_PASSSEC,		PASSSEC);
	BIT_OF(IP_TRANSPARENT,		TRANSPARENT);
	BIT_OF(IP_RECVORIGDSTADDR,	ORIGDSTADDR);
	INET(IP_MINTTL,			min_ttl);
	NONE(IP_NODEFRAG,		"raw sockets only");
	BIT_OF(IP_CHECKSUM,		CHECKSUM);
	INET(IP_CHECKSUM,		convert_csum);
	BIT_OF(IP_BIND_ADDRESS_NO_PORT,	BIND_ADDRESS_NO_PORT);
	NONE(IP_RECVFRAGSIZE,		"raw and datagram sockets only");
	BIT_OF(IP_RECVERR_RFC4884,	RECVERR_RFC4884);
	NONE(IP_MULTICAST_IF,		"not on stream sockets");
	NONE(IP_MULTICAST_TTL,		"not on stream sockets");
	BIT_OF(IP_MULTICAST_LOOP,	MC_LOOP);
	NONE(IP_ADD_MEMBERSHIP,		"not on stream sockets, and so all of its kind");
	NONE(IP_MSFILTER,		"filters a membership");
	NONE(MCAST_JOIN_GROUP,		"no TCP segment comes by multicast; the original stays member");
	NONE(MCAST_MSFILTER,		"filters a membership");
	BIT_OF(IP_MULTICAST_ALL,	MC_ALL);
	INET(IP_UNICAST_IF,		uc_index);
	INET(IP_LOCAL_PORT_RANGE,	local_port_range);
	NONE(IP_PROTOCOL,		"read only");
	NONE(MRT_INIT,			"raw sockets only, and so all of its kind");
}

#if IS_ENABLED(CONFIG_IPV6)
static void fs_copy_ipproto_ipv6(struct sock *to, struct sock *from)
{
	NONE(IPV6_ADDRFORM,		"needs a connection");
	BIT_OF(IPV6_RECVERR,		RECVERR6);
	INET6(IPV6_RECVPKTINFO,		rxopt.all);
	NONE(IPV6_2292PKTINFO,		"in rxopt.all, like all that ask for ancillary data:");
	NONE(IPV6_2292HOPOPTS,		"in rxopt.all");
	NONE(IPV6_2292DSTOPTS,		"in rxopt.all");
	NONE(IPV6_2292RTHDR,		"in rxopt.all");
	NONE(IPV6_2292HOPLIMIT,		"in rxopt.all");
	NONE(IPV6_FLOWINFO,		"in rxopt.all");
	NONE(IPV6_RECVHOPLIMIT,		"in rxopt.all");
	NONE(IPV6_RECVHOPOPTS,		"in rxopt.all");
	NONE(IPV6_RECVRTHDR,		"in rxopt.all");
	NONE(IPV6_RECVDSTOPTS,		"in rxopt.all");
	NONE(IPV6_RECVPATHMTU,		"in rxopt.all");
	NONE(IPV6_RECVTCLASS,		"in rxopt.all");
	NONE(IPV6_RECVORIGDSTADDR,	"in rxopt.all");
	NONE(IPV6_RECVFRAGSIZE,		"in rxopt.all");
	OTHER(IPV6_2292PKTOPTIONS,	"fs_copy_ipv6_options()");
	BIT_OF(IPV6_FLOWINFO_SEND,	SNDFLOW);
	INET6(IPV6_UNICAST_HOPS,	hop_limit);
	NONE(IPV6_MULTICAST_IF,		"not on stream sockets");
	NONE(IPV6_MULTICAST_HOPS,	"not on stream sockets");
	BIT_OF(IPV6_MULTICAST_LOOP,	MC6_LOOP);
	NONE(IPV6_ADD_MEMBERSHIP,	"not on stream sockets");
	NONE(IPV6_ROUTER_ALERT,		"raw sockets only");
	INET6(IPV6_MTU_DISCOVER,	pmtudisc);
	INET6(IPV6_MTU,			frag_size);
	SK(IPV6_V6ONLY,			sk_ipv6only);
	REFUSE(IPV6_JOIN_ANYCAST);
	BIT_OF(IPV6_MULTICAST_ALL,	MC6_ALL);
	BIT_OF(IPV6_ROUTER_ALERT_ISOLATE, RTALERT_ISOLATE);
	BIT_OF(IPV6_RECVERR_RFC4884,	RECVERR6_RFC4884);
	BIT_OF(IPV6_FLOWLABEL_MGR,	REPFLOW);
	NONE(IPV6_FLOWLABEL_MGR,	"other than reflection: leases, for connect() and sendmsg()");
	NONE(IPV6_XFRM_POLICY,		"as IP_XFRM_POLICY");
	NONE(IPV6_HDRINCL,		"raw sockets only");
	INET6(IPV6_PKTINFO,		sticky_pktinfo);
	OTHER(IPV6_HOPOPTS,		"fs_copy_ipv6_options()");
	OTHER(IPV6_RTHDRDSTOPTS,	"fs_copy_ipv6_options()");
	OTHER(IPV6_RTHDR,		"fs_copy_ipv6_options()");
	OTHER(IPV6_DSTOPTS,		"fs_copy_ipv6_options()");
	NONE(IPV6_PATHMTU,		"read only");
	BIT_OF(IPV6_DONTFRAG,		DONTFRAG);
	INET6(IPV6_TCLASS,		tclass);
	BIT_OF(IPV6_AUTOFLOWLABEL,	AUTOFLOWLABEL);
	BIT_OF(IPV6_AUTOFLOWLABEL,	AUTOFLOWLABEL_SET);
	INET6(IPV6_ADDR_PREFERENCES,	srcprefs);
	INET6(IPV6_MINHOPCOUNT,		min_hopcount);
	NONE(IPV6_TRANSPARENT,		"the bit of IP_TRANSPARENT");
	INET6(IPV6_UNICAST_IF,		ucast_oif);
	NONE(IPV6_FREEBIND,		"the bit of IP_FREEBIND");
	NONE(MRT6_INIT,			"raw sockets only, and so all of its kind");
}
#endif

static void fs_copy_ipproto_tcp(struct sock *to, struct sock *from)
{
	TCP(TCP_NODELAY,		nonagle);
	TCP(TCP_MAXSEG,			rx_opt.user_mss);
	NONE(TCP_CORK,			"in nonagle, as TCP_NODELAY");
	TCP(TCP_KEEPIDLE,		keepalive_time);
	TCP(TCP_KEEPINTVL,		keepalive_intvl);
	TCP(TCP_KEEPCNT,		keepalive_probes);
	ICSK(TCP_SYNCNT,		icsk_syn_retries);
	TCP(TCP_LINGER2,		linger2);
	ICSK(TCP_DEFER_ACCEPT,		icsk_accept_queue.rskq_defer_accept);
	TCP(TCP_WINDOW_CLAMP,		window_clamp);
	NONE(TCP_INFO,			"read only");
	OTHER(TCP_QUICKACK,		"fs_options_finish(): listening resets it");
	OTHER(TCP_CONGESTION,		"fs_options_call(): by name, modules are counted");
	REFUSE(TCP_MD5SIG);
	TCP(TCP_THIN_LINEAR_TIMEOUTS,	thin_lto);
	NONE(TCP_THIN_DUPACK,		"does nothing");
	ICSK(TCP_USER_TIMEOUT,		icsk_user_timeout);
	REFUSE(TCP_REPAIR);
	NONE(TCP_REPAIR_QUEUE,		"with TCP_REPAIR only, like all of its kind");
	NONE(TCP_QUEUE_SEQ,		"sequence numbers are of connections");
	ICSK(TCP_FASTOPEN,		icsk_accept_queue.fastopenq.max_qlen);
	NONE(TCP_TIMESTAMP,		"each connection has its own offset");
	TCP(TCP_NOTSENT_LOWAT,		notsent_lowat);
	NONE(TCP_CC_INFO,		"read only");
	TCP(TCP_SAVE_SYN,		save_syn);
	NONE(TCP_SAVED_SYN,		"read only");
	TCP(TCP_FASTOPEN_CONNECT,	fastopen_connect);
	REFUSE(TCP_ULP);
	NONE(TCP_MD5SIG_EXT,		"as TCP_MD5SIG");
	OTHER(TCP_FASTOPEN_KEY,		"fs_copy_fastopen_key()");
	TCP(TCP_FASTOPEN_NO_COOKIE,	fastopen_no_cookie);
	NONE(TCP_ZEROCOPY_RECEIVE,	"an action");
	TCP(TCP_INQ,			recvmsg_inq);
	TCP(TCP_TX_DELAY,		tcp_tx_delay);

	/* Given by sock_ops programs of cgroups, and inherited by connections. */
#ifdef CONFIG_BPF
	tcp_sk(to)->bpf_sock_ops_cb_flags = tcp_sk(from)->bpf_sock_ops_cb_flags;
#endif
	TCP(TCP_BPF_SNDCWND_CLAMP,	snd_cwnd_clamp);
	TCP(TCP_BPF_SNDCWND_CLAMP,	snd_ssthresh);
	ICSK(TCP_BPF_DELACK_MAX,	icsk_delack_max);
	ICSK(TCP_BPF_RTO_MIN,		icsk_rto_min);
	NONE(TCP_BPF_IW,		"each connection starts with its own window");
}

static int fs_copy_ip_options(struct sock *to, struct sock *from)
{
	const struct ip_options_rcu *old;
	struct ip_options_rcu *new;

	old = rcu_dereference_protected(inet_sk(from)->inet_opt, lockdep_sock_is_held(from));
	if (!old)
		return 0;
	new = kmemdup(old, sizeof(*old) + old->opt.optlen, GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	rcu_assign_pointer(inet_sk(to)->inet_opt, new);
	return 0;
}

#if IS_ENABLED(CONFIG_IPV6)
static int fs_copy_ipv6_options(struct sock *to, struct sock *from)
{
	struct ipv6_txoptions *old, *new;

	old = txopt_get(inet6_sk(from));
	if (!old)
		return 0;
	new = ipv6_dup_options(to, old);
	txopt_put(old);
	if (!new)
		return -ENOBUFS;
	RCU_INIT_POINTER(inet6_sk(to)->opt, new);
	return 0;
}
#endif

/* TCP_FASTOPEN_KEY is set without the socket lock, hence RCU. */
static int fs_copy_fastopen_key(struct sock *to, struct sock *from)
{
	const struct tcp_fastopen_context *old;
	struct tcp_fastopen_context *new;

	new = kmalloc(sizeof(*new), GFP_KERNEL);
	if (!new)
		return -ENOMEM;

	rcu_read_lock();
	old = rcu_dereference(inet_csk(from)->icsk_accept_queue.fastopenq.ctx);
	if (old)
		*new = *old;
	rcu_read_unlock();

	if (old)
		RCU_INIT_POINTER(inet_csk(to)->icsk_accept_queue.fastopenq.ctx, new);
	else
		kfree(new);
	return 0;
}

static bool fs_has_ipsec_policy(const struct sock *sk)
{
#ifdef CONFIG_XFRM
	return rcu_access_pointer(sk->sk_policy[0]) || rcu_access_pointer(sk->sk_policy[1]);
#else
	return false;
#endif
}

static bool fs_has_anycast(const struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		return inet6_sk(sk)->ipv6_ac_list;
#endif
	return false;
}

/**
 * fs_options_copyable() - would a copy of this listener be complete?
 * @from: a TCP listener, locked
 *
 * Not copied is refused wherever the clone would let in or hand out what the
 * original does not: unsigned, unfiltered or unencrypted segments.  A socket
 * that a part of the kernel drives by itself (sk_user_data, other than the mark
 * of a BPF socket array) is no server's to share.
 */
bool fs_options_copyable(struct sock *from)
{
	unsigned long user = (unsigned long)READ_ONCE(from->sk_user_data);

	return !rcu_access_pointer(from->sk_filter) &&
	       !fs_tcp_has_keys(from) &&
	       !fs_has_ipsec_policy(from) &&
	       !fs_has_anycast(from) &&
	       !inet_csk(from)->icsk_ulp_ops &&
	       !tcp_sk(from)->repair &&
	       (!user || user & SK_USER_DATA_BPF);
}

/**
 * fs_options_copy() - give a new socket the options of a listener
 * @to: just created, locked, not bound
 * @from: locked, fs_options_copyable()
 * @rest: receives what the other two functions need
 *
 * On failure what was copied is released with @to.
 */
int fs_options_copy(struct sock *to, struct sock *from, struct fs_options *rest)
{
	int err;

	fs_copy_sol_socket(to, from);
	fs_copy_ipproto_ip(to, from);
	fs_copy_ipproto_tcp(to, from);

	/* The room that IP options and IPv6 extension headers take. */
	inet_csk(to)->icsk_ext_hdr_len = inet_csk(from)->icsk_ext_hdr_len;

	strscpy(rest->congestion, inet_csk(from)->icsk_ca_ops->name,
		sizeof(rest->congestion));
	rest->congestion_chosen = inet_csk(from)->icsk_ca_setsockopt;
	rest->reserve_mem = from->sk_reserved_mem;
	rest->reuse = from->sk_reuse;
	rest->pingpong = inet_csk(from)->icsk_ack.pingpong;

	err = fs_copy_ip_options(to, from);
	if (!err)
		err = fs_copy_fastopen_key(to, from);
#if IS_ENABLED(CONFIG_IPV6)
	if (!err && from->sk_family == AF_INET6) {
		fs_copy_ipproto_ipv6(to, from);
		err = fs_copy_ipv6_options(to, from);
	}
#endif
	return err;
}

/**
 * fs_options_call() - give a new socket the options that need a call
 * @to: the same as for fs_options_copy(), now unlocked: takes its lock
 * @rest: from fs_options_copy()
 */
int fs_options_call(struct socket *to, struct fs_options *rest)
{
	struct sock *sk = to->sk;
	int err;

	/*
	 * A listener may hold an algorithm that is the default no more: its
	 * connections then get the new default, and so shall the clone's.
	 */
	if (rest->congestion_chosen ||
	    strcmp(inet_csk(sk)->icsk_ca_ops->name, rest->congestion)) {
		err = to->ops->setsockopt(to, SOL_TCP, TCP_CONGESTION,
					  KERNEL_SOCKPTR(rest->congestion),
					  strlen(rest->congestion));
		if (err)
			return err;
		lock_sock(sk);
		inet_csk(sk)->icsk_ca_setsockopt = rest->congestion_chosen;
		release_sock(sk);
	}
	if (!rest->reserve_mem)
		return 0;
	return sock_setsockopt(to, SOL_SOCKET, SO_RESERVE_MEM,
			       KERNEL_SOCKPTR(&rest->reserve_mem),
			       sizeof(rest->reserve_mem));
}

/**
 * fs_options_finish() - give a clone what binding and listening would undo
 * @to: listening, unlocked: takes its lock
 * @rest: from fs_options_copy()
 */
void fs_options_finish(struct sock *to, const struct fs_options *rest)
{
	lock_sock(to);
	to->sk_reuse = rest->reuse;
	inet_csk(to)->icsk_ack.pingpong = rest->pingpong;
	release_sock(to);
}
