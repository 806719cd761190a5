// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Start-up.  Says nothing and opens only what must be opened early: every
 * program a server starts inherits the preload, and most are no servers.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "fork.h"
#include "pins.h"
#include "process.h"
#include "real.h"
#include "rfd.h"
#include "settings.h"
#include "thread.h"

__attribute__((constructor)) static void start(void)
{
	real_resolve();
	settings_read();
	if (settings.off)
		return;
	/* Now, while the user that started the server may still open them. */
	if (pins_open() && settings.rfd)
		rfd_open();
	pthread_atfork(fork_prepare, fork_parent, fork_child);
	process_begin();
	thread_start();
}
