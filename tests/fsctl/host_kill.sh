#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fsctl killed before each system call that changes something: whatever is run
# next, enable or disable, has to put it right. The calls are taken from a trace
# of a run that is left alone. The next are by turns; with BOTH=1 (host_kill_both)
# each call is killed twice, before one and before the other.
set -u
. tests/lib/tap.sh
if [ $# -eq 0 ]; then
	# Both at once, each in namespaces of its own.
	dir=$(mktemp -d /tmp/fs-kill.XXXXXX)
	trap 'rm -rf "$dir"' EXIT
	"$0" enable >"$dir/enable" 2>&1 &
	"$0" disable >"$dir/disable" 2>&1
	status=$?
	wait $!
	relay "$dir/enable" $?
	relay "$dir/disable" $status
	finish
fi
. tests/lib/private.sh
. tests/fsctl/fsctl.sh
command=$1

mountpoint -q /sys/fs/bpf && umount /sys/fs/bpf

nothing_left() {
	no_pins && ! mountpoint -q /sys/fs/bpf
}

start_enable() { :; }
start_disable() { fsctl enable --iface lo; }

# repaired COMMAND CALL N NEXT
repaired() {
	"start_$1" >/dev/null 2>&1
	killed "$2" "$3" fsctl "$1" --iface lo || { echo "not killed"; return 1; }
	fsctl "$4" --iface lo >/dev/null || { echo "$4 failed"; return 1; }
	if [ "$4" = enable ]; then
		all_pins || { echo "enabled in part"; return 1; }
		fsctl disable --iface lo >/dev/null || { echo "disable failed"; return 1; }
	fi
	nothing_left && return
	echo "left: $(ls -d $pins* /run/fastsock 2>/dev/null) $(mountpoint /sys/fs/bpf)"
	fsctl disable --all >/dev/null
	umount /sys/fs/bpf 2>/dev/null
	return 1
}

strace -qq -o /run/enable fsctl enable --iface lo >/dev/null 2>&1
check "enable, traced" all_pins
strace -qq -o /run/disable fsctl disable --iface lo >/dev/null 2>&1
check "disable, traced" nothing_left
points=0 broken=
while read -r call n; do
	points=$((points + 1))
	nexts=(enable disable)
	[ "${BOTH-}" = 1 ] || nexts=("${nexts[points % 2]}")
	for next in "${nexts[@]}"; do
		out=$(repaired $command "$call" "$n" $next 2>&1) ||
			broken="$broken
$call $n, then $next: $out"
	done
done < <(kill_points /run/$command)
if [ $points -ge 10 ]; then
	ok "$command: killed at all $points of its calls"
else
	not_ok "$command: killed at all of its calls" "only $points found in the trace"
fi
is "$command: the next enable or disable puts it right" "$broken" ""
finish
