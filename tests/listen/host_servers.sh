#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Server models with Debian's nginx and HAProxy, without the module: who gets a
# local listener, how local the connections are, and what a reload loses.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/lib/net.sh

dir=$(mktemp -d /tmp/fs-listen.XXXXXX)
chmod 755 "$dir"
trap 'rm -rf "$dir"' EXIT
PORT=8000
SERVER=

answers() {
	curl -sf -o /dev/null "http://127.0.0.1:$PORT/" && curl -sf -o /dev/null "http://[::1]:$PORT/"
}

start() {
	"$@" >"$dir/out" 2>&1 &
	SERVER=$!
	wait_for 10 answers
}

stop() {
	kill "$SERVER"
	wait "$SERVER"
}

listeners() {
	ss -Hltn "sport = :$PORT" | wc -l
}

# LOCAL ALL of the selections so far
selections() {
	fsctl status --json | python3 -c '
import json, sys
cpus = [cpu["selected"] for each in json.load(sys.stdin).get("listeners", [])
        if each["address"].endswith(":8000") for cpu in each["cpus"]]
print(sum(c["local"] for c in cpus),
      sum(c["local"] + c["neighbour"] + c["original"] + c["hashed"] for c in cpus))'
}

client() {
	read -r OK LOST < <(python3 tests/listen/client.py $PORT "$1" 8 2>"$dir/lost")
}

# Load while a command runs every 0.4 s
client_while() {
	local seconds=$1
	shift
	python3 tests/listen/client.py $PORT "$seconds" 8 >"$dir/client" 2>"$dir/lost" &
	local load=$!
	while kill -0 $load 2>/dev/null; do
		sleep 0.4
		"$@" >/dev/null 2>&1
		TIMES=$((TIMES + 1))
	done
	wait $load
	read -r OK LOST <"$dir/client"
}

# model NAME LISTENERS: local, and without an error
model() {
	local local all was_local was_all
	is "$1: listeners" "$(listeners)" "$2"
	read -r was_local was_all < <(selections)
	client 2
	read -r local all < <(selections)
	is "$1: not answered" "$LOST" 0
	local=$((local - was_local)) all=$((all - was_all))
	note "$1: $local of $all selections local, $OK answered"
	if [ "$all" -ge "$OK" ] && [ "$OK" -gt 0 ] && [ $((local * 1000)) -ge $((all * 999)) ]; then
		ok "$1: 99.9 % local"
	else
		not_ok "$1: 99.9 % local" "$local of $all, $OK answered"
	fi
}

nginx_conf() {
	cat >"$dir/nginx.conf" <<CONF
user www-data;
worker_processes ${3-$(nproc)};
daemon off;
pid $dir/pid;
error_log $dir/error.log;
events { worker_connections 256; $2 }
http {
	access_log off;
	keepalive_timeout 0;
	server { listen $PORT$1; listen [::]:$PORT$1; location / { return 200 "ok\n"; } }
}
CONF
}

haproxy_conf() {
	cat >"$dir/haproxy.cfg" <<CONF
global
	nbthread $(nproc)
	user haproxy
	group haproxy
	$2
defaults
	mode http
	timeout client 10s
	timeout server 10s
	timeout connect 5s
frontend f
	bind 127.0.0.1:$PORT $1
	bind ::1:$PORT $1
	http-request return status 200 content-type text/plain string ok
CONF
}

check "fsctl enable" fsctl enable --iface lo
cpus=$(nproc)

nginx_conf "" ""
start fsctl run -- nginx -c "$dir/nginx.conf"
model "nginx" $((2 * (1 + cpus)))
TIMES=0
client_while 6 kill -HUP $SERVER
is "nginx: not answered in $TIMES reloads" "$LOST" 0
note "nginx: $OK answered during $TIMES reloads; lost: $(tr '\n' ' ' <"$dir/lost")"
wait_for 10 [ "$(listeners)" -eq $((2 * (1 + cpus))) ]
model "nginx after the reloads" $((2 * (1 + cpus)))
stop

nginx_conf "" "" 1
start fsctl run -- nginx -c "$dir/nginx.conf"
is "nginx, one worker: listeners" "$(listeners)" 4
client 1
is "nginx, one worker: not answered" "$LOST" 0
stop

nginx_conf "" "" $((2 * cpus))
start fsctl run -- nginx -c "$dir/nginx.conf"
model "nginx, two workers for each CPU" $((2 * (1 + 2 * cpus)))
stop

nginx_conf " reuseport" ""
start fsctl run -- nginx -c "$dir/nginx.conf"
model "nginx reuseport" $((2 * cpus))
kill -HUP $SERVER
sleep 1
model "nginx reuseport after a reload" $((2 * cpus))
stop

nginx_conf "" "accept_mutex on; accept_mutex_delay 20ms;"
start fsctl run -- nginx -c "$dir/nginx.conf"
client 2
is "nginx accept_mutex: not answered" "$LOST" 0
is "nginx accept_mutex: left shared" "$(listeners)" 2
stop

haproxy_conf "" ""
start fsctl run -- haproxy -db -f "$dir/haproxy.cfg"
model "haproxy nbthread" $((2 * (1 + cpus)))
stop

haproxy_conf "shards by-thread" ""
start fsctl run -- haproxy -db -f "$dir/haproxy.cfg"
model "haproxy shards by-thread" $((2 * cpus))
stop

haproxy_conf "" "stats socket $dir/sock mode 600 level admin expose-fd listeners"
start fsctl run -- haproxy -W -db -f "$dir/haproxy.cfg"
model "haproxy master-worker" $((2 * (1 + cpus)))
TIMES=0
client_while 6 kill -USR2 $SERVER
is "haproxy master-worker: not answered in $TIMES seamless reloads" "$LOST" 0
note "haproxy: $OK answered during $TIMES reloads; lost: $(tr '\n' ' ' <"$dir/lost")"
stop

check "fsctl disable" fsctl disable --iface lo
finish
