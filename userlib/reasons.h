/* SPDX-License-Identifier: LGPL-2.1-only */
/* For the operator: why something is left as it is (fastsock_reasons.h). */
#ifndef FASTSOCK_REASONS_H
#define FASTSOCK_REASONS_H

#include <linux/types.h>
#include <sys/types.h>

#include "fastsock_reasons.h"

/**
 * reason_note() - one system call, and none where fastsock is not enabled
 * @cookie: of the server's socket
 * @tid: the worker it is about
 * @reason: FASTSOCK_REASON_NONE takes the last note back: it is served now
 * @error: errno that goes with it, or 0
 *
 * Keeps errno.
 */
void reason_note(__u64 cookie, pid_t tid, enum fastsock_reason reason, int error);

/* Why there is no local listener, from the errno of local_make(). */
enum fastsock_reason reason_of_failure(int error);

#endif
