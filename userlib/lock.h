/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * The one lock of the library: listeners, watches, workers, pins.  Taken on the
 * slow path only: listen, epoll_ctl on a listener, its close, fork.  accept()
 * takes it once per thread and listener and then never again.
 *
 * Signals are blocked while it is held, so that a handler which closes a
 * listener cannot meet it taken by the thread it interrupted.
 */
#ifndef FASTSOCK_LOCK_H
#define FASTSOCK_LOCK_H

#include <signal.h>

/* Keeps errno, both of them. */
void lock_take(sigset_t *saved);
void lock_drop(const sigset_t *saved);

#endif
