/* SPDX-License-Identifier: GPL-2.0-only */
/* SO_PASSPIDFD came with Linux 6.5: before it there is nothing to copy. */
#ifndef _FS_COMPAT_SOCKET_H
#define _FS_COMPAT_SOCKET_H

#include <linux/net.h>

#ifdef SOCK_PASSPIDFD
#define fs_copy_passpidfd(to, from)				\
	assign_bit(SOCK_PASSPIDFD, &(to)->flags,		\
		   test_bit(SOCK_PASSPIDFD, &(from)->flags))
#else
#define fs_copy_passpidfd(to, from)	do { } while (0)
#endif

#endif /* _FS_COMPAT_SOCKET_H */
