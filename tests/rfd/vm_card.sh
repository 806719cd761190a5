#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The modes on a card with several queues (tests/nic), of every ability: what is
# chosen, why not, that replies come home, and that all is set back.
set -u
. tests/lib/tap.sh
. tests/nic/nic.sh
. tests/fsctl/fsctl.sh
. tests/rfd/device.sh

trap card_down EXIT
card=fsnic0
queues=/sys/class/net/$card/queues
port=9000
peer4=$IP4_CLI:$port peer6=[$IP6_CLI]:$port

enable() {
	fsctl enable --iface $card "$@"
}

disable() {
	fsctl disable --iface $card
}

# at_home PEER [COUNT]: at least 999 of 1000 replies
at_home() {
	fsctl doctor --iface $card --peer "$1" --count "${2-50}" --json | python3 -c 'import json, sys
d = json.load(sys.stdin)
print(d["home"], "of", d["replies"], d["findings"], d.get("error"))
sys.exit(not d["replies"] or d["home"] * 1000 < d["replies"] * 999)'
}

# back DESC: disable, and all is as it was
back() {
	disable >/dev/null || not_ok "$1: disable"
	check "$1: all as before" restored $card "$before"
}

rules() {
	ethtool -n $card | grep -c '^Filter:'
}

check "two namespaces joined by the card" card_up --here queues=4
cli python3 tests/rfd/peer.py $port &
peer=$!
check "a peer" wait_for 30 bash -c ": </dev/tcp/$IP4_CLI/$port"

# A layout that is nobody's default
ethtool -L $card combined 2
for irq in $(card_irqs $card); do
	echo 3 >/proc/irq/"$irq"/smp_affinity
done
echo 8 >$queues/tx-0/xps_cpus
echo c >$queues/rx-0/rps_cpus
echo 32 >$queues/rx-1/rps_flow_cnt
ethtool -N $card flow-type tcp4 dst-port 443 action 1 loc 2 || not_ok "somebody else's rule"
before=$(snapshot $card)

## rss
check "a dry run says what would be set" says 0 "to '0 0 0 4'" enable --mode auto --dry-run
check "and changes nothing" restored $card "$before"
check "auto takes rss" says 0 "outgoing connections: rss" enable --mode auto
is "four channels" "$(ethtool -l $card | awk '/Combined/ { n = $2 } END { print n }')" 4
is "an interrupt for each CPU" \
	"$(for irq in $(card_irqs $card); do cat /proc/irq/"$irq"/smp_affinity_list; done | xargs)" "0 1 2 3"
is "XPS one to one" "$(cat $queues/tx-*/xps_cpus | xargs)" "1 2 4 8"
is "RPS is off" "$(cat $queues/rx-*/rps_cpus $queues/rx-*/rps_flow_cnt | tr -d '0\n')" ""
check "rss: replies come home" at_home $peer4 250
check "rss: IPv6" at_home "$peer6"
stock=$(python3 tests/rfd/homing.py "$IP4_CLI" $port 50)
check "as the kernel chooses ports they do not: $stock" [ "${stock% *}" -lt 120 ]
got=$(fsctl run -- python3 tests/rfd/homing.py "$IP4_CLI" $port 250)
check "rss: an unmodified program: $got" [ "${got% *}" -ge 999 ]
ethtool -X $card weight 1 1 0 0
check "another table is seen" says 0 "indirection table or interrupts" fsctl refresh
check "and used" at_home $peer4
ethtool -X $card equal 4
back rss
is "nothing of the key or table was touched" "$(ethtool -x $card | md5sum)" \
	"$(sed -n '/^ethtool -x/,/^ethtool -n/p' <<<"$before" | sed '1d;$d' | md5sum)"

ethtool -N $card rx-flow-hash tcp4 sd
fields=$(snapshot $card)
check "addresses alone: ports are added" says 0 "outgoing connections: rss" enable --mode rss
check "replies come home" at_home $peer4
disable >/dev/null
check "and taken away again" restored $card "$fields"
ethtool -N $card rx-flow-hash tcp4 sdfn
ethtool -X $card hfunc xor && {
	check "another function is named" says 1 "its hash function is xor" enable --mode rss
	ethtool -X $card hfunc toeplitz
}
check "one CPU has nothing to choose" says 1 "there is one CPU only" enable --mode rss --cpus 2
check "two CPUs of four" says 0 "CPU 3" enable --mode rss --cpus 1,3
check "come home" at_home $peer4
back "two CPUs"
ip link set $card down
check "a device that is down" says 1 "it is down" enable --mode rss
ip link set $card up
ip addr replace "$IP6_SRV/64" dev $card nodad	# which down took
wait_for 5 net_carrier

## ntuple
# While a table counts as written by hand, 6.1 wants to read it when channels change.
ethtool -X $card default
card_can rss hidden
check "auto: rss cannot be read, so ntuple" \
	says 0 "not rss: its hash cannot be read" enable --mode auto
is "a rule for each CPU and kind, and the other's" "$(rules)" 17
check "ntuple: replies come home" at_home $peer4 250
check "ntuple: IPv6" at_home "$peer6"
got=$(fsctl run -- python3 tests/rfd/homing.py "$IP4_CLI" $port 250)
check "ntuple: an unmodified program: $got" [ "${got% *}" -ge 999 ]
is "refresh: nothing has changed" "$(fsctl refresh)" ""
place=$(ethtool -n $card | sed -n 's/^Filter: //p' | sort -n | tail -n 1)
ethtool -N $card delete "$place"
check "a rule that was taken away" says 1 "the rule for CPU 0" fsctl refresh
card_can rss settable
back ntuple
card_can rss hidden
check "places that the driver picks" card_can location any
check "ntuple there" says 0 "outgoing connections: ntuple" enable --mode ntuple
check "replies come home" at_home $peer4
disable >/dev/null
card_can location named
card_can rss settable
check "any place: all as before" restored $card "$before"
card_can ntuple exact
check "no part of a port" says 1 "it compares no part of a port" enable --mode ntuple
check "refused: all as before" restored $card "$before"
card_can rss hidden
check "then nothing is left" says 0 "ports of outgoing connections are left to the kernel" enable --mode auto
card_can rss settable
back "auto in vain"
ethtool -N $card delete 2
card_can ntuple none
check "no rules at all" says 1 "it has no flow rules" enable --mode ntuple
card_can ntuple masked-one
check "one mask, IPv4 only" says 0 "TCP over IPv6 stays as it is" enable --mode ntuple
check "replies come home" at_home $peer4
disable >/dev/null
card_can ntuple masked
card_can rules 5
for place in 0 1 2; do
	ethtool -N $card flow-type tcp4 dst-port $((8000 + place)) action 1 loc $place
done
full=$(snapshot $card)
check "others' rules fill the table" says 1 "its table of flow rules is full" enable --mode ntuple
check "and stay" restored $card "$full"
disable >/dev/null
check "nothing is left" no_pins
kill $peer
card_down

## More CPUs than queues
check "a card with two queues" card_up --here queues=2
cli python3 tests/rfd/peer.py $port &
peer=$!
wait_for 30 bash -c ": </dev/tcp/$IP4_CLI/$port"
before=$(snapshot $card)
check "serves two of four CPUs" says 0 "CPU 1 " enable --mode rss
check "which come home" at_home $peer4
back "two queues"
kill $peer
card_down
check "a card with one queue" card_up --here queues=1
check "has nothing to choose" says 1 "one receive queue" enable --mode rss
check "neither has ntuple" says 1 "one receive queue" enable --mode ntuple
disable >/dev/null
check "nothing is left at the end" no_pins
finish
