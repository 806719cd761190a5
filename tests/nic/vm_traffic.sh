#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The test card under ordinary sockets: between namespaces, steered, changed and
# taken away under load.
. "$FS_ROOT/tests/lib/tap.sh"
. "$FS_ROOT/tests/nic/nic.sh"
trap card_down EXIT

TRAFFIC=$FS_ROOT/tests/nic/traffic.py
RINGS=30	# changes of each kind under load
LOADS=8		# unloads under load

# run NAMESPACE CMD...: in the background, as $!.
run() {
	nsenter --net="/run/netns/$1" "${@:2}" &
}

server_up() {
	run "$NS_SRV" "$TRAFFIC" serve
	server=$!
	check "a server answers" wait_for 20 cli bash -c "exec 3<>/dev/tcp/$IP4_SRV/5077"
}

# both DESC: the card carries traffic in both families.
both() {
	check "$1: IPv4" cli "$TRAFFIC" whole "$IP4_SRV"
	check "$1: IPv6" cli "$TRAFFIC" whole "$IP6_SRV"
}

load_on() {
	run "$NS_CLI" "$TRAFFIC" load "$IP4_SRV" "$1"
	loads="$!"
	run "$NS_CLI" "$TRAFFIC" load "$IP6_SRV" "$1"
	loads+=" $!"
	run "$NS_SRV" ping -q -f -w "$1" "$IP4_CLI" >/dev/null
	loads+=" $!"
}

load_off() {
	# shellcheck disable=SC2086 # several
	kill $loads 2>/dev/null
	# shellcheck disable=SC2086
	wait $loads 2>/dev/null
}

check "two namespaces joined by the card" card_up queues=4
server_up
both "whole"

## Blocks of client ports on CPUs, as fastsock will want them; the server receives.
for cpu in 0 1 2 3; do
	srv ethtool -N fsnic0 flow-type tcp4 src-port $((cpu << 2)) m 0xfff3 action $cpu loc $cpu
done
cli "$TRAFFIC" cpus "$IP4_SRV" 64 40000 >"$FS_OUT/cpus"
is "connections seen" "$(wc -l <"$FS_OUT/cpus")" 64
is "each was received on the CPU of its port's block" \
	"$(awk '$2 != int($1 / 4) % 4' "$FS_OUT/cpus" | xargs)" ""
for location in 0 1 2 3; do
	srv ethtool -N fsnic0 delete $location
done
srv ethtool -X fsnic0 hkey "$(printf '%02x:' {0..39} | sed 's/:$//')"
for address in "$IP4_SRV" "$IP6_SRV"; do
	cli "$TRAFFIC" cpus "$address" 64 41000 >"$FS_OUT/cpus"
	is "$address: without rules they are spread" \
		"$(awk '{ print $2 }' "$FS_OUT/cpus" | sort -u | xargs)" "0 1 2 3"
	is "$address: as their hash says" "$(awk '$2 != $3 % 4' "$FS_OUT/cpus" | xargs)" ""
done

## Changed under load. What must hold is that nothing breaks and all works after.
load_on 120
mapfile -t irqs < <(srv ls /sys/bus/platform/devices/fsnic.0/msi_irqs | sort -n)
for ((i = 0; i < RINGS; i++)); do
	srv ethtool -L fsnic0 combined $((i % 4 + 1)) || break
	cli ethtool -L fsnic1 combined $(((i + 2) % 4 + 1)) || break
	echo $((i % 4)) >"/proc/irq/${irqs[i % 4]}/smp_affinity_list" || break
	srv ethtool -X fsnic0 equal 1 || break
	srv ethtool -X fsnic0 default || break
	srv ethtool -N fsnic0 flow-type tcp4 src-port 0 m 0xff00 action 0 loc 1
	srv ethtool -G fsnic0 rx $((16 << i % 4)) || break
	srv ethtool -N fsnic0 delete 1
done
is "channels, table, rules, rings and interrupts changed $RINGS times under load" $i $RINGS
srv ethtool -L fsnic0 combined 4
cli ethtool -L fsnic1 combined 4
srv ethtool -G fsnic0 rx 1024
for ((i = 0; i < RINGS / 3; i++)); do
	srv ip link set fsnic0 down || break
	srv ip link set fsnic0 up || break
done
is "down and up $((RINGS / 3)) times under load" $i $((RINGS / 3))
for cpu in 1 2 3 1 2 3; do
	echo 0 >/sys/devices/system/cpu/cpu$cpu/online || not_ok "CPU $cpu goes offline"
	sleep 0.2
	echo 1 >/sys/devices/system/cpu/cpu$cpu/online || not_ok "CPU $cpu comes back"
done
ok "CPUs went and came under load"
load_off
# Down took the IPv6 address.
srv ip addr replace "$IP6_SRV/64" dev fsnic0 nodad
both "after all that"

## Other namespaces: one goes with a device in it, which falls back to the first.
kill "$server"
wait "$server" 2>/dev/null
ip netns del "$NS_CLI"
check "a device outlives its namespace" wait_for 10 test -d /sys/class/net/fsnic1
ip netns add "$NS_CLI"
ip link set fsnic1 netns "$NS_CLI"
net_end cli fsnic1 "$IP4_CLI" "$IP6_CLI"
check "and joins another" wait_for 5 net_carrier
server_up
both "there"

## Taken away under load, wherever its ends are.
for ((i = 0; i < LOADS; i++)); do
	load_on 60
	sleep 0.5
	rmmod fsnic || break
	load_off
	card_load queues=$((i % 4 + 1)) pairs=$((i % 2 + 1)) || break
	ip link set fsnic0 netns "$NS_SRV"
	ip link set fsnic1 netns "$NS_CLI"
	net_end srv fsnic0 "$IP4_SRV" "$IP6_SRV"
	net_end cli fsnic1 "$IP4_CLI" "$IP6_CLI"
	wait_for 5 net_carrier || break
done
is "unloaded $LOADS times under load" $i $LOADS
load_off
both "at the end"
kill "$server"
wait "$server" 2>/dev/null
card_down
check "no interrupt is left" sh -c "! grep -r fsnic /proc/interrupts && ! ls -d /proc/irq/*/fsnic*"
check "no device is left" sh -c "! ls /sys/bus/platform/devices | grep fsnic"
for ((i = 0; i < 20; i++)); do
	card_load queues=128 || break
	rmmod fsnic || break
done
is "loaded and unloaded 20 times with 128 queues" $i 20
finish
