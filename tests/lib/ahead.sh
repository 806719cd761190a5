# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Source this first in a script whose figures depend on when its processes run:
# it runs anew in a session of its own, whose group of tasks the scheduler puts
# before all others of the machine. Among themselves they share as ever.

if [ "${FS_AHEAD-}" != 1 ]; then
	FS_AHEAD=1 exec setsid --wait "$0" "$@"
fi
if [ -w /proc/self/autogroup ]; then
	echo -20 >/proc/self/autogroup
fi
