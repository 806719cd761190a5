/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR LGPL-2.1-only */
/*
 * The ABI of fastsock.ko: the character device /dev/fastsock and the generic
 * netlink family "fastsock".
 *
 * Device.  A process opens /dev/fastsock, says which ABI it was built for with
 * FASTSOCK_IOC_HELLO, and from then on may ask for clones on that file.  Until
 * HELLO has succeeded every other request answers -EPROTO.
 *
 *   HELLO   in: abi.  out: abi = the module's.  0, or -EPROTO when the two
 *           differ (abi is filled in either way, so that both can be printed).
 *   CLONE   in: a listening TCP socket the caller already holds, and a CPU.
 *           Returns a new file descriptor: another listening socket on the same
 *           address, in the same reuseport group, owned by whoever opened the
 *           original, with the original's options, backlog and security label,
 *           and SO_INCOMING_CPU set to the CPU.
 *
 * A clone is an ordinary socket.  It belongs to the process that asked for it,
 * lives until its last descriptor is closed, and needs the module for nothing
 * after CLONE has returned: rmmod is never held up by clones and never harms
 * them.
 *
 * Generic netlink.  FASTSOCK_CMD_GET_CLONES (dump) lists the live clones made
 * in the network namespace of the asking socket.  Needs CAP_NET_ADMIN there.
 *
 * Rules: every field has a fixed width; reserved words and unknown flag bits
 * must be zero (-EINVAL otherwise); sizes are pinned below; FASTSOCK_ABI is
 * raised whenever an existing field or meaning changes.
 */
#ifndef _UAPI_FASTSOCK_H
#define _UAPI_FASTSOCK_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define FASTSOCK_ABI		1
#define FASTSOCK_DEVICE		"/dev/fastsock"

struct fastsock_hello {
	__u32 abi;		/* in: caller's, out: module's */
	__u32 reserved[3];
};

/*
 * Errors.  EPROTO: before HELLO, or another ABI.  ENOTTY: no such request, or one
 * of another size.  EFAULT: bad pointer.  CLONE, besides:
 *
 *   EINVAL         reserved word, flag or CPU; not listening (any more)
 *   EBADF ENOTSOCK bad descriptor, not a socket
 *   EOPNOTSUPP     not plain TCP (UDP, unix, MPTCP, sockmap, ULP), or with what
 *                  cannot be copied: socket filter, MD5 or AO keys, IPsec policy,
 *                  IPv6 anycast, TCP_REPAIR
 *   EBUSY          the original changed its group meanwhile
 *   EADDRNOTAVAIL  its address is gone, or a cgroup's bind hook moved the clone
 *   EACCES EPERM   the opener itself had no right to the port, or to the
 *                  original's congestion control
 *   EMFILE ENFILE ENOMEM ENOBUFS EINTR   limits; killed while waiting
 *
 * On failure there is no clone and the original is as it was.  An open
 * /dev/fastsock keeps the module from being unloaded: close it after cloning.
 */

/* struct fastsock_clone.flags */
#define FASTSOCK_CLONE_CLOEXEC	(1u << 0)	/* close-on-exec */
#define FASTSOCK_CLONE_NONBLOCK	(1u << 1)	/* O_NONBLOCK */

struct fastsock_clone {
	__s32 fd;		/* the listener to clone */
	__s32 cpu;		/* its CPU: 0 .. possible CPUs - 1 */
	__u32 flags;		/* FASTSOCK_CLONE_* */
	__u32 reserved[5];
};

#define FASTSOCK_IOC_MAGIC	0xF5
#define FASTSOCK_IOC_HELLO	_IOWR(FASTSOCK_IOC_MAGIC, 0, struct fastsock_hello)
#define FASTSOCK_IOC_CLONE	_IOW(FASTSOCK_IOC_MAGIC, 1, struct fastsock_clone)

/* Generic netlink */
#define FASTSOCK_GENL_NAME	"fastsock"
#define FASTSOCK_GENL_VERSION	1

enum fastsock_cmd {
	FASTSOCK_CMD_UNSPEC,
	FASTSOCK_CMD_GET_CLONES,	/* dump; one message for each clone */
	__FASTSOCK_CMD_MAX,
};
#define FASTSOCK_CMD_MAX	(__FASTSOCK_CMD_MAX - 1)

enum fastsock_attr {
	FASTSOCK_A_UNSPEC,
	FASTSOCK_A_PAD,
	FASTSOCK_A_COOKIE,	/* u64: SO_COOKIE of the clone */
	FASTSOCK_A_ORIGINAL,	/* u64: SO_COOKIE of the socket it was cloned from */
	FASTSOCK_A_CPU,		/* u32: its SO_INCOMING_CPU */
	FASTSOCK_A_PID,		/* u32: process that asked, in the reader's pid namespace; 0 = not visible there */
	FASTSOCK_A_TID,		/* u32: thread that asked, likewise */
	FASTSOCK_A_COMM,	/* string: its name then */
	__FASTSOCK_A_MAX,
};
#define FASTSOCK_A_MAX		(__FASTSOCK_A_MAX - 1)

#ifdef __cplusplus
#define FASTSOCK_ASSERT(e)	static_assert(e, #e)
#else
#define FASTSOCK_ASSERT(e)	_Static_assert(e, #e)
#endif
FASTSOCK_ASSERT(sizeof(struct fastsock_hello) == 16);
FASTSOCK_ASSERT(sizeof(struct fastsock_clone) == 32);

#endif /* _UAPI_FASTSOCK_H */
