# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Source this first in a host_*.sh that enables fastsock: runs the script anew in
# mount, network and process namespaces of its own, with an empty /run and lo up.
# Processes left in them end with the script.

if [ "${FS_UNSHARED-}" != 1 ]; then
	FS_UNSHARED=1 exec unshare --mount --net --pid --fork --mount-proc "$0" "$@"
fi
if ! { mount -t tmpfs -o mode=755 tmpfs /run && ip link set lo up; }; then
	echo "not ok 1 - private namespaces"
	echo "1..1"
	exit 1
fi
PATH=$FS_BUILD/bin:$PATH
