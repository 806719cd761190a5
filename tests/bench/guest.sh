#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In a guest that counts its time in instructions: the demo server shared, with
# SO_REUSEPORT and with fastsock (module). Writes to $FS_OUT/rounds a line for each
# run:
#	spin CPUS NS INSTRUCTIONS
#	MODE PASS CPUS ANSWERED SECONDS ERRORS IPIS CONTENDED REMOTE SENT-HOME
# PASS is `plain`, or `traced` for the last three, which cost instructions.
# usage: guest.sh ROUNDS SECONDS
set -u
. tests/lib/net.sh

rounds=$1 seconds=$2
PATH=$FS_BUILD/bin:$FS_BUILD/tests/bench:$PATH
cpus=$(nproc)
list=$(seq -s, 0 $((cpus - 1)))

die() {
	echo "bench-vm: $1" >&2
	exit 1
}

ipis() {
	awk '$1 == "RES:" || $1 == "CAL:" { for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) n += $i }
		END { print n + 0 }' /proc/interrupts
}

# start MODE: sets SERVER
start() {
	local launch=() listen=shared
	case $1 in
	reuseport) listen=reuseport ;;
	fastsock) launch=(fsctl run --) ;;
	esac
	FASTSOCK=strict "${launch[@]}" fastsock-demo -a "$IP4_SRV:80" -m $listen >/tmp/demo.log 2>&1 &
	SERVER=$!
	wait_for 30 eval 'ss -Hltn "sport = :80" | grep -q .' || die "$1: $(cat /tmp/demo.log)"
	if [ "$1" = fastsock ]; then
		wait_for 30 eval '[ $(ss -Hltn "sport = :80" | wc -l) -eq '$((cpus + 1))' ]' ||
			die "fastsock: only $(ss -Hltn 'sport = :80' | wc -l) listeners"
	fi
}

# run MODE PASS
run() {
	local before=0 after=0 a=(0 0 0 0) b=(0 0 0 0) line load
	start "$1"
	exec 7< <(exec nsenter --net="/run/netns/$NS_CLI" load -p "$list" -c 4 -w 0.05 \
		-d "$seconds" "$IP4_SRV" 80)
	load=$!
	read -r line <&7 || die "$1: no load"
	if [ "$2" = traced ]; then
		echo >&5 && read -ra a <&6
	fi
	before=$(ipis)
	read -r line <&7 || die "$1: no load"
	after=$(ipis)
	if [ "$2" = traced ]; then
		echo >&5 && read -ra b <&6
	fi
	exec 7<&-
	wait $load
	kill "$SERVER"
	wait "$SERVER"
	sed -E 's/.*"answered": ([0-9]+), "seconds": ([0-9.]+), "errors": ([0-9]+).*/\1 \2 \3/' <<<"$line" |
		while read -r answered took errors; do
			echo "$1 $2 $cpus $answered $took $errors $((after - before)) $((b[0] - a[0]))" \
				"$((b[2] - a[2])) $((b[3] - a[3]))"
		done >>"$FS_OUT/rounds"
	tail -n 1 "$FS_OUT/rounds"
}

modprobe veth
net_up --here numrxqueues 1 numtxqueues 1 || die "no network"
trap net_down EXIT
insmod "$FS_KO" || die "insmod"
fsctl enable --iface "$VETH_SRV" || die "fsctl enable"
echo "spin $cpus $(spin $((192 / cpus)))" >>"$FS_OUT/rounds"
tail -n 1 "$FS_OUT/rounds"
for ((round = 0; round < rounds; round++)); do
	for mode in shared reuseport fastsock; do
		run $mode plain
	done
done
coproc CROSSINGS { crossings; }
exec 5>&"${CROSSINGS[1]}" 6<&"${CROSSINGS[0]}"
read -r said <&6 && [ "$said" = ok ] || die "no tracing"
for mode in shared reuseport fastsock; do
	run $mode traced
done
exec 5>&- 6<&-
fsctl disable --iface "$VETH_SRV"
rmmod fastsock
