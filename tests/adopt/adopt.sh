# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# adopt, on whichever kernel this is. Source it after tap.sh; cases stand between
# adopt_begin and adopt_end.

. tests/lib/net.sh
. tests/fsctl/fsctl.sh

server=$FS_BUILD/tests/adopt/server
cpus=$(nproc --all)
port=8100

# up KIND HOST WORKERS [OPTION...]: on the next port; SERVER is its process
up() {
	port=$((port + 1))
	rm -f "$tmp/up"
	"$server" serve "$1" "$2" $port "${@:3}" >"$tmp/up" &
	SERVER=$!
	local what=-Hltn
	[ "$1" = tcp ] || what=-Hlun
	# They listen before there are workers, for whom adopt looks.
	wait_for 10 grep -q up "$tmp/up" && wait_for 10 eval "[ \$(ss $what 'sport = :$port' | wc -l) -eq $3 ]"
}

down() {
	kill -9 $SERVER
	wait $SERVER 2>/dev/null
	wait_for 10 eval "! ss -Hltun 'sport = :$port' | grep -q ."
}

# ask KIND HOST SECONDS: sets asked, answered, local
ask() {
	asked=none answered=0 local=0
	read -r _ asked _ answered _ local < <("$server" ask "$1" "$2" $port "$3")
	[ "${answered:-0}" -gt 0 ] || asked="more than $asked"
	note "$1 $2: asked $asked, answered $answered, local $local"
}

# all_local WHAT: of the last ask
all_local() {
	if [ "${answered:-0}" -gt 0 ] && [ $((local * 1000)) -ge $((answered * 999)) ]; then
		ok "$1: 99.9 % local"
	else
		not_ok "$1: 99.9 % local" "$local of $answered"
	fi
	is "$1: nothing lost" "$answered" "$asked"
}

# in_slots: sockets that the maps hold, then members
in_slots() {
	echo "$(json 'sum(len(c["listeners"]) for l in s["listeners"] for c in l["cpus"])')" \
		"$(bpftool -j map dump pinned $pins/members | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))')"
}

# Can this kernel tell a group's program?  With BTF and CONFIG_BPF_EVENTS.
iterators() {
	[ -e /sys/kernel/btf/vmlinux ] && grep -qw bpf_iter_tcp /proc/kallsyms
}

# serves WHAT KIND HOST WORKERS [OPTION...]
serves() {
	local what=$1 kind=$2 host=$3 flag=() chosen
	shift
	[ "$kind" = tcp ] || flag=(--udp)
	up "$@" || not_ok "$what: a server"
	check "$what: dry run" says 0 "would be adopted, $3 sockets" fsctl adopt --port $port "${flag[@]}" --dry-run
	is "$what: which changes nothing" "$(in_slots)" "0 0"
	check "$what: adopted" says 0 ": adopted, $3 sockets" fsctl adopt --port $port "${flag[@]}"
	is "$what: all have slots" "$(in_slots)" "$3 $3"
	ask "$kind" "$host" 2
	[[ " $* " != *" pinned"* ]] || all_local "$what"
	chosen=$(json 'sum(v for l in s["listeners"] for c in l["cpus"]
		for k, v in c["selected"].items() if k not in ("migrated", "hashed"))')
	if [ "$chosen" -ge "$answered" ]; then
		ok "$what: selected is what was answered"
	else
		not_ok "$what: selected is what was answered" "$chosen of $answered: $(fsctl status)"
	fi
	check "$what: again changes nothing" says 0 "was there already" fsctl adopt --port $port "${flag[@]}"
	check "$what: released" says 0 ": released" fsctl adopt --port $port "${flag[@]}" --release
	is "$what: no slot is taken, nobody entered" "$(in_slots)" "0 0"
	check "$what: released again" says 0 "was not adopted" fsctl adopt --port $port "${flag[@]}" --release
	ask "$kind" "$host" 1
	is "$what: answered as before" "$answered" "$asked"
	down
}

