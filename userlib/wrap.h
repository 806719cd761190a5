/* SPDX-License-Identifier: LGPL-2.1-only */
/* Marks a function that takes the place of libc's for the whole program. */
#ifndef FASTSOCK_WRAP_H
#define FASTSOCK_WRAP_H

#define WRAP __attribute__((visibility("default")))

#endif
