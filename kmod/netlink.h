/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _FS_NETLINK_H
#define _FS_NETLINK_H

int fs_netlink_init(void);
void fs_netlink_exit(void);

#endif /* _FS_NETLINK_H */