# flipped TIMES
flipped() {
	local broken=0
	up tcp 127.0.0.1 "$cpus" threads pinned
	"$server" ask tcp 127.0.0.1 $port 250 >"$tmp/flips" &
	for _ in $(seq "$1"); do
		fsctl adopt --port $port >/dev/null || broken=$((broken + 1))
		fsctl adopt --port $port --release >/dev/null || broken=$((broken + 1))
	done
	kill $!
	wait $!
	asked=none answered=0
	read -r _ asked _ answered _ local <"$tmp/flips"
	note "$1 flips: asked $asked, answered $answered, local $local"
	is "flipped $1 times under load: each works" $broken 0
	is "flipped $1 times under load: nothing lost" "$answered" "$asked"
	check "flipped $1 times under load: there was some" [ "$answered" -gt 100 ]
	down
}

refusals() {
	up tcp 127.0.0.1 1 shared
	check "without SO_REUSEPORT: use fsctl run" says 1 "fsctl run" fsctl adopt --port $port
	down
	up tcp 127.0.0.1 1
	check "one socket" says 1 "one socket only" fsctl adopt --port $port
	check "no process 4194304" says 1 "no process 4194304" fsctl adopt --port $port --pid 4194304
	check "another address" says 1 "no listening TCP socket on port $port of this address" \
		fsctl adopt --port $port --address 127.0.0.2
	check "no such port" says 1 "no listening TCP socket on port 1 " fsctl adopt --port 1
	down
	up tcp 127.0.0.1 $((4 * cpus + 1)) threads
	check "more sockets than there is room for" says 1 "would get nothing any more" \
		fsctl adopt --port $port
	is "leaves nothing" "$(in_slots)" "0 0"
	down
	up tcp 127.0.0.1 5 threads
	taskset -acp 0 $SERVER >/dev/null
	check "five workers of one CPU" says 1 "no place for" fsctl adopt --port $port
	is "leaves nothing, neither" "$(in_slots)" "0 0"
	ask tcp 127.0.0.1 1
	is "nor did clients notice" "$answered" "$asked"
	check "without the right: said" says 1 "CAP_SYS_PTRACE" \
		setpriv --bounding-set -sys_ptrace --inh-caps -sys_ptrace "$fsctl" adopt --port $port
	down
	up tcp 127.0.0.1 "$cpus"
	"$server" serve tcp 127.0.0.1 $port 1 >/dev/null &
	local other=$!
	wait_for 10 eval "[ \$(ss -Hltn 'sport = :$port' | wc -l) -eq $((cpus + 1)) ]"
	check "one process of two" says 1 "leave --pid away" fsctl adopt --port $port --pid $other
	kill -9 $other
	wait $other 2>/dev/null
	down
	fsctl run -- python3 tests/fsctl/unserved.py twice $((port + 1)) </dev/null &
	port=$((port + 1))
	wait_for 10 eval "[ \$(ss -Hltn 'sport = :$port' | wc -l) -eq 2 ]"
	check "with the library: refused" says 1 "has libfastsock" fsctl adopt --port $port
	kill -9 $!
}

# A program of the server's own stays.
own_program() {
	up tcp 127.0.0.1 "$cpus" threads program
	if ! iterators; then
		skip "a program of its own: refused" "no BPF iterators on this kernel"
		check "UDP without them: refused" eval "up udp 127.0.0.1 2 && says 1 'does not tell' \
			fsctl adopt --udp --port \$port; kill -9 \$SERVER"
	else
		check "a program of its own: refused" says 1 "classic reuseport program of its own" \
			fsctl adopt --port $port
		ask tcp 127.0.0.1 1
		is "and left to it: one worker has all" "$answered" "$asked"
		is "in no slot" "$(in_slots)" "0 0"
	fi
	down
}

