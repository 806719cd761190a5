#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The steering program on a veth: replies come home, nothing else is touched, and
# it goes without a trace.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/xdp/xdp.sh

if [ "$cpus" -lt 2 ]; then
	echo "1..0 # SKIP needs two CPUs"
	exit
fi
mount -t bpf bpf /sys/fs/bpf
mkdir -p $pins
net_up --here
trap net_down EXIT
features_before=$(features)
check "it would work on a veth" steer probe "$VETH_SRV"
is "the probe leaves nothing" "$(features)$(ls $pins)" "$features_before"

# --- Replies come home.
serve 80 64
check "attached" steer attach "$VETH_SRV" $BLOCKS
for offload in on off; do
	cli ethtool -K "$VETH_CLI" tx $offload >/dev/null 2>&1
	for ip in $IP4_CLI $IP6_CLI; do
		check "peer's checksum offload $offload: TCP, $ip" home "$ip" 80
		check "peer's checksum offload $offload: UDP, $ip" home "$ip" 80 udp
	done
	before=$(counter summed)
	home $IP4_CLI 80 >/dev/null
	case $offload in
	on) check "checksums are computed here" [ "$(counter summed)" -gt "$before" ] ;;
	# One of 65,535 finished checksums looks like an unfinished one (steer.bpf.c).
	off) check "no checksum is computed here" [ $(($(counter summed) - before)) -le 2 ] ;;
	esac
done
cli ethtool -K "$VETH_CLI" tx on >/dev/null 2>&1
is "no frame was misread" "$(counter short)" 0

# --- Large replies, fragments, jumbo frames.
serve 81 60000
check "replies of 60,000 bytes" home $IP4_CLI 81
check "replies of 60,000 bytes, IPv6" home $IP6_CLI 81
moved=$(counter moved)
check "fragmented datagrams arrive" works $IP4_CLI 81 udp count 100
check "fragmented datagrams arrive, IPv6" works $IP6_CLI 81 udp count 100
is "fragments are left alone" "$(counter moved)" "$moved"
mtu 9000
check "MTU 9000" home $IP4_CLI 81
check "MTU 9000, IPv6" home $IP6_CLI 81
serve 82 8000
check "MTU 9000, datagrams of 8,000 bytes" home $IP4_CLI 82 udp
steer detach "$VETH_SRV"
check "attached with MTU 9000" steer attach "$VETH_SRV" $BLOCKS
check "and it works" home $IP6_CLI 81
mtu 1500
is "no frame was misread" "$(counter short)" 0

# --- A listener in the range.
port=$((FIRST + (1 << SHIFT) + 100))	# CPU 1's
replies serve $IP4_SRV $port &
replies serve $IP6_SRV $port &
wait_for 30 listens $port
moved=$(counter moved)
for ip in $IP4_SRV $IP6_SRV; do
	check "a listener in the range works: TCP, $ip" ask_cli "$ip" $port
	check "a listener in the range works: UDP, $ip" ask_cli "$ip" $port udp
done
is "its connections stay where they arrive" "$(counter moved)" "$moved"
check "and are counted" [ "$(counter listener)" -ge 1000 ]

# --- Other blocks, in place.
check "the peer takes frames in order" cli_in_order
works $IP4_CLI 80 seconds 4 >/run/replies 2>&1 &
asking=$!
for _ in $(seq 20); do
	steer attach "$VETH_SRV" $FIRST 11 2 && steer attach "$VETH_SRV" $BLOCKS || echo failed
done >/run/attach 2>&1
wait $asking
is "blocks changed 40 times under load: no connection is lost" \
	"$?$(sed 's/^asked.* failed \([0-9]*\) .*/ \1/' /run/replies)$(cat /run/attach)" "0 0"
is "one pin" "$(ls $pins | wc -l)" 1

# --- Off again: as it was.
check "detached" steer detach "$VETH_SRV"
is "features and program are as before" "$(features)" "$features_before"
check "detached once more" steer detach "$VETH_SRV"
refuse "not attached any more" steer look "$VETH_SRV"
is "no pin is left" "$(ls $pins)" ""
check "traffic goes on" works $IP4_CLI 80

