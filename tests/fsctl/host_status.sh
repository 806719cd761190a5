#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What status shows of a real server, without the module: as root, as a member of
# the group, as an ordinary user, from another network namespace.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/fsctl/fsctl.sh
. tests/fsctl/server.sh

mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
chmod 755 /sys/fs/bpf
as_nobody=(setpriv --reuid nobody --regid nogroup --clear-groups "$fsctl")
as_member=(setpriv --reuid nobody --regid daemon --clear-groups "$fsctl")

fsctl enable --iface lo --group daemon >/dev/null
is "no listeners yet" "$(json 's["listeners"]')" "[]"
server_start -- || not_ok "a server starts"
check "each of its workers has a listener for each address" wait_for 10 served 4
is "addresses" "$(json '*sorted(l["address"] for l in s["listeners"])')" "127.0.0.1:8000 [::1]:8000"
is "families" "$(json '*sorted(l["family"] for l in s["listeners"])')" "inet inet6"
is "owner of the sockets" "$(json '{l["uid"] for l in s["listeners"]}')" "{0}"
is "this namespace" "$(json '{l["this_netns"] for l in s["listeners"]}')" "{True}"
is "every CPU is listed" "$(json '{len(l["cpus"]) for l in s["listeners"]}')" "{$(nproc --all)}"
is "the local listeners are the workers'" \
	"$(json '*sorted({k["pid"] for l in s["listeners"] for c in l["cpus"] for k in c["listeners"]})')" \
	"$(tr ' ' '\n' <<<"$WORKERS" | sort -n | tr '\n' ' ' | sed 's/ $//')"
is "program" "$(json '{k["program"] for l in s["listeners"] for c in l["cpus"] for k in c["listeners"]}')" \
	"{'python3'}"
is "queue and backlog" \
	"$(json '{(k["queue"], k["backlog"]) for l in s["listeners"] for c in l["cpus"] for k in c["listeners"]}')" \
	"{(0, 77)}"
is "whether they are clones is not known without the module" \
	"$(json '{k["clone"] for l in s["listeners"] for c in l["cpus"] for k in c["listeners"]}')" "{None}"
is "cookies are the kernel's" \
	"$(json 'len({k["cookie"] for l in s["listeners"] for c in l["cpus"] for k in c["listeners"] + [l["original"]]})')" 6
is "the original is the parent's" "$(json '{l["original"]["pid"] for l in s["listeners"]}')" \
	"{$(ps -o ppid= "${WORKERS%% *}" | tr -d ' ')}"
is "connections over IPv4" "$(connections 20 127.0.0.1)" 20
is "are counted there" "$(json '[sum(v for c in l["cpus"] for k, v in c["selected"].items() if k != "migrated") for l in s["listeners"] if l["family"] == "inet"]')" "[20]"
is "and nowhere else" "$(json '[sum(v for c in l["cpus"] for v in c["selected"].values()) for l in s["listeners"] if l["family"] == "inet6"]')" "[0]"
kill -STOP $WORKERS
python3 -c 'import socket, time
held = [socket.create_connection(("127.0.0.1", 8000), timeout=5) for _ in range(3)]
time.sleep(60)' &
check "a queue that fills is seen" wait_for 20 eval \
	'[ "$(json "any(k[\"queue\"] for l in s[\"listeners\"] for c in l[\"cpus\"] for k in c[\"listeners\"] + [l[\"original\"]])")" = True ]'
kill -CONT $WORKERS
kill $!
wait $!
check "the table shows each" says 0 "python3/${WORKERS%% *}" fsctl status
check "in columns" says 0 "127.0.0.1:8000  uid 0" fsctl status
before=$(bpftool -j map dump pinned $pins/groups)
fsctl status >/dev/null
is "status changes nothing" "$(bpftool -j map dump pinned $pins/groups)" "$before"

# With less rights
check "ordinary user: exit 0, and what it may not see is named" \
	says 0 "not read    /sys/fs/bpf/fastsock: Permission denied" "${as_nobody[@]}" status
is "ordinary user: enabled is unknown, not false" \
	"$("${as_nobody[@]}" status --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["enabled"])')" None
check "member of the group: sees the listeners" says 0 "127.0.0.1:8000" "${as_member[@]}" status
check "member of the group: told that it does not see whose they are" \
	says 0 "not read    processes of other users" "${as_member[@]}" status

# From elsewhere
check "another network namespace is marked" says 0 "(another network namespace)" \
	unshare --net "$fsctl" status
check "and its interface" says 0 "lo (other netns)" unshare --net "$fsctl" status
check "that namespace's lo is another" says 0 "lo: was not enabled" \
	unshare --net "$fsctl" disable --iface lo

# The end
check "disable under the server" says 0 "running servers share" fsctl disable --iface lo
is "it answers as before" "$(connections 20 127.0.0.1)" 20
check "enable anew" fsctl enable --iface lo
is "the running server is not listed" "$(json 's["listeners"]')" "[]"
server_stop
fsctl disable --all >/dev/null
check "nothing is left" no_pins
finish
