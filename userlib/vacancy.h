/* SPDX-License-Identifier: LGPL-2.1-only */
/* A CPU that has lost its worker, while another has several. */
#ifndef FASTSOCK_VACANCY_H
#define FASTSOCK_VACANCY_H

#include <stdbool.h>
#include <linux/types.h>

struct fastsock_load;

/**
 * vacancy_taken() - move the calling thread to a CPU that wants a worker
 * @load: line of one of its slots
 * @now: load_now()
 *
 * Looks at the mapped lines only, without the lock and without a system call,
 * until it sees one.  Without the library's lock.
 * Return: whether it has moved, with all its listeners.
 */
bool vacancy_taken(const struct fastsock_load *load, __u32 now);

#endif
