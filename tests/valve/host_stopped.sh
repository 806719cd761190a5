#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The overload valve and a worker that is kept from running while it waits: nobody
# can see it the first time; from then on only some connections wait behind it.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/valve/valve.sh

if [ "$(nproc)" -lt 2 ]; then
	echo "1..0 # SKIP needs two CPUs"
	exit
fi
FEW=4 SOME=16	# FASTSOCK_LOAD_...

# ready: each has its slots
ready() {
	[ "$(fsctl status | grep -c 'CPU .*fastsock-demo')" = 4 ]
}

# behind COUNT ADDRESS: so many connections on CPU 0, whose worker is stopped and goes on 0.2 s
# later; all are answered. Prints how many were local, and how many spilled.
behind() {
	local local spilled
	local=$(selected local) spilled=$(selected spilled)
	kill -STOP "$stopped"
	taskset -c 0 python3 - "$@" "$stopped" <<-'PY' || return
	import os, signal, socket, sys, time
	count, address, worker = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
	made = [socket.create_connection((address, 8000), 10) for _ in range(count)]
	time.sleep(0.2)
	os.kill(worker, signal.SIGCONT)
	for each in made:
	    each.sendall(b"GET / HTTP/1.1\r\n\r\n")
	    assert each.recv(100).startswith(b"HTTP/1.1 200"), "no answer"
	PY
	echo "$(($(selected local) - local)) $(($(selected spilled) - spilled))"
}

fsctl enable --iface lo >/dev/null
fsctl run -- fastsock-demo -w 2 -a 127.0.0.1:8000 -a '[::1]:8000' &
server=$!
wait_for 10 ready || not_ok "each worker has its slot" "$(fsctl status)"
for worker in $(pgrep -P $server); do
	[ "$(taskset -pc "$worker" | sed 's/.*: //')" != 0 ] || stopped=$worker
done
for address in 127.0.0.1 ::1; do
	is "$address: nobody is behind" "$(behind 1 $address)" "1 0"
	sleep 0.1
	is "$address: fewer than $FEW are handshakes, perhaps" "$(behind 3 $address)" "3 0"
	sleep 0.1
	is "$address: the first time all wait" "$(behind 20 $address)" "20 0"
	sleep 0.1
	# Its turn is new to the first to come, and old before long.
	read -r local spilled < <(behind 20 $address)
	is "$address: the second time all are somewhere" $((local + spilled)) 20
	check "$address: and $FEW to $SOME wait" [ "$local" -ge $FEW -a "$local" -le $SOME ]
	sleep 0.1
	# The next to come learns of it, and a second is from then on.
	is "$address: nobody is behind" "$(behind 1 $address)" "1 0"
	sleep 1.2
	is "$address: forgotten after a second" "$(behind 20 $address)" "20 0"
done
kill -CONT "$stopped"	# should a case have failed before it did
kill $server
wait $server
is "the server ends well" $? 0
fsctl disable --iface lo
finish
