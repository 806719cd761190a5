# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Debian's HAProxy, unmodified, as a proxy with a thread for each CPU. Source it
# after net.sh, with net_up --here done: the clients are in NS_CLI, HAProxy is
# here, the backend is behind a link of its own:
#
#	here ──BCK───────────────────── NS_BCK
#	10.78.0.1, fd78::1   10.78.0.2, fd78::2
#
# How local the legs are is seen from outside (tests/bench/locality.bpf.c).
#
#	backend_up			the backend behind a veth. Its end spreads what it
#					receives over its CPUs (tests/bench/nic.c), and
#					answers from there: so the answers come to any CPU
#					here, as from a NIC
#	backend_up_card			behind the test card (tests/nic), which spreads
#					them by its hash; after nic.sh
#	haproxy_up IP [fsctl run --]	HAProxy, started so, before the backend at IP
#	haproxy_load SECONDS [IP]	OK FAILED PASSIVE LOCAL ACTIVE LOCAL RATE
#	haproxy_down, backend_down	(put them in a trap)
#	at_home NAME IP...		cases: no errors; unless NAME is stock, both legs at home
#	haproxy_mode MODE		cases: stock, then `fsctl enable --mode MODE`

PATH=$FS_BUILD/tests/xdp:$FS_BUILD/tests/bench:$PATH
NS_BCK=fs-bck-$$
ONE_IN=16		# connections of which one is looked at
HAPROXY_PORT=8000 BACKEND_PORT=8080
IP4_BCK=10.78.0.2
IP6_BCK=fd78::2
HAPROXY=''

bck() {
	nsenter --net="/run/netns/$NS_BCK" "$@"
}

# Our end computes its checksums itself: the model at the other has no eye for it.
backend_up() {
	local end=fsk$$
	BCK=fsb$$
	ip netns add "$NS_BCK" &&
		ip link add "$BCK" type veth peer name $end netns "$NS_BCK" &&
		ethtool -K "$BCK" tx off >/dev/null && backend_net $end || return
	# It works until its input ends.
	mkfifo /run/spread && exec {SPREAD}<>/run/spread || return
	bck nic $end <&"$SPREAD" >/dev/null 2>&1 &
	wait_for 10 eval "bck ip link show $end | grep -q xdp" && backend_serve
}

backend_up_card() {
	BCK=fsnic0
	ip netns add "$NS_BCK" && card_load queues="$(nproc)" &&
		ip link set fsnic1 netns "$NS_BCK" && backend_net fsnic1 && backend_serve
}

backend_net() {
	net_end env "$BCK" 10.78.0.1 fd78::1 && net_end bck "$1" $IP4_BCK $IP6_BCK
}

backend_serve() {
	local ip
	for ip in $IP4_BCK $IP6_BCK; do
		bck replies serve $ip $BACKEND_PORT 2>/dev/null &
		wait_for 10 replies ask $ip $BACKEND_PORT count 1
	done
}

backend_down() {
	[ -e "/run/netns/$NS_BCK" ] || return 0
	ip netns pids "$NS_BCK" | xargs -r kill -9 2>/dev/null
	ip netns del "$NS_BCK"
}

# Without multi-queue a thread keeps what it accepts; with it, HAProxy hands half of
# the connections on to other threads.
haproxy_config() {
	cat <<-END
		global
		    nbthread $(nproc)
		    user haproxy
		    group haproxy
		    maxconn 4096
		    tune.listener.multi-queue off
		defaults
		    mode tcp
		    timeout client 10s
		    timeout server 10s
		    timeout connect 5s
		listen f
		    bind $IP4_SRV:$HAPROXY_PORT
		    bind $IP6_SRV:$HAPROXY_PORT
		    server b $1:$BACKEND_PORT
	END
}

haproxy_up() {
	local cgroup=/run/cgroup/haproxy.$$ backend=$1
	shift
	mountpoint -q /run/cgroup ||
		{ mkdir -p /run/cgroup && mount -t cgroup2 none /run/cgroup; } || return
	mkdir -p "$cgroup" || return
	haproxy_config "$backend" >/run/haproxy.cfg
	coproc LOCALITY { exec locality "$cgroup" "$ONE_IN"; }
	read -r -t 10 _ <&"${LOCALITY[0]}" || return
	bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup" \
		"$@" haproxy -db -f /run/haproxy.cfg >/run/haproxy.log 2>&1 &
	HAPROXY=$!
	wait_for 20 haproxy_answers
}

haproxy_answers() {
	cli replies ask $IP4_SRV $HAPROXY_PORT count 4 | grep -q 'failed 0'
}

haproxy_counts() {
	echo >&"${LOCALITY[1]}"
	read -r -t 10 "$@" <&"${LOCALITY[0]}"
}

haproxy_load() {
	local p pl a al was_p was_pl was_a was_al asked failed rate
	haproxy_counts was_p was_pl was_a was_al
	read -r _ asked _ _ _ failed _ rate < <(cli replies ask "${2-$IP4_SRV}" $HAPROXY_PORT \
		threads 8 seconds "$1")
	haproxy_counts p pl a al
	echo $((asked - failed)) "$failed" $((p - was_p)) $((pl - was_pl)) \
		$((a - was_a)) $((al - was_al)) "$rate"
}

haproxy_down() {
	local pid=${LOCALITY_PID-}
	[ -n "$HAPROXY" ] || return 0
	kill "$HAPROXY" 2>/dev/null
	wait "$HAPROXY" 2>/dev/null
	HAPROXY=''
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	rmdir "/run/cgroup/haproxy.$$" 2>/dev/null
	return 0
}

# at_home NAME IP...: 99.9 % on both legs. One connection in ONE_IN is looked at, so
# it takes a while until there are enough to tell.
at_home() {
	local name=$1 ok=0 failed=0 passive=0 passive_local=0 active=0 active_local=0 rates='' ip
	local load enough=1200
	[ "$name" != stock ] || enough=300
	for _ in $(seq 25); do
		for ip in "${@:2}"; do
			read -r -a load < <(haproxy_load 2 "$ip")
			ok=$((ok + load[0])) failed=$((failed + load[1]))
			passive=$((passive + load[2])) passive_local=$((passive_local + load[3]))
			active=$((active + load[4])) active_local=$((active_local + load[5]))
			rates="$rates ${load[6]}"
		done
		[ $active -lt $enough ] || [ $passive -lt $enough ] || break
	done
	note "$name: $ok served, local: $passive_local of $passive passive, $active_local of\
 $active active;$rates/s"
	is "$name: errors" "$failed" 0
	[ "$name" = stock ] || {
		check "$name: passive leg" share $passive_local $passive
		check "$name: active leg" share $active_local $active
	}
}

share() {
	echo "$1 of $2"
	[ "$2" -ge 1000 ] && [ $(($1 * 1000)) -ge $(($2 * 999)) ]
}

haproxy_mode() {
	local backend
	haproxy_up $IP4_BCK || not_ok "starts" "$(cat /run/haproxy.log)"
	at_home stock $IP4_SRV
	haproxy_down
	check "enabled" fsctl enable --iface "$BCK" --mode "$1" --spill off
	for backend in $IP4_BCK $IP6_BCK; do
		haproxy_up $backend fsctl run -- || not_ok "starts" "$(cat /run/haproxy.log)"
		at_home "$1, $backend" $IP4_SRV $IP6_SRV
		haproxy_down
	done
	check "disabled" fsctl disable --iface "$BCK"
}