# --- Others' programs.
for mode in '' generic; do
	steer foreign "$VETH_SRV" $mode
	with_foreign=$(features)
	check "${mode:-native}: another program is refused by name" \
		says "'foreign', id" steer attach "$VETH_SRV" $BLOCKS
	check "${mode:-native}: the probe says so, too" says "'foreign', id" steer probe "$VETH_SRV"
	check "${mode:-native}: detach is no error" steer detach "$VETH_SRV"
	is "${mode:-native}: it is untouched" "$(features)" "$with_foreign"
	ip link set dev "$VETH_SRV" xdp off
	ip link set dev "$VETH_SRV" xdpgeneric off
done
steer attach "$VETH_SRV" $BLOCKS
refuse "others cannot take it off" ip link set dev "$VETH_SRV" xdp off
refuse "others cannot replace it" steer foreign "$VETH_SRV"
check "it still works" home $IP4_CLI 80
link=$(bpftool link show pinned $pins/xdp-* | sed -n 's/^\([0-9]*\): xdp.*/\1/p')
check "taken off by force" bpftool link detach id "$link"
refuse "which is seen" steer look "$VETH_SRV"
steer foreign "$VETH_SRV"
with_foreign=$(features)
check "detach finds another program in its place" steer detach "$VETH_SRV"
is "and leaves it" "$(features)" "$with_foreign"
ip link set dev "$VETH_SRV" xdp off
steer attach "$VETH_SRV" $BLOCKS
bpftool link detach pinned $pins/xdp-*
check "attached anew after force" steer attach "$VETH_SRV" $BLOCKS
check "and it works" home $IP4_CLI 80
rm $pins/xdp-*
wait_for 10 eval '[ "$(features)" = "$features_before" ]'
is "with its pin it goes by itself" "$(features)" "$features_before"

# --- Killed on the way.
strace -qq -o /run/attach steer attach "$VETH_SRV" $BLOCKS
steer detach "$VETH_SRV"
broken='' points=0
while read -r n; do
	points=$((points + 1))
	(strace -qq -o /dev/null -e trace=bpf -e inject=bpf:signal=KILL:when="$n" \
		steer attach "$VETH_SRV" $BLOCKS; true) >/dev/null 2>&1
	[ -n "$(ls $pins)" ] || [ "$(features)" = "$features_before" ] ||
		broken="$broken $n: attached without a pin;"
	steer detach "$VETH_SRV"
	[ "$(features)" = "$features_before" ] || broken="$broken $n: left;"
done < <(awk '/^bpf\(/ { print ++n }' /run/attach)
check "attach: killed at all $points of its bpf calls" [ $points -ge 10 ]
is "nothing is left that has no pin" "$broken" ""

# --- Where it cannot work.
check "lo: the reason" says "native mode" steer probe lo
check "no such interface: the reason" says "refuses" steer attach 4711 $BLOCKS
check "no CPU with ports: the reason" says "online" steer attach "$VETH_SRV" $FIRST 13 0
ip link add br$$ type bridge && ip link set "$VETH_SRV" master br$$
check "a bridge's port: the reason" says "port of br$$" steer attach "$VETH_SRV" $BLOCKS
ip link set "$VETH_SRV" nomaster && ip link del br$$
ip link add mq$$ numrxqueues 1 numtxqueues 4 type veth peer name mp$$ numrxqueues 4 numtxqueues 4
ethtool -L mq$$ rx 1 tx 4 >/dev/null 2>&1
check "fewer queues than the peer's: the kernel's reason" says "queues" \
	steer attach mq$$ $BLOCKS
ip link del mq$$
rm -rf $pins
check "not enabled: the reason" says "cannot pin" steer attach "$VETH_SRV" $BLOCKS
mkdir $pins
is "nothing is left of all that" "$(features)" "$features_before"

# --- The interface goes.
ifindex=$(ip -o link show "$VETH_SRV" | cut -d: -f1)
steer attach "$VETH_SRV" $BLOCKS
cli ip link del "$VETH_CLI"
refuse "interface gone: not attached" steer look "$ifindex"
check "interface gone: detach is no error" steer detach "$ifindex"
is "interface gone: no pin is left" "$(ls $pins)" ""
ip link add sw$$ type veth peer name sp$$
steer attach sw$$ $BLOCKS
ip link del sw$$
ip link add sw$$ type veth peer name sp$$
steer attach sw$$ $BLOCKS
is "a dead pin is swept up by the next attach" "$(ls $pins | wc -l)" 1
ip link del sw$$
finish
