#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# nginx makes exactly the system calls with the library that it makes without:
# 1000 requests, one after the other, after a warm-up; totals per call compared.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/lib/net.sh

mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
dir=$(mktemp -d /tmp/fs-syscalls.XXXXXX)
chmod 755 "$dir"
trap 'rm -rf "$dir"' EXIT
cat >"$dir/nginx.conf" <<CONF
user www-data;
worker_processes 1;
daemon off;
pid $dir/pid;
error_log $dir/error.log;
events { worker_connections 128; }
http {
	access_log off;
	keepalive_timeout 0;
	server { listen 127.0.0.1:8000; location / { return 200 "ok\n"; } }
}
CONF

requests() {
	taskset -c 0 python3 - "$1" <<'PY'
import socket, sys
for _ in range(int(sys.argv[1])):
    s = socket.create_connection(("127.0.0.1", 8000), 10)
    s.sendall(b"GET / HTTP/1.0\r\n\r\n")
    while s.recv(4096):
        pass
    s.close()
PY
}

# counted NAME LAUNCHER...: a line "CALL COUNT" for each call, in $dir/NAME
counted() {
	local name=$1 master tracer
	shift
	taskset -c 0 "$@" nginx -c "$dir/nginx.conf" >"$dir/out" 2>&1 &
	master=$!
	wait_for 10 requests 1 || { not_ok "$name: nginx serves" "$(cat "$dir/out")"; return; }
	requests 50
	strace -f -o "$dir/trace" -p "$(pgrep -P $master)" 2>"$dir/strace" &
	tracer=$!
	wait_for 10 grep -q attached "$dir/strace"
	requests 1000
	# Its last turn is over when it waits again: strace forgets what it has not shown yet.
	wait_for 10 eval 'tail -n 1 "$dir/trace" | grep -Eq "epoll_p?wait2?\("'
	kill -INT $tracer
	wait $tracer
	sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' "$dir/trace" | sort | uniq -c |
		awk '{ print $2, $1 }' >"$dir/$name"
	sockets=$(ss -Hltn 'sport = :8000' | wc -l)
	kill -QUIT $master
	wait $master
}

counted stock
is "stock: one listener" "$sockets" 1
check "fsctl enable" fsctl enable --iface lo
counted fastsock fsctl run --
is "fastsock: a local listener beside it" "$sockets" 2
fsctl disable --iface lo >/dev/null 2>&1
accepts=$(awk '$1 == "accept4" { print $2 }' "$dir/fastsock")
is "fastsock: accepted in the trace" "$accepts" 1000
is "the same calls, the same number of times" \
	"$(cat "$dir/fastsock")" "$(cat "$dir/stock")"
note "$(tr '\n' ' ' <"$dir/fastsock")"
finish
