#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fsctl and a device: what it sets, that it sets it back, also after it was killed,
# what others changed meanwhile, devices that go; refresh, watch and doctor. On
# veth, which has no hardware: vm_device.sh has.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/fsctl/fsctl.sh
. tests/rfd/device.sh

trap net_down EXIT
private_sys && net_up --here numrxqueues 2 numtxqueues 2 || {
	not_ok "two namespaces and a veth pair"
	finish
}
veth=$VETH_SRV
queues=/sys/class/net/$veth/queues
entry=$FS_BUILD/tests/rfd/entry
both=0-1
sysctl -qw net.ipv4.ip_local_port_range="32768 60999"
echo 3 >"$queues/rx-0/rps_cpus"
echo 2 >"$queues/rx-1/rps_cpus"
echo 64 >"$queues/rx-1/rps_flow_cnt"
before=$(snapshot "$veth")

enable() {
	fsctl enable --iface "$veth" --cpus $both "$@"
}

disable() {
	fsctl disable --iface "$veth"
}

# What cannot be there, and why
check "no rss without a hash" says 1 "no mode rss: its hash cannot be read" enable --mode rss
check "no ntuple without rules" says 1 "no mode ntuple: it has no flow rules" enable --mode ntuple
check "no module yet" says 1 "not part of this version" enable --mode module
check "one CPU has nothing to choose" says 1 "one CPU only" \
	fsctl enable --iface "$veth" --mode xdp --cpus 0
check "no coalescing without a mode" says 2 "--rx-usecs is for a --mode" \
	fsctl enable --iface "$veth" --rx-usecs 10
check "microseconds are a number" says 2 "not a number of microseconds" enable --mode xdp --rx-usecs 1x
check "after each of these it is as it was" restored "$veth" "$before"
check "as an ordinary user" says 1 "needs root" \
	setpriv --reuid=65534 --regid=65534 --clear-groups "$fsctl" enable --iface "$veth" --mode auto

# Dry run
check "auto says what it passes over" says 0 "not rss: its hash cannot be read" enable --mode auto --dry-run
check "what it would set" says 0 "would set queues/rx-0/rps_cpus to '0' (now '3')" \
	enable --mode auto --dry-run
check "and how it would lie" says 0 "CPU 1    ports 40960-49151" enable --mode auto --dry-run
check "a dry run changes nothing" restored "$veth" "$before"

# There and back
check "auto takes xdp" says 0 "outgoing connections: xdp" enable --mode auto
is "RPS is off" "$(cat "$queues"/rx-*/rps_cpus "$queues"/rx-1/rps_flow_cnt | tr -d '\n')" "000"
is "status: the map" "$(json '[(c["cpu"], c["ports"], c["headroom"]) for c in s["outgoing"]["interfaces"][0]["cpus"]]')" \
	"[(0, '32768-40959', 8192), (1, '40960-49151', 8192)]"
check "status: in words" says 0 "$veth  replies of outgoing connections: xdp" fsctl status
check "XDP is on" eval 'ip -o link show $veth | grep -q " xdp "'
check "again without a mode: nothing changes" says 0 "already" fsctl enable --iface "$veth"
check "the same mode again" says 0 "outgoing connections: xdp" enable --mode xdp
check "another mode sets the device back first" says 0 "outgoing connections: external" enable --mode external
is "RPS is on again" "$(cat "$queues"/rx-0/rps_cpus)" 3
refuse "XDP is off again" eval 'ip -o link show $veth | grep -q " xdp "'
check "a mode that cannot be leaves it enabled, without steering" \
	says 1 "no mode rss" enable --mode rss
is "with no entry" "$($entry show "$veth")" "none: No such file or directory"
check "disable" disable
check "all as before, byte for byte" restored "$veth" "$before"

# Others
enable --mode xdp >/dev/null
echo 1 >"$queues/rx-0/rps_cpus"
check "what somebody else set meanwhile is left and told" \
	says 0 "file queues/rx-0/rps_cpus is '1', which is not fsctl's doing" disable
