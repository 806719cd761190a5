#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The demo server by itself: each way to listen, processes and threads, server
# and proxy, and what goes wrong on the way.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/lib/net.sh

dir=$(mktemp -d /tmp/fs-demo.XXXXXX)
trap 'rm -rf "$dir"' EXIT
pids=()

# start PORT OPTIONS...
start() {
	local port=$1
	shift
	fastsock-demo -a "127.0.0.1:$port" -a "[::1]:$port" -o "$dir/log.$port" "$@" &
	pids+=($!)
	wait_for 10 eval "[ \$(ss -Hltn 'sport = :$port' | wc -l) -ge 2 ]"
}

# All of them; what they end with.
stop() {
	local pid status=0
	for pid in "${pids[@]}"; do
		kill "$pid"
		wait "$pid" || status=$?
	done
	pids=()
	return $status
}

first_worker() {
	wait_for 10 pgrep -P "${pids[0]}"
	pgrep -P "${pids[0]}" | head -1
}

# A reply for each request, and its length.
replies() {
	python3 - "$@" <<'PY'
import socket, sys
count, want, port = int(sys.argv[1]), sys.argv[2].encode(), int(sys.argv[3])
for address in ("127.0.0.1", "::1"):
    for _ in range(count):
        with socket.create_connection((address, port), 10) as connection:
            # In two pieces, the second after the server has seen the first.
            connection.sendall(b"GET / HTTP/1.1\r\nHo")
            connection.sendall(b"st: x\r\n\r\n")
            got = b""
            while part := connection.recv(4096):
                got += part
        assert got.startswith(b"HTTP/1.1 " + want), got
        assert want != b"200" or len(got) == 64, got
PY
}

# Requests on one connection: pipelined, then a last one that ends it.
keeps_alive() {
	python3 - "$1" <<'PY'
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10) as connection:
    connection.sendall(3 * b"GET / HTTP/1.1\r\n\r\n" +
                       b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n" + b"GET / HTTP/1.1\r\n\r\n")
    got = b""
    try:
        while part := connection.recv(4096):
            got += part
    except ConnectionResetError:
        pass
assert got.count(b"HTTP/1.1 200") == 4 and len(got) == 256, got
assert got.count(b"keep-alive") == 3, got
PY
}

# 8 MB each way through the proxy, the client reading late: nothing is lost when
# neither side takes what the other sends.
tunnels() {
	python3 - "$1" "$2" <<'PY'
import hashlib, os, socket, sys, threading, time
front, back = int(sys.argv[1]), int(sys.argv[2])
size = 8 << 20
listener = socket.create_server(("127.0.0.1", back))
def echo():
    connection, _ = listener.accept()
    with connection:
        while part := connection.recv(65536):
            connection.sendall(part)
threading.Thread(target=echo, daemon=True).start()
data = os.urandom(size)
with socket.create_connection(("127.0.0.1", front), 10) as connection:
    def send():
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
    sender = threading.Thread(target=send)
    sender.start()
    time.sleep(0.5)
    got = hashlib.sha256()
    while part := connection.recv(65536):
        got.update(part)
    sender.join()
assert got.digest() == hashlib.sha256(data).digest()
PY
}

errors() {
	# How many failed, of the last total
	sed -n 's/^demo: in all: .* \([0-9]*\) failed.*/\1/p' "$dir/log.$1" | tail -1
}

for mode in shared reuseport incoming-cpu cbpf; do
	for threads in "" -t; do
		what="$mode${threads:+, threads}"
		# shellcheck disable=SC2086 # an option or nothing
		start 8000 -m $mode $threads -v
		# shellcheck disable=SC2086
		start 8001 -m $mode $threads -v -x 127.0.0.1:8000 -x '[::1]:8000'
		check "$what: server" replies 20 200 8000
		check "$what: proxy" replies 20 200 8001
		stop
		is "$what: ends with status" $? 0
		is "$what: none failed" "$(errors 8000) $(errors 8001)" "0 0"
	done
done

start 8000 -k
check "-k: pipelined requests, and an end" keeps_alive 8000
stop
is "-k: ends with status" $? 0

start 8001 -x 127.0.0.1:9
check "a backend that refuses: 502" replies 3 502 8001
stop
check "it says why" grep 'Connection refused' "$dir/log.8001"

for threads in "" -t; do
	# shellcheck disable=SC2086
	start 8001 $threads -w 1 -x 127.0.0.1:8002
	check "a proxy's backpressure${threads:+, threads}" tunnels 8001 8002
	stop
done

# from_ports LO HI: what a backend on 8003 sees of the proxy on 8001
from_ports() {
	python3 - "$1" "$2" <<-'PY'
	import socket, sys
	backend = socket.create_server(("127.0.0.1", 8003))
	backend.settimeout(10)
	for _ in range(20):
	    client = socket.create_connection(("127.0.0.1", 8001), 10)
	    client.sendall(b"x")
	    made, (_, port) = backend.accept()
	    made.close()
	    client.close()
	    assert int(sys.argv[1]) <= port <= int(sys.argv[2]), port
	PY
}
start 8001 -x 127.0.0.1:8003 -p 40000-43999
check "-p: a proxy's source ports" from_ports 40000 43999
stop

start 8000 -w 1 -d
exec 8<>/dev/tcp/127.0.0.1/8000
printf '%3000s' '' >&8
check "a request without end is cut off" eval 'timeout 5 cat <&8; [ $? -ne 124 ]'
exec 8>&-
stop
is "and counted" "$(errors 8000)" 1
check "-d: a line for each connection" grep 'accepts descriptor' "$dir/log.8000"

start 8000 -w 2
worker=$(first_worker)
kill -STOP "$worker"
sleep 0.1
kill -CONT "$worker"
check "a worker that was stopped for a while is not gone" replies 20 200 8000
stop
is "and it ends with status" $? 0

start 8000 -w 2
worker=$(first_worker)
kill -9 "$worker"
wait "${pids[0]}"
is "a worker that is killed ends the rest, with status" $? 1
pids=()
check "and it says so" grep 'signal 9' "$dir/log.8000"

prlimit --nofile=32 fastsock-demo -w 1 -a 127.0.0.1:8000 -o "$dir/log.8000" &
pids=($!)
wait_for 10 listening 8000
python3 - "$dir/log.8000" <<'PY'
import socket, sys, time
held = [socket.create_connection(("127.0.0.1", 8000), 10) for _ in range(40)]
end = time.monotonic() + 10
while "no descriptor left" not in open(sys.argv[1]).read() and time.monotonic() < end:
    time.sleep(0.02)
PY
check "without descriptors: serves on afterwards" eval \
	'curl -sf --max-time 5 http://127.0.0.1:8000/ >/dev/null'
stop
check "without descriptors: says so" grep 'no descriptor left' "$dir/log.8000"

start 8000
refuse "an address in use" fastsock-demo -a 127.0.0.1:8000
stop
for wrong in "-w 0" "-w x" "-c 9999" "-a 127.0.0.1" "-a ::1:80" "-a host:80" "-a 127.0.0.1:0" \
	"-x 1.2.3.4" "-p 1-9999" "-p 1-0 -x 1.2.3.4:1" "-p 1 -x 1.2.3.4:1" "-m other" "-k -x 127.0.0.1:1" "-z" "word"; do
	# shellcheck disable=SC2086 # options
	refuse "refused: $wrong" timeout 5 fastsock-demo $wrong
done
check "-h" fastsock-demo -h
finish
