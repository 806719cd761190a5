#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The loss tests at length, for `make check-loss`: here without the module, then with
# it on each kernel. Its rows are the table of docs/servers.md.
# usage: check_loss.sh [SERIES...]; KILLS, RELOADS, SEAMLESS, FLIPS: how often
set -u

root=$(cd "$(dirname "$0")/../.." && pwd -P) || exit 2
cd "$root" || exit 2
export FS_ROOT=$root FS_BUILD=$root/build LC_ALL=C.UTF-8
export KILLS=${KILLS:-200} RELOADS=${RELOADS:-200} SEAMLESS=${SEAMLESS:-50} FLIPS=${FLIPS:-50}

failed=0
# run KERNEL COMMAND...
run() {
	echo "# Linux $1: $KILLS kills, $RELOADS reloads, $SEAMLESS seamless reloads, $FLIPS flips"
	shift
	"$@" || failed=1
}

run "$(uname -r), no module" tests/listen/host_loss.sh
for kernel; do
	run "$kernel, module" tests/vm/run.sh --kernel "$kernel" --timeout 7200 -- \
		env KILLS="$KILLS" RELOADS="$RELOADS" SEAMLESS="$SEAMLESS" FLIPS="$FLIPS" \
		bash tests/listen/vm_loss.sh
done
exit $failed
