/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _FS_CLONE_H
#define _FS_CLONE_H

#include <linux/types.h>

void fs_clone_init(void);
int fs_clone(int fd, int cpu, u32 flags);

#endif /* _FS_CLONE_H */
