// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Start-up.  Says nothing and opens only what must be opened early: every
 * program a server starts inherits the preload, and most are no servers.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "listener.h"
#include "pins.h"
#include "real.h"
#include "settings.h"

__attribute__((constructor)) static void start(void)
{
	real_resolve();
	settings_read();
	if (settings.off)
		return;
	/* Now, while the user that started the server may still open them. */
	pins_open();
	pthread_atfork(listener_fork_prepare, listener_fork_parent, listener_fork_child);
	listener_start();
}
