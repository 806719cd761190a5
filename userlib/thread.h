/* SPDX-License-Identifier: LGPL-2.1-only */
/* Threads: which there are, and what ends with them. */
#ifndef FASTSOCK_THREAD_H
#define FASTSOCK_THREAD_H

#include <stdatomic.h>
#include <stdbool.h>

struct watch;

extern atomic_bool thread_any;		/* threads have been made */

/* Once, by the constructor. */
void thread_start(void);

/* The calling thread has this watch: it goes with the thread. */
void thread_watches(const struct watch *watch);

/* This process is about to have one more thread. */
void thread_made(void);

#endif
