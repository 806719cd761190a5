// SPDX-License-Identifier: LGPL-2.1-only
#include <errno.h>
#include <linux/bpf.h>

#include "bpf.h"
#include "pins.h"
#include "reasons.h"

void reason_note(__u64 cookie, pid_t tid, enum fastsock_reason reason, int error)
{
	struct fastsock_reason_key key = { .cookie = cookie, .tid = tid };
	struct fastsock_reason_note note = { .reason = reason, .error = error };
	int saved = errno;

	if (pins.reasons >= 0) {
		if (reason == FASTSOCK_REASON_NONE)
			bpf_delete(pins.reasons, &key);
		else
			bpf_write(pins.reasons, &key, &note, BPF_ANY);
	}
	errno = saved;
}

enum fastsock_reason reason_of_failure(int error)
{
	switch (error) {
	case EACCES:		/* a port below 1024 */
	case EADDRINUSE:	/* another user's socket has it */
		return FASTSOCK_REASON_RIGHTS;
	case EPERM:		/* SO_MARK and the like */
	case EOPNOTSUPP:
	case ENOPROTOOPT:
		return FASTSOCK_REASON_OPTIONS;
	default:
		return FASTSOCK_REASON_FAILED;
	}
}
