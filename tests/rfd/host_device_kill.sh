#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fsctl enable and disable of a device, killed: before each system call that changes
# something, and a hundred times at random. disable then has to find everything.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/fsctl/fsctl.sh
. tests/rfd/device.sh

private_sys && ip link add fsk0 numrxqueues 2 numtxqueues 2 type veth peer fsk1 &&
	ip link set fsk0 up && ip link set fsk1 up || {
	not_ok "a veth pair"
	finish
}
queues=/sys/class/net/fsk0/queues
echo 3 >$queues/rx-0/rps_cpus
echo 2 >$queues/rx-1/rps_cpus
echo 64 >$queues/rx-1/rps_flow_cnt
before=$(snapshot fsk0)

start_enable() { :; }
start_disable() { fsctl enable --iface fsk0 --mode xdp; }
run_enable=(fsctl enable --iface fsk0 --mode xdp)
run_disable=(fsctl disable --iface fsk0)

# after LABEL: sets it back, and says what is not as it was
after() {
	local out
	out=$(fsctl disable --iface fsk0 2>&1) || echo "$1: disable failed: $out"
	out=$(restored fsk0 "$before") && return
	echo "$1: $out"
	fsctl disable --all >/dev/null
	echo 3 >$queues/rx-0/rps_cpus
	echo 2 >$queues/rx-1/rps_cpus
	echo 64 >$queues/rx-1/rps_flow_cnt
}

for command in enable disable; do
	declare -n run=run_$command
	start_$command >/dev/null 2>&1
	strace -qq -o /run/trace "${run[@]}" >/dev/null 2>&1
	fsctl disable --iface fsk0 >/dev/null
	points=0 broken=
	while read -r call n; do
		points=$((points + 1))
		start_$command >/dev/null 2>&1
		(killed "$call" "$n" "${run[@]}") 2>/dev/null || broken="$broken
$call $n: not killed"
		broken=$broken$(after "$call $n")
	done < <(kill_points /run/trace)
	check "$command: killed at its calls ($points)" [ $points -ge 20 ]
	is "$command: all as before each time" "$broken" ""
done

# At random: within the time that a run takes
RANDOM=4711
note "seed 4711"
kills=0 broken=
while [ $kills -lt 100 ]; do
	command=$([ $((RANDOM % 3)) = 0 ] && echo disable || echo enable)
	declare -n run=run_$command
	start_$command >/dev/null 2>&1
	"${run[@]}" >/dev/null 2>&1 &
	sleep 0.$(printf %04d $((RANDOM % 800)))
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
	[ $? -ne 137 ] || kills=$((kills + 1))
	broken=$broken$(after "random kill $kills")
done
is "100 random kills: all as before each time" "$broken" ""
finish
