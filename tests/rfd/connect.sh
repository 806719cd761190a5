# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The cases that both the native and the guest's script run. Needs two CPUs.

dir=$(mktemp -d /tmp/fs-connect.XXXXXX)
trap 'net_down; rm -rf "$dir"' EXIT

connect_cases() {
	local two="blocks 32768 8192 0 1" v4="$IP4_CLI 9001" v6="$IP6_CLI 9001" i
	local net=(-- -n 40)
	# shellcheck disable=SC2206 # words
	local judge=($two --count)
	local range=/proc/sys/net/ipv4/ip_local_port_range

	# A port that bind() gave away is nobody else's for a minute after: bind() gives
	# none of those that are counted to the last below, 50176 to 50207.
	echo 51200 60999 >$range
	hazard_cases stock
	echo 32768 50175 >$range
	check "net: two ends" net_up --here
	check "net: servers" servers
	check "fsctl enable" fsctl enable --iface "$VETH_SRV" --mode external --cpus 0,1

	# shellcheck disable=SC2086 # words
	{
	check "TCP over IPv4, CPU 0" made "${judge[@]}" 40 "${net[@]}" $v4
	check "TCP over IPv4, CPU 1" made "${judge[@]}" 40 "${net[@]}" -c 1 $v4
	check "TCP over IPv6" made "${judge[@]}" 80 "${net[@]}" -t 2 $v6
	check "IPv4 over an IPv6 socket" made "${judge[@]}" 80 "${net[@]}" -t 2 -m $v4
	check "UDP over IPv4" made "${judge[@]}" 80 "${net[@]}" -t 2 -u $v4
	check "UDP over IPv6" made "${judge[@]}" 80 "${net[@]}" -t 2 -u $v6
	check "non-blocking" made "${judge[@]}" 80 "${net[@]}" -t 2 -b $v4
	check "threads" made "${judge[@]}" 80 "${net[@]}" -t 2 $v4 $v6
	check "processes" made "${judge[@]}" 81 "${net[@]}" -f 2 $v4
	check "counted: one each" adds chosen 40 made "${judge[@]}" 40 "${net[@]}" $v4
	check "bound to an address, the port later" made "${judge[@]}" 40 "${net[@]}" -a $IP4_SRV $v4
	check "the same over IPv6" made "${judge[@]}" 40 "${net[@]}" -a $IP6_SRV $v6
	check "bound to an address and a port: left alone" adds chosen 0 \
		made any --count 40 "${net[@]}" -A $IP4_SRV $v4
	check "an explicit port: that one" made blocks 20000 1 0 -- -p 20000 $v4
	echo 32768 60999 >$range
	check "a range of its own: that one" made blocks 60000 100 0 --count 40 "${net[@]}" -r 60000-60099 $v4
	check "SO_BINDTODEVICE: left alone" adds chosen 0 \
		made any --count 40 "${net[@]}" -d $VETH_SRV $v4
	check "DNS keeps its unguessable port" adds chosen 0 made any --count 8 -- -n 8 -u $IP4_CLI 53
	check "not through the interface: left alone" adds chosen 0 made any --count 4 -- -n 4 -u 127.0.0.1 9
	check "FASTSOCK_RFD=0: left alone" env FASTSOCK_RFD=0 bash -c '
		. tests/rfd/rfd.sh; dir='"$dir"'; adds chosen 0 made any --count 8 -- -n 8 '"$v4"
	check "FASTSOCK_RFD: a bad value is named" eval \
		'FASTSOCK_RFD=2 fsctl run -- true 2>&1 | grep -q "FASTSOCK_RFD=2 is not 0 or 1"'

	# What goes wrong
	fsctl enable --iface "$VETH_SRV" --mode external --cpus 1 >/dev/null
	check "a CPU that takes no part: any port" adds no_queue 40 made any --count 40 "${net[@]}" $v4
	# Two blocks of 16, where no port has been used.  Any port may be one of them, so
	# a destination that has fallen back is not asked to again.
	fsctl enable --iface "$VETH_SRV" --mode external --cpus 0,1 --ports 50176-50207 >/dev/null
	check "8 destinations share 16 ports" adds exhausted 0 \
		made blocks 50176 16 0 1 --count 64 -- -n 64 $IP4_CLI 9001 $IP4_CLI 9002 \
		$IP4_CLI 9003 $IP4_CLI 9004 $IP4_CLI 9005 $IP4_CLI 9006 $IP4_CLI 9007 $IP4_CLI 9002
	check "one destination: the 17th and later have any port" adds exhausted 24 \
		made any --count 40 "${net[@]}" $IP4_CLI 9008
	check "non-blocking: the same" adds exhausted 24 \
		made any --count 40 "${net[@]}" -b -c 1 $IP4_CLI 9005
	check "UDP, which shares no ports" adds exhausted 24 made any --count 40 "${net[@]}" -u $v4
	}
	fsctl enable --iface "$VETH_SRV" --mode external --cpus 0,1 --ports 33000-33001 >/dev/null
	fsctl enable --iface lo --mode external --cpus 0,1 --ports 33000-33001 >/dev/null
	hazard_cases one-port fsctl run --
	fsctl enable --iface lo --mode external --cpus 0,1 >/dev/null
	hazard_cases external fsctl run --

	# Hashed by the device: here by the test's own arithmetic
	for i in plain:0xf:ports symmetric:0x1f:symmetric addresses:0:addresses; do
		IFS=: read -r label fields what <<<"$i"
		entry rss "$VETH_SRV" "$KEY" "$fields" 0 1 1 0 1 0 0 1
		[ "$label" != addresses ] || continue
		# shellcheck disable=SC2086 # words
		{
		check "rss, $label: TCP over IPv4" adds exhausted 0 made rss "$KEY" 0 1 1 0 1 0 0 1 \
			--fields "$what" --count 200 -- -n 100 -t 2 $v4 $IP4_CLI 9002
		check "rss, $label: TCP over IPv6" made rss "$KEY" 0 1 1 0 1 0 0 1 --fields "$what" \
			--count 200 -- -n 100 -t 2 $v6
		check "rss, $label: UDP" made rss "$KEY" 0 1 1 0 1 0 0 1 --fields "$what" --count 160 -- \
			-n 80 -t 2 -u $v4
		check "rss, $label: bound to an address" made rss "$KEY" 0 1 1 0 1 0 0 1 \
			--fields "$what" --count 80 -- -n 80 -a "$IP4_SRV" $v4
		check "rss, $label: processes" made rss "$KEY" 0 1 1 0 1 0 0 1 --fields "$what" \
			--count 161 -- -n 80 -f 2 $v4
		check "rss, $label: IPv4 over an IPv6 socket" made rss "$KEY" 0 1 1 0 1 0 0 1 \
			--fields "$what" --count 80 -- -n 80 -m $v4
		}
	done
	# shellcheck disable=SC2016 # eval expands them
	check "rss, addresses alone: one CPU has all, the other none" eval \
		'adds chosen 20 made any --count 40 -- -n 20 -t 2 $v4 && adds exhausted 20 made any --count 40 -- -n 20 -t 2 $v4'
	entry rss lo "$KEY" 0xf 0 1
	hazard_cases rss fsctl run --
	entry rss "$VETH_SRV" "$KEY" 0xf 0 1 1
	# shellcheck disable=SC2086 # words
	check "an entry that cannot be: as without" made any --count 40 "${net[@]}" $v4
	entry tear "$VETH_SRV"
	# shellcheck disable=SC2086 # words
	check "an entry half written: as without" adds chosen 0 made any --count 40 "${net[@]}" $v4
	fsctl enable --iface "$VETH_SRV" --mode external --cpus 0,1 >/dev/null
}

