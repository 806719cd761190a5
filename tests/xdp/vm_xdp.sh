#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The steering program on the stock kernel: it loads, replies come home, VLANs, and
# a CPU that goes away.
set -u
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/xdp/xdp.sh

COUNT=250
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
mkdir -p $pins
net_up --here
clean_up() {
	rm -rf $pins
	echo 1 >/sys/devices/system/cpu/cpu1/online
	net_down
}
trap clean_up EXIT

check "crafted frames" packets_pass
grep '^# verifier' /run/packets
serve 80 64
features_before=$(features)
check "attached" steer attach "$VETH_SRV" $BLOCKS
for ip in $IP4_CLI $IP6_CLI; do
	check "TCP, $ip" home "$ip" 80
	check "UDP, $ip" home "$ip" 80 udp
done
mtu 9000
check "MTU 9000" home $IP4_CLI 80
mtu 1500
is "no frame was misread" "$(counter short)" 0

# While a CPU is away its replies are received on others. Once its thread has been
# elsewhere it stays there, so attaching anew is what brings replies home again.
check "the peer takes frames in order" cli_in_order
check "CPU 1 goes" eval 'echo 0 >/sys/devices/system/cpu/cpu1/online'
check "traffic goes on" works_as_cpu_1
check "attached without it" steer attach "$VETH_SRV" $BLOCKS
check "traffic goes on" works_as_cpu_1
check "CPU 1 comes" eval 'echo 1 >/sys/devices/system/cpu/cpu1/online'
check "attached with it" steer attach "$VETH_SRV" $BLOCKS
check "replies come home" home $IP4_CLI 80
steer detach "$VETH_SRV"
is "detached: all is as before" "$(features)" "$features_before"

# A veth hands over VLAN tags beside the frame.
ip link add link "$VETH_SRV" name vlan7 type vlan id 7
check "a VLAN on a veth: refused" says "vlan7" steer attach "$VETH_SRV" $BLOCKS
ip link del vlan7
check "and accepted without it" steer attach "$VETH_SRV" $BLOCKS
finish
