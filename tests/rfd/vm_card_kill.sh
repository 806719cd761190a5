#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fsctl killed while it sets up a card (tests/nic), and cards that go meanwhile.
set -u
. tests/lib/tap.sh
. tests/nic/nic.sh
. tests/fsctl/fsctl.sh
. tests/rfd/device.sh

trap card_down EXIT
card=fsnic0
kills=15
check "the card" card_up --here queues=4
ethtool -L $card combined 2
for irq in $(card_irqs $card); do
	echo 3 >/proc/irq/"$irq"/smp_affinity
done
echo 8 >/sys/class/net/$card/queues/tx-0/xps_cpus
echo c >/sys/class/net/$card/queues/rx-0/rps_cpus
ethtool -N $card flow-type tcp4 dst-port 443 action 1 loc 2
before=$(snapshot $card)

# What is written down before and after each change: killed as that is written.
RANDOM=4711
note "seed 4711"
for mode in rss ntuple; do
	strace -qq -o /tmp/trace fsctl enable --iface $card --mode $mode >/dev/null
	check "$mode: made" [ $? -eq 0 ]
	fsctl disable --iface $card >/dev/null
	check "$mode: and undone" restored $card "$before"
	writes=$(grep -c '^write(' /tmp/trace)
	broken=
	for ((i = 0; i < kills; i++)); do
		n=$((1 + RANDOM % writes))
		(killed write $n fsctl enable --iface $card --mode $mode) 2>/dev/null
		out=$(fsctl disable --iface $card 2>&1) || broken="$broken
write $n: $out"
		out=$(restored $card "$before") || broken="$broken
write $n: $out"
	done
	is "$mode: killed at $kills of $writes writes: all as before" "$broken" ""
done

# The card goes
fsctl enable --iface $card --mode rss >/dev/null
rmmod fsnic
check "a card that is gone" says 0 "is gone, and its former settings with it" fsctl disable --iface $card
check "nothing is left" no_pins
broken=
for delay in 0.1 0.3 0.5 0.8 1.2; do
	card_load queues=4
	ip link set $card up
	fsctl enable --iface $card --mode ntuple >/dev/null 2>&1 &
	sleep $delay
	rmmod fsnic
	wait $!
	[ $? -lt 128 ] || broken="$broken $delay:signal"
	fsctl disable --all >/dev/null 2>&1 || broken="$broken $delay:disable"
	no_pins || broken="$broken $delay:left"
done
is "cards that go while they are set up" "$broken" ""
finish
