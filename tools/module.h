/* SPDX-License-Identifier: GPL-2.0-only */
/* fastsock.ko: is it there, can it be loaded, does it speak our ABI. */
#ifndef FSCTL_MODULE_H
#define FSCTL_MODULE_H

#include <stdbool.h>
#include <stddef.h>

bool module_loaded(void);

/* Try modprobe; returns true when it is loaded afterwards, else @why has its words. */
bool module_load(char *why, size_t size);

/* 0, or an errno: EWOULDBLOCK when a process has the device open. */
int module_unload(void);

/* The module's ABI, or -1 when the device cannot be asked (errno says why). */
int module_abi(void);

#endif
