/* SPDX-License-Identifier: GPL-2.0-only */
/* The network namespace that fsctl runs in. */
#ifndef FSCTL_NETNS_H
#define FSCTL_NETNS_H

#include <linux/types.h>
#include <stdbool.h>

/* As sockets tell it (SO_NETNS_COOKIE), never used twice; 0: cannot be told, errno. */
__u64 netns_cookie(void);

/*
 * Go into the one with that cookie, if somebody or a name still has it open:
 * 0 this one is it, else a descriptor for netns_leave(), or -1 there is none.
 */
int netns_enter(__u64 cookie);
void netns_leave(int former);

/* Go there, for good; @fd: of /proc/PID/ns/net.  false with errno. */
bool netns_join(int fd);

#endif