is "it is theirs" "$(cat "$queues"/rx-0/rps_cpus)" 1
is "the rest is as it was" "$(cat "$queues"/rx-1/rps_cpus "$queues"/rx-1/rps_flow_cnt | tr '\n' ' ')" "2 64 "
echo 3 >"$queues/rx-0/rps_cpus"
enable --mode xdp >/dev/null
echo '{' >/run/fastsock/state.json
check "a damaged state" says 1 "damaged" disable
check "disable --all goes by what was written down" fsctl disable --all
check "all as before, with a damaged state" restored "$veth" "$before"
enable --mode xdp >/dev/null
printf 'was\tfile\tqueues/rx-0/rps_cpus\t1' >>"$(echo /run/fastsock/saved-*)"
check "a line that was being written when fsctl was killed" disable
check "does not count" restored "$veth" "$before"
enable --mode xdp >/dev/null
ip link set "$veth" name fsrenamed
check "a renamed interface, under the old name" disable
ip link set fsrenamed name "$veth"
check "is set back" restored "$veth" "$before"
enable --mode xdp >/dev/null
ip link set "$veth" name fsrenamed
ip link property add dev fsrenamed altname fsother
check "enabled anew by its new name" says 0 "outgoing connections: xdp" \
	fsctl enable --iface fsrenamed --cpus $both --mode xdp
check "and by another name that it has" says 0 "outgoing connections: xdp" \
	fsctl enable --iface fsother --cpus $both --mode xdp
is "it is one interface" "$(json '[i["name"] for i in s["interfaces"]]')" "['fsrenamed']"
check "doctor knows it by each" says 1 "no reply was seen" fsctl doctor --iface fsother
check "disabled by the other name" says 0 "disabled" fsctl disable --iface fsother
ip link property del dev fsrenamed altname fsother
ip link set fsrenamed name "$veth"
check "all as before the first" restored "$veth" "$before"

# One that was elsewhere meanwhile, comes back with another number, and finds its old one
# taken by a stranger
set_addresses() {
	ip link set "$veth" up && ip addr add "$IP4_SRV/24" dev "$veth" &&
		ip addr add "$IP6_SRV/64" dev "$veth" nodad
}
before=$(snapshot "$veth")	# its offloads may change on the way
enable --mode xdp >/dev/null
number=$(cat /sys/class/net/"$veth"/ifindex)
ip netns add fsaway
ip -n fsaway link add fstaken index "$number" type veth peer name fspeer
ip link set "$veth" netns fsaway
ip -n fsaway link set "$veth" netns 1 2>/dev/null || ip -n fsaway link set "$veth" netns $$
ip link add fstaken index "$number" type veth peer name fspeer numrxqueues 2
echo 0 >/sys/class/net/fstaken/queues/rx-0/rps_cpus
set_addresses
check "it has another number" [ "$(cat /sys/class/net/"$veth"/ifindex)" != "$number" ]
check "the stranger was not enabled" says 0 "was not enabled" fsctl disable --iface fstaken
check "back: disabled" says 0 "disabled" disable
is "the stranger is left alone" "$(cat /sys/class/net/fstaken/queues/rx-0/rps_cpus)" 0
is "and all is as before" "$(cat "$queues"/rx-*/rps_cpus "$queues"/rx-1/rps_flow_cnt | xargs)" "3 2 64"
ip link del fstaken
ip netns del fsaway

# A namespace that ends, and one that gets its number: one of the next
in_ns() {
	nsenter --net=/run/netns/"$1" "$fsctl" "${@:2}"
}
ip netns add fsgone && ip -n fsgone link add fsx type veth peer name fsy || not_ok "a namespace"
in_ns fsgone enable --iface fsx --mode xdp --cpus $both >/dev/null
inode=$(stat -Lc %i /run/netns/fsgone)
ip netns del fsgone
for i in 1 2 3 4 5 6; do
	sleep 0.6
	ip netns add fsagain$i
	[ "$(stat -Lc %i /run/netns/fsagain$i)" != "$inode" ] || break