# A process that lives through disable and enable: steps NAME COMMAND..., each
# followed by one connection of it.  To a destination that the cases before hardly had:
# what they left in TIME_WAIT may be all of sixteen ports.
follow_cases() {
	local from
	mkfifo "$dir/step"
	# shellcheck disable=SC2086 # words
	fsctl run -- connect -w -n 8 $IP4_CLI 9007 <"$dir/step" >"$dir/steps" &
	from=$!
	exec 9>"$dir/step"
	# shellcheck disable=SC2317 # check calls it
	next_step() {
		local before
		before=$(wc -l <"$dir/steps")
		echo >&9
		wait_for 20 eval '[ $(wc -l <"$dir/steps") -gt '"$before"' ]' || return
		tail -1 "$dir/steps" | python3 -I -S tests/rfd/ports.py "$@"
	}
	check "a process that runs" next_step blocks 32768 8192 0 1
	fsctl enable --iface "$VETH_SRV" --mode external --cpus 0 --ports 50000-50015 >/dev/null
	check "follows a change at once" next_step blocks 50000 16 0
	fsctl enable --iface "$VETH_SRV" --mode off >/dev/null
	check "and mode off" adds chosen 0 next_step any
	fsctl disable --all >/dev/null
	check "disabled: at once" next_step any
	fsctl enable --iface "$VETH_SRV" --mode external --cpus 0 --ports 50000-50015 >/dev/null
	sleep 2.2
	check "enabled anew: the new maps within a second or two" next_step blocks 50000 16 0
	exec 9>&-
	wait $from
}
