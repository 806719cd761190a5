#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What host_virtio.sh runs in its VM: usage: virtio_guest.sh NET4 NET6 PORT
set -u
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/fsctl/fsctl.sh
. tests/rfd/device.sh

peer4=$1.1 peer6=$2:1 port=$3
modprobe virtio_net
card() {
	for card in /sys/class/net/*; do
		[ "$(basename "$(readlink "$card"/device/driver)")" != virtio_net ] || return 0
	done
	return 1
}
wait_for 20 card
card && card=$(basename "$card") || { not_ok "a virtio-net device"; finish; }
net() {
	ip link set "$card" up && ip addr add "$1.2/24" dev "$card" &&
		ip addr add "$2:2/64" dev "$card" nodad && wait_for 20 ping -c 1 -W 1 "$peer4"
}
check "the peer answers" net "$1" "$2"
queues=/sys/class/net/$card/queues

# share WHERE: at least 999 of 1000
share() {
	local home total
	read -r home total <<<"$1"
	note "$home of $total"
	[ "${total:-0}" -ge 1000 ] && [ $((home * 1000)) -ge $((total * 999)) ]
}

# by_doctor PEER COUNT: "home total"
by_doctor() {
	fsctl doctor --iface "$card" --peer "$1" --count "$2" --json | python3 -c 'import json, sys
d = json.load(sys.stdin)
print(d["home"], d["replies"])'
}

# From a layout that is nobody's default
ethtool -L "$card" combined 2
for irq in $(irqs_of "$card"); do
	echo 3 >/proc/irq/"$irq"/smp_affinity 2>/dev/null
done
echo 8 >"$queues/tx-0/xps_cpus"
echo c >"$queues/rx-0/rps_cpus"
echo 32 >"$queues/rx-1/rps_flow_cnt"
before=$(snapshot "$card")
check "a dry run says what would be set" says 0 "would set channels (rx tx other combined) to '0 0 0 4'" \
	fsctl enable --iface "$card" --mode auto --dry-run
check "and changes nothing" restored "$card" "$before"
check "auto takes rss" says 0 "outgoing connections: rss" fsctl enable --iface "$card" --mode auto
note "$(fsctl refresh; cat /run/fastsock/saved-*)"
is "four channels" "$(ethtool -l "$card" | awk '/Combined/ { n = $2 } END { print n }')" 4
is "RPS is off" "$(cat "$queues"/rx-*/rps_cpus | tr -d '0\n')" ""
is "XPS one to one" "$(cat "$queues"/tx-*/xps_cpus | tr '\n' ' ')" "1 2 4 8 "

# An interrupt moves when it fires the next time.
by_doctor "$peer4:$port" 8 >/dev/null
for peer in "$peer4" "[$peer6]"; do
	got=$(by_doctor "$peer:$port" 250)
	check "replies of $peer come home: $got" share "$got"
done
stock=$(python3 tests/rfd/homing.py "$peer4" "$port" 100)
home=${stock% *}
check "as the kernel chooses ports they do not: $stock" [ "$home" -lt $((${stock#* } / 2)) ]
for peer in "$peer4" "$peer6"; do
	got=$(fsctl run -- python3 tests/rfd/homing.py "$peer" "$port" 250)
	check "an unmodified program, to $peer: $got" share "$got"
done

# What may change under us
ethtool -X "$card" weight 1 1 0 0
check "another table is seen" says 0 "indirection table or interrupts" fsctl refresh
got=$(by_doctor "$peer4:$port" 500)
check "and used: $got" share "$got"
ethtool -X "$card" equal 4
ethtool -X "$card" hkey 6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb:ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b:be:ac:01:fa
check "doctor names a changed key" says 1 "the device has changed since: key" \
	fsctl doctor --iface "$card" --peer "$peer4:$port" --count 32
fsctl watch --interval 0.2 >/tmp/watch 2>&1 &
check "watch sees another key" wait_for 20 grep -q "key" /tmp/watch
got=$(by_doctor "$peer4:$port" 250)
check "and it is used: $got" share "$got"
irq=$(awk -F: '/virtio[0-9]+-input.0/ { print $1 + 0 }' /proc/interrupts)
echo 2 >/proc/irq/"$irq"/smp_affinity
check "watch sees an interrupt that was moved" wait_for 20 grep -q "interrupts" /tmp/watch
by_doctor "$peer4:$port" 8 >/dev/null
got=$(by_doctor "$peer4:$port" 334)
check "and it is used: $got" share "$got"
echo 1 >/proc/irq/"$irq"/smp_affinity
check "disable" fsctl disable --iface "$card"
check "watch ends" wait_for 20 eval "! pgrep -f 'fsctl watch'"
# The key is the test's own doing.
check "all as before but for the key" restored "$card" \
	"$(sed 's/^\([0-9a-f]\{2\}:\)\{39\}..$/6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb:ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b:be:ac:01:fa/' <<<"$before")"

# From more queues to fewer, and back
ethtool -L "$card" combined 4
before=$(snapshot "$card")
check "two CPUs" says 0 "outgoing connections: rss" \
	fsctl enable --iface "$card" --mode rss --cpus 0,1
is "two channels" "$(ethtool -l "$card" | awk '/Combined/ { n = $2 } END { print n }')" 2
by_doctor "$peer4:$port" 8 >/dev/null
got=$(by_doctor "$peer4:$port" 500)
check "replies come home: $got" share "$got"
check "disable, two CPUs" fsctl disable --iface "$card"
check "all as before with four" restored "$card" "$before"
check "and again" says 0 "outgoing connections: rss" \
	fsctl enable --iface "$card" --mode rss --cpus 0,1
check "disable again" fsctl disable --iface "$card"
finish
