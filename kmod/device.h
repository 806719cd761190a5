/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _FS_DEVICE_H
#define _FS_DEVICE_H

int fs_device_init(void);
void fs_device_exit(void);

#endif /* _FS_DEVICE_H */
