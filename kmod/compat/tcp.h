/* SPDX-License-Identifier: GPL-2.0-only */
/* Signing keys: TCP-MD5 everywhere it is configured, TCP-AO from Linux 6.7. */
#ifndef _FS_COMPAT_TCP_H
#define _FS_COMPAT_TCP_H

#include <net/tcp.h>

/**
 * fs_tcp_has_keys() - are segments of this socket signed?
 * @sk: TCP socket, locked
 */
static inline bool fs_tcp_has_keys(const struct sock *sk)
{
#ifdef CONFIG_TCP_MD5SIG
	const struct tcp_md5sig_info *md5;

	md5 = rcu_dereference_protected(tcp_sk(sk)->md5sig_info,
					lockdep_sock_is_held(sk));
	if (md5 && !hlist_empty(&md5->head))
		return true;
#endif
#ifdef CONFIG_TCP_AO
	if (rcu_access_pointer(tcp_sk(sk)->ao_info))
		return true;
#endif
	return false;
}

#endif /* _FS_COMPAT_TCP_H */
