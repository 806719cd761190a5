#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# stats counts what a client did; status says who is not served, and why.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/fsctl/fsctl.sh
. tests/fsctl/server.sh

mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
chmod 755 /sys/fs/bpf
as_nobody=(setpriv --reuid nobody --regid nogroup --clear-groups)

# stats_of EXPRESSION [ARGUMENTS...]: of `s`, in Python
stats_of() {
	local expression=$1
	shift
	fsctl stats --json "$@" | python3 -c "import json, sys
s = json.load(sys.stdin)
print($expression)"
}

# why PORT: the reasons of the listeners with that port that are not served
why() {
	json "*sorted({u['reason'] for u in s['not_served'] if u['address'].endswith(':$1')})"
}

# because PORT REASON
because() {
	[ "$(why "$1")" = "$2" ]
}

# Arguments, and nothing enabled
check "not enabled: said, and what to do" says 1 "fsctl enable" fsctl stats
check "a word too many" says 2 "one word too many" fsctl stats x
check "--listener without a value" says 2 "needs a value" fsctl stats --listener
for bad in x 0 65536 1.2.3:80 '[::1:80' ::1:x; do
	check "--listener $bad" says 2 "is no ADDRESS:PORT" fsctl stats --listener "$bad"
done
for bad in 0 x -- 1e9; do
	check "--watch=$bad" says 2 "is no number of seconds" fsctl stats "--watch=$bad"
done

# A server
old=(python3 -c 'import socket, time
s = socket.create_server(("127.0.0.1", 8001)); print("up", flush=True); time.sleep(600)')
fsctl run -- "${old[@]}" >/dev/null 2>&1 &
early=$!
wait_for 10 listening 8001
sleep 1.1	# the kernel's clock of processes and ours agree to a second
fsctl enable --iface lo --group daemon >/dev/null
check "no listener" says 0 "no listener" fsctl stats
is "none in JSON either" "$(stats_of 's["listeners"]')" "[]"
server_start -- || not_ok "a server starts"
wait_for 10 served 4
is "connections" "$(connections 20 127.0.0.1)" 20
v4='[l for l in s["listeners"] if l["address"] == "127.0.0.1:8000"][0]'
is "are counted" "$(stats_of "sum(v for k, v in $v4['total'].items() if k != 'migrated')")" 20
is "by CPU, too" "$(stats_of "sum(v for c in $v4['cpus'] for k, v in c.items() if k not in ('migrated', 'cpu'))")" 20
is "on every CPU" "$(stats_of "len($v4['cpus'])")" "$(nproc --all)"
for only in 8000:2 :8000:2 127.0.0.1:8000:1 '[::1]:8000:1' 127.0.0.2:8000:0 :8009:0; do
	is "--listener ${only%:*}" "$(stats_of 'len(s["listeners"])' --listener "${only%:*}")" "${only##*:}"
done
check "the table" says 0 "total" fsctl stats
before=$(bpftool -j map dump pinned $pins/counters)
fsctl stats >/dev/null
is "stats changes nothing" "$(bpftool -j map dump pinned $pins/counters)" "$before"
check "another network namespace is labelled" says 0 "another network namespace, cookie" \
	unshare --net "$fsctl" stats
check "ordinary user: told who may" says 1 "Permission denied (root may" \
	"${as_nobody[@]}" "$fsctl" stats
check "member of the group" says 0 "127.0.0.1:8000" \
	setpriv --reuid nobody --regid daemon --clear-groups "$fsctl" stats
check "no room to write: said" says 1 "cannot write: No space" sh -c 'fsctl stats >/dev/full'
check "the same of status" says 1 "cannot write: No space" sh -c 'fsctl status >/dev/full'

# --watch
# What its rates add up to so far, in tens; the last line may not be whole yet.
added_up() {
	python3 -c 'import json
lines = [line for line in open("/run/watch") if line.endswith("\n")]
print(round(sum(s["seconds"] * v for s in map(json.loads, lines)
		for l in s["listeners"] for k, v in l["total"]["per_second"].items()
		if k != "migrated") / 10) * 10)'
}
fsctl stats --json --watch 0.2 >/run/watch &
watch=$!
wait_for 10 test -s /run/watch
connections 50 127.0.0.1 >/dev/null
wait_for 10 eval '[ "$(added_up)" -ge 50 ]'
sleep 0.5
kill -INT $watch
wait $watch
is "--watch ends by an interrupt, with success" $? 0
is "its rates add up to what was asked" "$(added_up)" 50
check "a reader that goes away ends it at once, without a word" timeout 10 bash -c \
	'fsctl stats --watch=0.1 2>&1 | head -n 1 | grep -q local'
fsctl stats --watch 0.1 >/dev/null 2>/run/said &
watch=$!

# Not served
is "a server that is served is not among them" "$(why 8000)" ""
fsctl run -- "${old[@]//8001/8002}" >/dev/null 2>&1 &
python3 tests/fsctl/unserved.py plain 8003 </dev/null &
python3 tests/fsctl/unserved.py twice 8004 </dev/null &
fsctl run -- python3 tests/fsctl/unserved.py epoll 8005 </dev/null &
fsctl run -- python3 tests/fsctl/unserved.py oneshot 8006 </dev/null &
fsctl run -- python3 tests/fsctl/unserved.py blocking 8007 </dev/null &
fsctl run -- python3 tests/fsctl/unserved.py turns 8008 </dev/null &
fsctl run -- python3 tests/fsctl/unserved.py filter 8009 </dev/null &
fsctl run -- python3 tests/fsctl/unserved.py program 8010 </dev/null &
FASTSOCK=off fsctl run -- python3 tests/fsctl/unserved.py epoll 8011 </dev/null &
"${as_nobody[@]}" env PATH="$PATH" "$fsctl" run -- python3 tests/fsctl/unserved.py epoll 8012 </dev/null &
fsctl run -- python3 tests/fsctl/unserved.py crowd 8013 </dev/null &
while read -r port reason; do
	if wait_for 20 because "$port" "$reason"; then
		ok "not served: $reason"
	else
		not_ok "not served: $reason" "$(why "$port")"
	fi
done <<-EOT
	8001 not-enabled-then
	8002 no-epoll
	8003 no-library
	8004 no-library
	8005 one-place
	8006 oneshot
	8007 blocking
	8008 takes-turns
	8009 options
	8010 own-program
	8011 switched-off
	8012 no-permission
	8013 no-lane
EOT
check "a sentence for people" says 0 "there is nothing to spread" fsctl status
check "several sockets: adopt is named" says 0 "fsctl adopt" fsctl status
check "one worker of many is marked" says 0 "this worker only: " fsctl status
is "whose it is" "$(json '{u["pid"] for u in s["not_served"] if u["address"].endswith(":8001")}')" "{$early}"
check "what may not be seen is said, too" says 0 "another user's process has it" \
	setpriv --reuid nobody --regid daemon --clear-groups "$fsctl" status

# The end
fsctl disable --all >/dev/null
wait $watch
is "--watch ends when fastsock is disabled, with failure" $? 1
is "and says so" "$(cat /run/said)" "fsctl stats: fastsock was disabled meanwhile"
server_stop
finish
