# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# One server at a time: starting it, loading it, killing its workers, and that it
# leaves nothing. Source after tests/lib/tap.sh and net.sh.

cpus=$(nproc)
client=$FS_BUILD/tests/listen/client
dir=$(mktemp -d /tmp/fs-listen.XXXXXX)
chmod 755 "$dir"
trap 'end_server; rm -rf "$dir"' EXIT
PORT=8000
ADDRESSES=(127.0.0.1 ::1)
ASK=()		# options of the client: how to speak to this kind of server
SERVER=
NAME=

# Only what this script started, and what that started.
end_server() {
	local pid
	[ -n "$SERVER" ] || return 0
	for pid in $SERVER $(pgrep -P "$SERVER"); do
		kill -9 "$pid" 2>/dev/null
	done
	wait "$SERVER" 2>/dev/null
	SERVER=
}

answers() {
	local answered wanted=$((2 * ${#ADDRESSES[@]}))
	read -r answered _ < <("$client" -t 1 -n $wanted "${ASK[@]}" "${ADDRESSES[@]}" $PORT)
	[ "$answered" -eq $wanted ]
}

# serve NAME COMMAND...: the name is for all that follows
serve() {
	NAME=$1
	shift
	"$@" >"$dir/out" 2>&1 </dev/null &
	SERVER=$!
	if wait_for 60 answers; then
		ok "$NAME: answers on ${ADDRESSES[*]}"
	else
		not_ok "$NAME: answers on ${ADDRESSES[*]}" "$(tail -n 5 "$dir/out")"
	fi
}

# in_front PID: as tests/lib/ahead.sh, for a server that has a session of its own
in_front() {
	[ "${FS_AHEAD-}" != 1 ] || [ ! -w "/proc/$1/autogroup" ] || echo -20 >"/proc/$1/autogroup"
}

# stop [SIGNAL]: nothing is left then, no process, no socket, no slot.
stop() {
	kill "-${1-TERM}" "$SERVER"
	if wait_for 20 ended "$SERVER"; then
		wait "$SERVER" 2>/dev/null
		SERVER=
	fi
	check "$NAME: ends and leaves nothing" wait_for 5 nothing_left
	end_server
}

ended() {
	[ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"
}

all_ended() {
	local pid
	for pid in "$@"; do
		ended "$pid" || return
	done
}

nothing_left() {
	[ -z "$SERVER" ] && [ "$(listeners)" -eq 0 ] &&
		! fsctl status --json | grep -q '"address"'
}

# On the port, and on the next one: some servers use two.
listeners() {
	ss -Hltn "sport = :$PORT or sport = :$((PORT + 1))" | wc -l
}

workers() {
	pgrep -P "$SERVER"
}

# load SECONDS [PAUSE COMMAND...]: the client, and meanwhile the command again and
# again, at most MOST times; with 0 SECONDS, until it was done MOST times. Sets OK, LOST (not answered, for whatever reason but one), KILLED (the one:
# a worker that was killed held it), SLOWEST (ms) and TIMES.
load() {
	local seconds=$1 pause=${2-} pid refused unanswered broken
	: >"$dir/killed"
	[ "$seconds" != 0 ] || seconds=600
	"$client" -d "$seconds" -k "$dir/killed" -l "$dir/lost" "${ASK[@]}" \
		"${ADDRESSES[@]}" $PORT >"$dir/load" &
	pid=$!
	TIMES=0
	if [ -n "$pause" ]; then
		shift 2
		sleep "$pause"
		# A little before its end: what is done then is to be seen.
		while ! ended $pid && [ $TIMES -lt "${MOST:-1000}" ]; do
			"$@" >"$dir/command" 2>&1
			TIMES=$((TIMES + 1))
			sleep "$pause"
		done
	fi
	# A second more shows what the last time has done.
	if [ "$seconds" = 600 ]; then
		sleep 1
		kill -TERM $pid
	fi
	wait $pid || note "the client ended by itself: $?"
	read -r OK refused unanswered broken KILLED SLOWEST <"$dir/load"
	LOST=$((refused + unanswered + broken))
	LOST_HOW="refused $refused, unanswered $unanswered, broken $broken"
}

# kill_worker PID: stopped first, so that what it holds can be told from what waits
# in its queue: a connection in a queue belongs to no process.
kill_worker() {
	local when port
	kill -STOP "$1" || return
	wait_for 5 grep -q '^State:.T' "/proc/$1/status"
	when=$EPOCHREALTIME
	ss -Htnp state established state close-wait state fin-wait-1 state fin-wait-2 \
		"sport = :$PORT" | grep -F "pid=$1," |
		sed -E 's/.*:([0-9]+) +users.*/\1/' | while read -r port; do
		echo "$when $port"
	done >>"$dir/killed"
	kill -KILL "$1"
}

# LOCAL ALL SPILLED of the selections of all servers so far
selections() {
	fsctl status --json | python3 -c '
import json, sys
cpus = [cpu["selected"] for each in json.load(sys.stdin).get("listeners", [])
        for cpu in each["cpus"]]
print(sum(c["local"] for c in cpus),
      sum(c["local"] + c["spilled"] + c["neighbour"] + c["original"] + c["hashed"] for c in cpus),
      sum(c["spilled"] for c in cpus))'
}

# nothing_lost WHAT [BUT SO MANY, which the server itself loses]
nothing_lost() {
	if [ "$LOST" -le "${2-0}" ] && [ "$OK" -gt 0 ]; then
		ok "$1: nothing lost${2:+ but what the server loses itself}"
	else
		not_ok "$1: nothing lost" "$OK answered; $LOST_HOW
$(head -n 5 "$dir/lost")"
	fi
}

has_listeners() {
	[ "$(listeners)" -eq "$1" ]
}

has_workers() {
	[ "$(workers | wc -l)" -eq "$1" ]
}

nginx_conf() {
	cat >"$dir/nginx.conf" <<CONF
user www-data;
daemon ${NGINX_DAEMON-off};
pid $dir/pid;
error_log $dir/error.log;
${NGINX_MAIN:-worker_processes $cpus;}
events { worker_connections 512; ${NGINX_EVENTS-} }
http {
	access_log off;
	keepalive_timeout 0;
	server { ${NGINX_LISTEN:-listen $PORT${1-}; listen [::]:$PORT${1-};} location / { return 200 "ok\n"; } }
}
CONF
}

# HAProxy's seamless reload resets 2 to 5 connections in 100 reloads at some
# thousand connections a second, as stock: those that the leaving process had just
# accepted. A queue that went with its listener would be many more.
HAPROXYS_OWN=3

haproxy_conf() {
	cat >"$dir/haproxy.cfg" <<CONF
global
	nbthread $cpus
	user haproxy
	group haproxy
	${HAPROXY_GLOBAL-}
defaults
	mode http
	timeout client 10s
	timeout server 10s
	timeout connect 5s
frontend f
	bind 127.0.0.1:$PORT ${1-}
	bind ::1:$PORT ${1-}
	http-request return status 200 content-type text/plain string ok hdr x-thread %[thread]
CONF
}
