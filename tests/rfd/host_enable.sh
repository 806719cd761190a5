#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fsctl enable --mode: what it refuses, the entry that it writes, and that nothing
# of it is left.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/fsctl/fsctl.sh

entry=$FS_BUILD/tests/rfd/entry
range=/proc/sys/net/ipv4/ip_local_port_range
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
ip link add other0 type veth peer other1 || { not_ok "a second interface"; finish; }
echo 32768 60999 >$range
all_cpus="cpus$(seq 0 $(($(nproc --all) - 1)) | sed 's/.*/ &:&/' | tr -d '\n')"

# Arguments
check "unknown mode: names those there are" \
	says 2 "there are: auto, rss, ntuple, module, xdp, external, off" fsctl enable --iface lo --mode nosuch
check "--mode without a value" says 2 "needs a value" fsctl enable --iface lo --mode
check "--ports without a mode" says 2 "--ports is for" fsctl enable --iface lo --ports 40000-50000
check "--cpus with mode off" says 2 "--cpus is for" fsctl enable --iface lo --mode off --cpus 0
for ports in 50000 50000-40000 0-9 1-65536 a-b 40000-50000x 40000-50000-60000 -1-5 ''; do
	check "--ports '$ports'" says 2 "not a range LO-HI" \
		fsctl enable --iface lo --mode external --ports "$ports"
done
for cpus in x 1-0 '0,' ',0' 0-2000 '' -1; do
	check "--cpus '$cpus'" says 2 "not a list such as" \
		fsctl enable --iface lo --mode external --cpus "$cpus"
done
check "a CPU that is not there" says 1 "CPU 1000 is not online" \
	fsctl enable --iface lo --mode external --cpus 0,1000
check "ports that the kernel would not use" says 1 "ip_local_port_range (32768-60999)" \
	fsctl enable --iface lo --mode external --ports 1024-2047
check "ports that it would use in part" says 1 "ip_local_port_range" \
	fsctl enable --iface lo --mode external --ports 32000-40000
check "fewer ports than CPUs" says 1 "too few for 2 CPUs" \
	fsctl enable --iface lo --mode external --ports 40000-40000 --cpus 0,1
check "dry run prints the blocks" says 0 "CPU 1    ports 40960-49151" \
	fsctl enable --iface lo --mode external --cpus 0,1 --dry-run
check "nothing was done" no_pins

# Entries
check "enable without a mode" says 0 "lo: enabled" fsctl enable --iface lo
is "has no entry" "$($entry show lo)" "none: No such file or directory"
check "a mode later" says 0 "lo: outgoing connections: external" \
	fsctl enable --iface lo --mode external --cpus 0,1
is "two blocks of the kernel's own range" "$($entry show lo)" \
	"mode 2 ports 0-0 blocks 32768+2x8192 cpus 0:0 1:1"
check "another interface, other ports and one CPU" says 0 "CPU 1    ports 50000-50015" \
	fsctl enable --iface other0 --mode external --ports 50000-50015 --cpus 1
is "has an entry of its own" "$($entry show other0)" "mode 2 ports 0-0 blocks 50000+1x16 cpus 1:0"
is "the first keeps its" "$($entry show lo)" "mode 2 ports 0-0 blocks 32768+2x8192 cpus 0:0 1:1"
check "enabled again without a mode: stays" says 0 "already" fsctl enable --iface lo
is "as it was" "$($entry show lo)" "mode 2 ports 0-0 blocks 32768+2x8192 cpus 0:0 1:1"
$entry tear lo
is "a writer that was killed" "$($entry show lo)" "none: Resource temporarily unavailable"
check "is repaired by the next" fsctl enable --iface lo --mode external
case $($entry show lo) in
"mode 2 ports 0-0 blocks "*" $all_cpus") ok "all online CPUs by default" ;;
*) not_ok "all online CPUs by default" "$($entry show lo)" ;;
esac
check "mode off" says 0 "outgoing connections: off" fsctl enable --iface lo --mode off
is "no entry" "$($entry show lo)" "none: No such file or directory"
check "disable of the other" fsctl disable --iface other0
is "its entry goes" "$($entry show other0)" "none: No such file or directory"
fsctl enable --iface other0 --mode external >/dev/null
ip link del other0
check "disable of an interface that is gone" fsctl disable --iface other0
is "its entry went, too" "$(bpftool -j map dump pinned $pins/rfd | python3 -c '
import json, sys
print([e["key"] for e in json.load(sys.stdin) if e["value"][4:8] != ["0x00"] * 4])')" "[]"
fsctl enable --iface lo --mode external >/dev/null
check "disable the last" fsctl disable --iface lo
check "nothing is left" no_pins

# Killed before each of its calls that change something; the entry itself is
# written without one.
strace -qq -o /run/enable fsctl enable --iface lo --mode external >/dev/null 2>&1
fsctl disable --iface lo >/dev/null
points=0 broken=
while read -r call n; do
	points=$((points + 1))
	(killed "$call" "$n" fsctl enable --iface lo --mode external) 2>/dev/null || broken="$broken
$call $n: not killed"
	out=$(fsctl disable --iface lo 2>&1) && no_pins || broken="$broken
$call $n: $out"
done < <(kill_points /run/enable)
if [ $points -ge 10 ]; then
	is "killed at each of its $points calls: nothing is left by disable" "$broken" ""
else
	not_ok "killed at each of its calls" "only $points found in the trace"
fi
finish
