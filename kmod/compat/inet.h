/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fs_copy_inet_bit(to, from, NAME): the boolean options of IPPROTO_IP and
 * IPPROTO_IPV6, by their name in inet_sock.inet_flags.  Before Linux 6.7 they
 * were bits of cmsg_flags and bit-fields of inet_sock and ipv6_pinfo.
 */
#ifndef _FS_COMPAT_INET_H
#define _FS_COMPAT_INET_H

#include <linux/ipv6.h>
#include <net/inet_sock.h>

#ifdef inet6_assign_bit

#define fs_copy_inet_bit(to, from, NAME) \
	inet_assign_bit(NAME, to, inet_test_bit(NAME, from))

#else

#define fs_copy_inet_bit(to, from, NAME) FS_INET_##NAME(to, from)

#define FS_INET_CMSG(to, from, bit)					\
	(inet_sk(to)->cmsg_flags = (inet_sk(to)->cmsg_flags & ~(bit)) |	\
				   (inet_sk(from)->cmsg_flags & (bit)))
#define FS_INET_FIELD(to, from, field) \
	(inet_sk(to)->field = inet_sk(from)->field)
#define FS_INET6_FIELD(to, from, field) \
	(inet6_sk(to)->field = inet6_sk(from)->field)

#define FS_INET_PKTINFO(t, f)		FS_INET_CMSG(t, f, IP_CMSG_PKTINFO)
#define FS_INET_TTL(t, f)		FS_INET_CMSG(t, f, IP_CMSG_TTL)
#define FS_INET_TOS(t, f)		FS_INET_CMSG(t, f, IP_CMSG_TOS)
#define FS_INET_RECVOPTS(t, f)		FS_INET_CMSG(t, f, IP_CMSG_RECVOPTS)
#define FS_INET_RETOPTS(t, f)		FS_INET_CMSG(t, f, IP_CMSG_RETOPTS)
#define FS_INET_PASSSEC(t, f)		FS_INET_CMSG(t, f, IP_CMSG_PASSSEC)
#define FS_INET_ORIGDSTADDR(t, f)	FS_INET_CMSG(t, f, IP_CMSG_ORIGDSTADDR)
#define FS_INET_CHECKSUM(t, f)		FS_INET_CMSG(t, f, IP_CMSG_CHECKSUM)

#define FS_INET_RECVERR(t, f)		FS_INET_FIELD(t, f, recverr)
#define FS_INET_RECVERR_RFC4884(t, f)	FS_INET_FIELD(t, f, recverr_rfc4884)
#define FS_INET_FREEBIND(t, f)		FS_INET_FIELD(t, f, freebind)
#define FS_INET_TRANSPARENT(t, f)	FS_INET_FIELD(t, f, transparent)
#define FS_INET_MC_LOOP(t, f)		FS_INET_FIELD(t, f, mc_loop)
#define FS_INET_MC_ALL(t, f)		FS_INET_FIELD(t, f, mc_all)
#define FS_INET_BIND_ADDRESS_NO_PORT(t, f) FS_INET_FIELD(t, f, bind_address_no_port)

#define FS_INET_MC6_LOOP(t, f)		FS_INET6_FIELD(t, f, mc_loop)
#define FS_INET_MC6_ALL(t, f)		FS_INET6_FIELD(t, f, mc_all)
#define FS_INET_RECVERR6(t, f)		FS_INET6_FIELD(t, f, recverr)
#define FS_INET_RECVERR6_RFC4884(t, f)	FS_INET6_FIELD(t, f, recverr_rfc4884)
#define FS_INET_AUTOFLOWLABEL(t, f)	FS_INET6_FIELD(t, f, autoflowlabel)
#define FS_INET_AUTOFLOWLABEL_SET(t, f)	FS_INET6_FIELD(t, f, autoflowlabel_set)
#define FS_INET_DONTFRAG(t, f)		FS_INET6_FIELD(t, f, dontfrag)
#define FS_INET_REPFLOW(t, f)		FS_INET6_FIELD(t, f, repflow)
#define FS_INET_RTALERT_ISOLATE(t, f)	FS_INET6_FIELD(t, f, rtalert_isolate)
#define FS_INET_SNDFLOW(t, f)		FS_INET6_FIELD(t, f, sndflow)

#endif

#endif /* _FS_COMPAT_INET_H */
