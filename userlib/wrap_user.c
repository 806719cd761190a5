// SPDX-License-Identifier: LGPL-2.1-only
/*
 * Interposed: changes of user.  A server opens its ports as root and then
 * becomes somebody who could not; without the module its local listeners have to
 * be bound before that.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "listener.h"
#include "real.h"
#include "settings.h"
#include "wrap.h"

static bool ready(bool known)
{
	int error = errno;

	if (!known) {
		errno = ENOSYS;
		return false;
	}
	if (!settings.off)
		listener_before_user_change();
	errno = error;
	return true;
}

WRAP int setuid(uid_t user)
{
	return ready(REAL_HAS(setuid)) ? real.setuid(user) : -1;
}

WRAP int seteuid(uid_t user)
{
	return ready(REAL_HAS(seteuid)) ? real.seteuid(user) : -1;
}

WRAP int setreuid(uid_t real_user, uid_t effective)
{
	return ready(REAL_HAS(setreuid)) ? real.setreuid(real_user, effective) : -1;
}

WRAP int setresuid(uid_t real_user, uid_t effective, uid_t saved)
{
	return ready(REAL_HAS(setresuid)) ? real.setresuid(real_user, effective, saved) : -1;
}
