#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The main job on a stock kernel in a VM: an unmodified nginx, first as it is,
# then with fastsock. Changes nothing on this machine but installing packages.
set -u
cd "$(dirname "$0")/.." || exit 1
kernel=${KERNEL:-6.12}

fail() {
	echo "demo: FAIL $1"
	exit 1
}

echo "demo: installing what is missing (packages only; no kernel of this machine changes)"
tests/setup.sh || fail "set-up"
echo "demo: building for Debian's kernel $kernel"
make --no-print-directory -s demo-build KERNELS="$kernel" || fail "build"
echo "demo: booting that kernel in a VM (half a minute under emulation)"
log=$(mktemp)
tests/vm/run.sh --kernel "$kernel" --cpus "${CPUS:-4}" -- tests/demo_guest.sh | tee "$log" |
	grep -av --line-buffered '^demo: \(PASS\|FAIL\)'
status=${PIPESTATUS[0]}
verdict=$(grep -a '^demo: ' "$log" | tail -1 | tr -d '\r')
rm "$log"
case $status/$verdict in
"0/demo: PASS"*)
	echo "$verdict"
	exit 0
	;;
*/"demo: FAIL"*)
	echo "$verdict"
	exit 1
	;;
esac
fail "the VM ended with status $status (70: kernel warning, 124: time limit, 125: no verdict)"