done
note "inodes: $inode, then $(stat -Lc %i /run/netns/fsagain* | xargs)"
if [ "$(stat -Lc %i /run/netns/fsagain$i)" = "$inode" ]; then
	ip -n fsagain$i link add fsx type veth peer name fsy
	check "not enabled there" says 0 "was not enabled" in_ns fsagain$i disable --iface fsx
	is "the former is forgotten" "$(json '[i["name"] for i in s["interfaces"]]')" "[]"
	check "enabled" says 0 "outgoing connections: xdp" \
		in_ns fsagain$i enable --iface fsx --mode xdp --cpus $both
	check "and disabled" says 0 "disabled" in_ns fsagain$i disable --iface fsx
else
	skip "a namespace that gets another's number" "this kernel numbers them otherwise"
fi
for i in 1 2 3 4 5 6; do
	ip netns del fsagain$i 2>/dev/null
done
fsctl disable --all >/dev/null
check "nothing is left of it" restored "$veth" "$before"

# Not fsctl's own
enable --mode xdp >/dev/null
: >/run/fastsock/saved-1-2.bak
check "a stranger's file: said" says 1 "not fsctl's" disable
rm /run/fastsock/saved-1-2.bak
rmdir /run/fastsock
check "all the rest is set back" restored "$veth" "$before"
check "no coalescing where nothing is set up" says 2 "external does not" enable --mode external --rx-usecs 10
enable --mode xdp >/dev/null
echo '{' >/run/fastsock/state.json
timeout 5 fsctl watch --interval 0.05 >/dev/null 2>&1 &
watch=$!
sleep 0.5
check "watch does not stand in the way of others" timeout 5 fsctl disable --all
wait $watch
check "all as before after that" restored "$veth" "$before"
enable --mode xdp >/dev/null
check "disable --all from another namespace" cli "$fsctl" disable --all
check "sets it back there" restored "$veth" "$before"

# Ports
sysctl -qw net.ipv4.ip_local_reserved_ports=33000-33999
check "reserved ports are counted off" says 0 "destination: 7192" enable --mode external
check "and told" says 0 "1000 of the ports are in net.ipv4.ip_local_reserved_ports" enable --mode external
sysctl -qw net.ipv4.ip_local_reserved_ports=
python3 -m http.server 41000 --bind 127.0.0.1 >/dev/null 2>&1 &
wait_for 10 listening 41000
check "a listener in a block is told" says 0 "listens on port 41000, which is in CPU 1's block" \
	enable --mode external
kill $!
check "few ports are told" says 0 "that is little" enable --mode external --ports 40000-40999
disable >/dev/null

# doctor
check "doctor without --iface" says 2 "--iface IF is missing" fsctl doctor
check "doctor with a peer that is none" says 2 "not ADDRESS:PORT" fsctl doctor --iface lo --peer 1.2.3.4
check "doctor with a count that is none" says 2 "not a number from 1" fsctl doctor --iface lo --count 0
check "doctor where nothing is enabled" says 1 "is not enabled" fsctl doctor --iface "$veth"
cli python3 tests/rfd/peer.py 9000 &
peer=$!
wait_for 20 bash -c ": </dev/tcp/$IP4_CLI/9000"
fsctl enable --iface "$veth" >/dev/null
check "doctor without a mode" says 1 "no mode brings replies home" fsctl doctor --iface "$veth"
enable --mode xdp >/dev/null
check "xdp: all replies come home" says 0 "32 of 32 replies arrived where they should" \
	fsctl doctor --iface "$veth" --peer "$IP4_CLI:9000"
