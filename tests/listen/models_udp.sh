# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# UDP servers with a socket for each worker. Source after models.sh.

datagrams=$FS_BUILD/tests/listen/datagrams

udp_sockets() {
	ss -Hlun "sport = :$PORT" | wc -l
}

# udp_up NAME SOCKETS COMMAND...
udp_up() {
	NAME=$1
	"${@:3}" >"$dir/out" 2>&1 </dev/null &
	SERVER=$!
	if wait_for 20 eval "[ \$(udp_sockets) -eq $2 ]"; then
		ok "$NAME: $2 sockets"
	else
		not_ok "$NAME: $2 sockets" "$(udp_sockets); $(tail -n 5 "$dir/out")"
	fi
}

udp_down() {
	local worker
	worker=$(workers)
	kill "$SERVER"
	wait "$SERVER" 2>/dev/null
	SERVER=
	wait_for 10 eval "[ \$(udp_sockets) -eq 0 ]" || not_ok "$NAME: ends" "$worker"
}

# slots: of the UDP sockets in the maps
slots() {
	fsctl status --json | python3 -c 'import json, sys
print(sum(len(c["listeners"]) for l in json.load(sys.stdin)["listeners"]
          if l["protocol"] == "udp" for c in l["cpus"]))'
}

# Datagrams from every CPU: answered, and by whom, as the server itself sees it.
datagrams_local() {
	local asked=none answered=0 local=0
	read -r _ asked _ answered _ local < <("$datagrams" ask udp "$1" $PORT 1)
	note "$NAME: asked $asked, answered $answered, local $local"
	is "$NAME: nothing lost" "$answered" "$asked"
	check "$NAME: local" mostly "$local" "$answered"
}

# served KIND HOST: workers are KIND
served() {
	udp_up "UDP, $1, $2" $cpus env FASTSOCK_UDP=1 fsctl run -- "$datagrams" serve udp "$2" $PORT $cpus "$1"
	check "$NAME: in slots" wait_for 10 eval "[ \$(slots) -eq $cpus ]"
	datagrams_local "$2"
	udp_down
	check "$NAME: leaves no slot" wait_for 5 eval "[ \$(slots) -eq 0 ]"
}

# not_served NAME [ENVIRONMENT...] -- [OPTION...]
not_served() {
	local name=$1 env=()
	while shift && [ "$1" != -- ]; do
		env+=("$1")
	done
	shift
	udp_up "$name" $cpus env "${env[@]}" fsctl run -- "$datagrams" serve udp 127.0.0.1 $PORT $cpus "$@"
	read -r _ asked _ answered _ < <("$datagrams" ask udp 127.0.0.1 $PORT 1)
	[ "${answered:-0}" -gt 0 ] || asked="more than $asked"
	is "$NAME: nothing lost" "$answered" "$asked"
	is "$NAME: no slot is taken" "$(slots)" 0
	udp_down
}

knot_conf() {
	cat >"$dir/knot.conf" <<-CONF
	server:
	    rundir: "$dir"
	    listen: [ 127.0.0.1@$PORT, ::1@$PORT ]
	    udp-workers: $cpus
	    tcp-workers: $cpus
	    background-workers: 1
	database:
	    storage: "$dir"
	    journal-db-max-size: 1M
	    timer-db-max-size: 1M
	    kasp-db-max-size: 5M
	    catalog-db-max-size: 5M
	template:
	  - id: default
	    storage: "$dir"
	    file: "zone"
	zone:
	  - domain: example.test
	CONF
	cat >"$dir/zone" <<-'ZONE'
	$ORIGIN example.test.
	$TTL 60
	@ SOA ns hostmaster 1 60 60 60 60
	@ NS ns
	ns A 127.0.0.1
	www A 127.0.0.2
	ZONE
}

# Each of its UDP threads binds itself to a CPU and has a socket for each address.
knot_model() {
	local ip was_local was_all local all asked answered
	knot_conf
	udp_up "knot" $((2 * cpus)) env FASTSOCK_UDP=1 fsctl run -- knotd -c "$dir/knot.conf"
	check "knot: in slots" wait_for 10 eval "[ \$(slots) -eq $((2 * cpus)) ]"
	for ip in "${ADDRESSES[@]}"; do
		check "knot, $ip: answers" wait_for 10 python3 tests/listen/dns.py $ip $PORT 0.1
		read -r was_local was_all _ < <(selections)
		read -r asked answered < <(python3 tests/listen/dns.py $ip $PORT 1)
		read -r local all _ < <(selections)
		local=$((local - was_local)) all=$((all - was_all))
		note "knot, $ip: asked $asked, answered $answered, $local of $all selections local"
		is "knot, $ip: nothing lost" "$answered" "$asked"
		check "knot, $ip: all came by a selection" [ "$all" -ge "$asked" ]
		check "knot, $ip: local" mostly $local $all
	done
	udp_down
}

udp_models() {
	served threads 127.0.0.1
	served processes ::1
	not_served "UDP, not asked for" -- threads
	not_served "UDP, a program of its own" FASTSOCK_UDP=1 -- threads program
	not_served "UDP, a program, given to the first" FASTSOCK_UDP=1 -- program first
	knot_model
}
