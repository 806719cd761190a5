/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _FS_OPTIONS_H
#define _FS_OPTIONS_H

#include <net/tcp.h>

struct socket;
struct sock;

/*
 * Options that cannot be written under the two locks: read from the original by
 * fs_options_copy(), given to the clone by fs_options_call() before it is bound
 * and fs_options_finish() after it listens.
 */
struct fs_options {
	char	congestion[TCP_CA_NAME_MAX];
	bool	congestion_chosen;	/* by TCP_CONGESTION, not by default */
	int	reserve_mem;
	u8	reuse;
	u8	pingpong;
};

bool fs_options_copyable(struct sock *from);
int fs_options_copy(struct sock *to, struct sock *from, struct fs_options *rest);
int fs_options_call(struct socket *to, struct fs_options *rest);
void fs_options_finish(struct sock *to, const struct fs_options *rest);

#endif /* _FS_OPTIONS_H */