# The server ends, and a new one comes.
ends() {
	up tcp 127.0.0.1 "$cpus" threads pinned
	fsctl adopt --port $port >/dev/null
	down
	is "a server that ended leaves no socket in a slot" "$(in_slots | cut -d' ' -f1)" 0
	port=$((port - 1))
	up tcp 127.0.0.1 "$cpus" threads pinned
	check "its successor is adopted anew" says 0 ": adopted" fsctl adopt --port $port
	ask tcp 127.0.0.1 1
	all_local "the successor"
	fsctl disable --all >/dev/null
	ask tcp 127.0.0.1 1
	is "disabled under it: nothing lost" "$answered" "$asked"
	fsctl enable --iface lo >/dev/null
	check "enabled anew: it has to be restarted, and that is said" says 1 "restart the server" \
		fsctl adopt --port $port
	ask tcp 127.0.0.1 1
	is "it answers all the same" "$answered" "$asked"
	down
}

elsewhere() {
	rm -f "$tmp/up"
	unshare --net bash -c "ip link set lo up; exec '$server' serve tcp 127.0.0.1 9000 $cpus threads pinned" \
		>"$tmp/up" &
	local pid=$!
	wait_for 10 grep -q up "$tmp/up"
	wait_for 10 eval "[ \$(nsenter -t $pid -n ss -Hltn 'sport = :9000' | wc -l) -eq $cpus ]"
	check "another network namespace: not seen without --pid" says 1 "no listening TCP socket" \
		fsctl adopt --port 9000
	check "adopted with it" says 0 ": adopted" fsctl adopt --port 9000 --pid $pid
	read -r _ asked _ answered _ local < <(nsenter -t $pid -n "$server" ask tcp 127.0.0.1 9000 1)
	all_local "there"
	is "and marked in stats" "$(fsctl stats --json --listener 9000 | python3 -c 'import json, sys
print(*[l["this_netns"] for l in json.load(sys.stdin)["listeners"]])')" False
	check "released there" says 0 ": released" fsctl adopt --port 9000 --pid $pid --release
	kill -9 $pid
	wait $pid 2>/dev/null
}

nginx_known() {
	[ "$(fsctl adopt --port $port --dry-run | grep -c "its worker's only CPU")" = "$cpus" ]
}

# nginx, with `reuseport` and without the library
nginx_reuseport() {
	command -v nginx >/dev/null || { skip "nginx" "not installed"; return; }
	port=$((port + 1))
	cat >"$tmp/nginx.conf" <<-EOT
	worker_processes $cpus; worker_cpu_affinity auto; pid $tmp/nginx.pid; error_log $tmp/error.log;
	events { worker_connections 512; }
	http { access_log off; server { listen 127.0.0.1:$port reuseport; return 200 L; } }
	EOT
	nginx -c "$tmp/nginx.conf" || { not_ok "nginx starts"; return; }
	# It returns before its workers are up and pinned.
	check "nginx: each worker is known" wait_for 20 nginx_known
	check "nginx: adopted" says 0 ": adopted, $cpus sockets" fsctl adopt --port $port
	python3 tests/adopt/get.py $port 500 >"$tmp/get"
	is "nginx: answered" "$(cat "$tmp/get")" 500
	# A SYN that is sent again is selected again.
	is "nginx: all selected by CPU" "$(json '[(sum(c["selected"]["local"] for c in l["cpus"]) >= 500, sum(v for c in l["cpus"] for k, v in c["selected"].items() if k not in ("local", "migrated"))) for l in s["listeners"]]')" "[(True, 0)]"
	nginx -c "$tmp/nginx.conf" -s reload
	python3 tests/adopt/get.py $port 200 >"$tmp/get"
	is "nginx: reload keeps its sockets in their slots" "$(cat "$tmp/get")" 200
	check "nginx: adopted again" says 0 "was there already" fsctl adopt --port $port
	check "nginx: released" says 0 ": released" fsctl adopt --port $port --release
	nginx -c "$tmp/nginx.conf" -s stop
}

adopt_begin() {
	tmp=$(mktemp -d /run/adopt.XXXXXX)
	fsctl enable --iface lo >/dev/null
}

adopt_end() {
	fsctl disable --all >/dev/null
	check "nothing is left" no_pins
	rm -r "$tmp"
}
