#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The native benchmark, in mount, network and process namespaces of its own.
#
#	tests/bench/run.sh [--case NAME] [--rounds N] [--seconds S] [--out FILE]
set -u
if [ "${FS_UNSHARED-}" != 1 ]; then
	cd "$(dirname "$0")/../.." || exit 1
	export FS_BUILD=${FS_BUILD-$PWD/build} LC_ALL=C.UTF-8
	# Some settings exist only in the machine's own network namespace.
	exec 9</proc/self/ns/net
	set -- "$PWD/tests/bench/run.sh" --build "$FS_BUILD" --out "$FS_BUILD/bench/results.json" "$@"
	FS_UNSHARED=1 exec unshare --mount --net --pid --fork --mount-proc "$@"
fi
# The /sys of this network namespace, and pins that nobody else sees.
mount -t tmpfs -o mode=755 tmpfs /run &&
	mount -t sysfs sysfs /sys && mount -t bpf bpf /sys/fs/bpf &&
	ip link set lo up && mkdir -p "$FS_BUILD/bench" || exit 1
PATH=$FS_BUILD/bin:$PATH exec python3 -B tests/bench/run.py "$@"