check "IPv6" says 0 "32 of 32" fsctl doctor --iface "$veth" --peer "[$IP6_CLI]:9000"
is "as JSON" "$(fsctl doctor --iface "$veth" --peer "$IP4_CLI:9000" --count 3 --json |
	python3 -c 'import json, sys
d = json.load(sys.stdin)
print(d["healthy"], d["replies"], [c["home"] for c in d["cpus"]], d["findings"])')" "True 6 [3, 3] []"
for peer_address in "$IP4_CLI" "$IP6_CLI"; do
	is "an unmodified program's come home from $peer_address" \
		"$(fsctl run -- python3 tests/rfd/homing.py "$peer_address" 9000 500)" "1000 1000"
done
check "and are counted" [ "$(json 'sum(c["chosen"] for c in s["outgoing"]["cpus"])')" -ge 2000 ]
check "a peer that refuses" says 1 "Connection refused" fsctl doctor --iface "$veth" --peer "$IP4_CLI:9"
check "no connection to look at" says 1 "there is no connection to look at" fsctl doctor --iface "$veth"
python3 -c "
import socket, sys, time
held = []
for i in range(20):
	s = socket.socket()
	s.setsockopt(socket.IPPROTO_IP, 51, (40959 << 16 | 32768).to_bytes(4, sys.byteorder))
	s.connect(('$IP4_CLI', 9000))
	held.append(s)
time.sleep(60)" &
client=$!
check "connections that there are" wait_for 20 says 0 "20 of 20 replies" fsctl doctor --iface "$veth"
kill $client
rm -f $pins/xdp-*
check "a program that was taken off is named" says 0 "the steering program is not attached" \
	fsctl doctor --iface "$veth" --peer "$IP4_CLI:9000"
enable --mode external >/dev/null
echo 2 >"$queues/rx-0/rps_cpus"
echo 2 >"$queues/rx-1/rps_cpus"
check "RPS that sends all to CPU 1 is seen" says 1 "0 home     16 elsewhere, such as on CPU 1" \
	fsctl doctor --iface "$veth" --peer "$IP4_CLI:9000"
check "and named" says 1 "RPS spreads the packets of 2 of" \
	fsctl doctor --iface "$veth" --peer "$IP4_CLI:9000"
echo 3 >"$queues/rx-0/rps_cpus"
check "from another namespace" says 1 "there is no interface" nsenter --net="/run/netns/$NS_CLI" "$fsctl" doctor --iface "$veth"
kill $peer
disable >/dev/null

# refresh and watch
check "refresh with nothing enabled" says 1 "no outgoing connections are steered" fsctl refresh
check "watch with nothing enabled" says 1 "no outgoing connections are steered" fsctl watch
check "an interval that is none" says 2 "not a number of seconds" fsctl watch --interval 0
enable --mode xdp >/dev/null
is "refresh: nothing has changed" "$(fsctl refresh)" ""
$entry tear "$veth"
check "refresh after a writer was killed" says 0 "the library knows now" fsctl refresh --iface "$veth"
is "there is an entry again" "$($entry show "$veth")" "mode 2 ports 0-0 blocks 32768+2x8192 cpus 0:0 1:1"
sysctl -qw net.ipv4.ip_local_port_range="40000 41000"
check "ports that the kernel does not use any more" says 1 "ports are left to the kernel meanwhile" fsctl refresh
is "no entry meanwhile" "$($entry show "$veth")" "none: No such file or directory"
fsctl watch --interval 0.1 >/run/watch 2>&1 &
watch=$!
sysctl -qw net.ipv4.ip_local_port_range="32768 60999"
check "watch sees that they are back" wait_for 20 grep -q "the library knows now" /run/watch
disable >/dev/null
check "watch ends with the last interface" wait_for 20 eval "! kill -0 $watch"
check "all as before" restored "$veth" "$before"

# The device goes
enable --mode xdp >/dev/null
ip link del "$veth"
check "an interface that has gone" says 0 "is gone, and its former settings with it" disable
check "nothing is left" no_pins
finish
