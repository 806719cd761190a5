# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scripts of this directory share. Source it after net.sh; the steering
# side is NS_SRV's, by net_up --here.

PATH=$FS_BUILD/tests/xdp:$PATH
pins=/sys/fs/bpf/fastsock
cpus=$(nproc)
FIRST=32768 SHIFT=13
[ "$cpus" -le 2 ] || SHIFT=12
BLOCKS="$FIRST $SHIFT $cpus"
COUNT=600		# exchanges of each CPU

# What attaching changes, at both ends: programs (by kind), offloads.
features() {
	ip -d link show "$VETH_SRV" | grep -E 'xdp|mtu' | sed 's/ prog\/.*id/ id/'
	ethtool -k "$VETH_SRV"
	cli ip -d link show "$VETH_CLI" | grep -E 'xdp|mtu'
	cli ethtool -k "$VETH_CLI"
}

counter() {
	steer look "$VETH_SRV" | awk -v name="$1" '$1 == name { print $2 }'
}

# listens PORT [cli]: by TCP and UDP, in both families
listens() {
	[ "$("${@:2}" ss -Hltun "sport = $1" | wc -l)" -ge 4 ]
}

# serve PORT BYTES: in the other namespace, both families
serve() {
	cli replies serve $IP4_CLI "$1" "$2" 2>/dev/null &
	cli replies serve $IP6_CLI "$1" "$2" 2>/dev/null &
	wait_for 30 listens "$1" cli
}

# home IP PORT [replies' words]: all replies arrive, 99.9 % of them at home (of
# themselves, half of them and less would).
home() {
	local words asked failed home
	words=$(replies ask "$1" "$2" count $COUNT blocks $FIRST,$SHIFT "${@:3}")
	read -r _ asked _ home _ failed _ <<<"$words"
	echo "$words"
	[ "$asked" -ge 1000 ] && [ "$failed" -eq 0 ] && [ $((home * 1000)) -ge $((asked * 999)) ]
}

works() {
	local words failed
	words=$(replies ask "$1" "$2" count $COUNT blocks $FIRST,$SHIFT "${@:3}")
	read -r _ _ _ _ _ failed _ <<<"$words"
	echo "$words"
	[ "$failed" -eq 0 ]
}

# ask_cli IP PORT: from the other namespace, from any port
ask_cli() {
	local words failed
	words=$(cli replies ask "$@" count $COUNT)
	read -r _ _ _ _ _ failed _ <<<"$words"
	echo "$words"
	[ "$failed" -eq 0 ]
}

mtu() {
	ip link set "$VETH_SRV" mtu "$1" && cli ip link set "$VETH_CLI" mtu "$1"
}

# says TEXT COMMAND...: it fails, with the text in what it says
says() {
	local text=$1 out
	shift
	if out=$("$@" 2>&1) || ! grep -qF -- "$text" <<<"$out"; then
		echo "said: $out"
		return 1
	fi
}

# Ports of CPU 1, asked from another.
works_as_cpu_1() {
	local words failed
	words=$(taskset -c 0 replies ask $IP4_CLI 80 count 200 blocks $((FIRST + (1 << SHIFT))),$SHIFT)
	read -r _ _ _ _ _ failed _ <<<"$words"
	echo "$words"
	[ "$failed" -eq 0 ]
}

# What packets.c reports goes into one case; its notes are kept. In a network namespace of
# its own: its ports may be anybody's source ports in this one.
packets_pass() {
	unshare --net sh -c 'ip link set lo up && ip addr add fd77::1/64 dev lo nodad && packets' \
		>/run/packets 2>&1 || { grep -v '^ok' /run/packets; return 1; }
}
