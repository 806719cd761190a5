#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs test scripts one after another in the guest, for tests/run.sh, which
# knows by the lines "#@ begin NAME" and "#@ end NAME STATUS" which script
# reported what and which never came to its turn.
# usage: suite.sh SECONDS NAME... (NAME is suite/vm_x for tests/suite/vm_x.sh)
set -u

limit=$1
shift
. "$FS_ROOT/tests/vm/klog.sh"

netns=$(ls /run/netns)
links=$(ls /sys/class/net)

# What a test owes to the next one: prints what is left, nothing when clean.
# Namespaces and devices are dismantled behind their last user's back: they get
# five seconds.
leftovers() {
	local found end=$((SECONDS + 5))
	while :; do
		found=$(
			grep -E '^(fastsock|fsnic) ' /proc/modules | sed 's/^/module: /'
			ls -d /sys/fs/bpf/fastsock 2>/dev/null | sed 's/^/pins: /'
			comm -13 <(echo "$netns") <(ls /run/netns) | sed 's/^/namespace: /'
			comm -13 <(echo "$links") <(ls /sys/class/net) | sed 's/^/device: /'
		)
		if [ -z "$found" ] || [ $SECONDS -ge $end ]; then
			break
		fi
		sleep 0.1
	done
	[ -z "$found" ] || echo "$found"
}

for name; do
	echo "#@ begin $name"
	klog_mark
	timeout --kill-after=10 "$limit" bash "tests/$name.sh" </dev/null 2>&1
	rc=$?
	# A script that was killed may have stopped within a line.
	[ $rc -lt 124 ] || echo
	echo "#@ end $name $rc"
	left=$(leftovers; klog_check)
	if [ -z "$left" ]; then
		echo "#@ clean $name"
	else
		printf '%s\n' "$left" | sed 's/^#* */# /'
		echo "#@ dirty $name"
	fi
	# The next script is not to suffer from this one.
	for module in fastsock fsnic; do
		if grep -q "^$module " /proc/modules; then
			rmmod $module
		fi
	done
	rm -rf /sys/fs/bpf/fastsock
	comm -13 <(echo "$netns") <(ls /run/netns) | xargs -rn 1 ip netns del
done
exit 0
