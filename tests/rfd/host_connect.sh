#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Source ports of outgoing connections, on this machine's kernel: where they lie,
# what is left alone, what a program notices (nothing), what it costs.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/rfd/rfd.sh
. tests/rfd/connect.sh

mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
connect_cases

# One more call for each connection, and that one: setsockopt just before connect
calls() {
	strace -f -o "$dir/trace" "$@" -n 200 "$IP4_CLI" 9001 >/dev/null || return
	sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' "$dir/trace" | sort | uniq -c | awk '{ print $2, $1 }'
}
calls connect >"$dir/stock"
calls fsctl run -- connect >"$dir/fastsock"
# Once in a while the route is asked for: between the first and the last connection
# nothing else may be, by the thread that connects.
awk '/connect\(/ && /9001/ { n++; thread = $1 } n > 1 && n < 200 && $1 == thread' "$dir/trace" |
	sed -nE 's/^[0-9]+ +([a-z0-9_]+)\((.*)/\1 \2/p' >"$dir/steady"
is "200 connections, 200 ranges" "$(grep -c 'setsockopt.*0x33' "$dir/trace")" 200
is "nothing else is added: of socket, getsockname, getpeername, write, connect, setsockopt as many" \
	"$(awk '{ print $1 }' "$dir/steady" | sort | uniq -c | awk '$1 > 150 { print $2 }' | xargs)" \
	"connect getpeername getsockname setsockopt socket write"
added=$(awk '$1 !~ /^(connect|getpeername|getsockname|setsockopt|socket|write)$/' "$dir/steady" |
	grep -cv AF_NETLINK)
asked=$(grep -c AF_NETLINK "$dir/steady")
check "the route was asked for $asked times, 5 calls each ($added others)" \
	[ "$added" -le $((asked * 4)) ]
follow_cases

# What the kernel may answer. failing CALL ERROR NAME N COMMAND...: as `adds`, with
# that call failing, and what was said on stderr in $dir/said.
failing() {
	local call=$1 error=$2
	shift 2
	# shellcheck disable=SC2317 # made calls it
	fsctl() {
		strace -qq -f -o "$dir/trace" -e trace="$call" -e inject="$call:error=$error" \
			"$FS_BUILD/bin/fsctl" "$@" 2>"$dir/said"
	}
	adds "$@"
}
fsctl enable --iface "$VETH_SRV" --mode external --cpus 0,1 >/dev/null
eight=(made any --count 8 -- -n 8 "$IP4_CLI" 9003)
check "a kernel without the option: as without" failing setsockopt ENOPROTOOPT chosen 0 "${eight[@]}"
is "asked once" "$(grep -c '0x33' "$dir/trace")" 1
is "and said once" "$(grep -c 'has no IP_LOCAL_PORT_RANGE' "$dir/said")" 1
check "the option is forbidden: as without" failing setsockopt EPERM chosen 0 "${eight[@]}"
is "and nothing is said" "$(cat "$dir/said")" ""
check "no answer about the route: as without" failing sendto EPERM chosen 0 "${eight[@]}"
(failing connect EADDRNOTAVAIL exhausted 8 "${eight[@]}") >/dev/null 2>&1
is "no port at all: the program is told so" "$(sort -u "$dir/made")" "0 error 99"
is "after one try more for each connection" "$(grep -c '9003' "$dir/trace")" 16
check "an ordinary user, who may not open the pins: as without" adds chosen 0 eval \
	'fsctl run -- setpriv --reuid nobody --clear-groups "$FS_BUILD/tests/rfd/connect" -n 8 $IP4_CLI 9003 >/dev/null'
check "who was root when it started: served" adds chosen 8 taskset -c 0 fsctl run -- python3 -c "
import os, socket
os.setuid(65534)
for _ in range(8):
    socket.socket().connect(('$IP4_CLI', 9003))"

# Programs
check "curl" [ "$(fsctl run -- curl -sS "http://$IP4_CLI:9000/")" = hello ]
check "its connection was counted" adds chosen 1 \
	taskset -c 0 fsctl run -- curl -sS -o /dev/null "http://$IP4_CLI:9000/"
is "curl says the same of a refused connection" \
	"$(fsctl run -- curl -sS "http://$IP4_CLI:1/" 2>&1 | sed 's/after .* ms/after/')" \
	"$(curl -sS "http://$IP4_CLI:1/" 2>&1 | sed 's/after .* ms/after/')"
check "Python" adds chosen 8 taskset -c 0 fsctl run -- python3 -c "
import socket
for _ in range(8):
    socket.create_connection(('$IP4_CLI', 9001), 5).close()"
cat >"$dir/haproxy.cfg" <<CONF
global
	nbthread 2
defaults
	mode http
	timeout connect 5s
	timeout client 5s
	timeout server 5s
frontend web
	bind 127.0.0.1:40000
	default_backend there
backend there
	http-reuse never
	server one $IP4_CLI:9000
CONF
fsctl enable --iface "$VETH_SRV" --mode external --cpus 0,1 >/dev/null
if command -v haproxy >/dev/null; then
	fsctl run -- haproxy -db -f "$dir/haproxy.cfg" >"$dir/haproxy" 2>&1 &
	proxy=$!
	# Not by trying: until it listens a connection may take that port itself, and meet itself.
	wait_for 10 listening 40000
	check "HAProxy, listening on a port of the range" wait_for 10 \
		curl -sf -o /dev/null http://127.0.0.1:40000/
	requests() {
		for _ in $(seq 50); do
			[ "$(curl -sS -m 5 http://127.0.0.1:40000/)" = hello ] || return
		done
	}
	check "HAProxy: 50 requests, 50 ports chosen" adds chosen 50 requests
	kill $proxy
	wait $proxy
else
	skip "HAProxy" "not installed"
fi

check "fsctl disable" fsctl disable --all
finish
