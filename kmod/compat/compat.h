/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that differs between the supported kernels, so that the rest reads
 * like mainline.  What can be probed is probed by feature.
 *
 * The range is what has been run, not what compiles: fastsock copies fields of
 * struct sock one by one, and a kernel with a new option would lose it silently.
 */
#ifndef _FS_COMPAT_H
#define _FS_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "fastsock needs Linux 6.1 or later (SO_INCOMING_CPU within reuseport groups)"
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#error "fastsock has not been checked beyond Linux 6.12: compare the socket options with kmod/options.c first"
#endif

#include "inet.h"
#include "socket.h"
#include "tcp.h"

#endif /* _FS_COMPAT_H */
