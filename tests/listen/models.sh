# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Server models with Debian's programs: who gets a local listener, how local the
# connections are, that nothing is lost and nothing is left. The native script and
# the guest's run the same; MODULE=yes|no says what is to be expected.

: "${MODULE:=no}" "${SPAN:=1}" "${RELOADS:=10}" "${OBSERVE:=}"

# Every worker has a listener on each address, and the originals are there.
all_workers() {
	echo $((${#ADDRESSES[@]} * (1 + $1)))
}

# On each address each CPU has a socket in its slots. A socket listens before it has
# one, and one that the server opened itself does so before it has a worker.
everywhere() {
	fsctl status --json | python3 -c '
import json, sys
rows = [each["cpus"][:int(sys.argv[1])] for each in json.load(sys.stdin).get("listeners", [])]
sys.exit(not rows or not all(cpu["listeners"] for row in rows for cpu in row))' "$cpus"
}

count_listeners() {
	if wait_for 10 has_listeners "$1"; then
		ok "$NAME: $1 listeners"
	else
		not_ok "$NAME: $1 listeners" "got $(listeners)
$(grep -a '^fastsock: ' "$dir/out")"
	fi
}

mostly() {
	[ "$2" -gt 0 ] && [ $(($1 * 1000)) -ge $(($2 * 999)) ]
}

# local_on LISTENERS: as many, and at least 99.9 % are local. On a busy machine a
# worker may be kept from its CPU for so long that the valve spills: then once more. What
# is neither local nor spilled is a fault at once.
local_on() {
	local local all spilled was_local was_all was_spilled watcher tries=0 ok=0 lost=0
	local all_spilled=0
	count_listeners "$1"
	wait_for 10 everywhere || not_ok "$NAME: a socket in the slots of each CPU" "$(fsctl status)"
	if [ -n "$OBSERVE" ]; then
		rm -f "$dir/control" && mkfifo "$dir/control"
		"$OBSERVE" $PORT <"$dir/control" >"$dir/seen" &
		watcher=$!
		exec 9>"$dir/control"
		wait_for 60 grep -q ready "$dir/seen"
	fi
	while :; do
		read -r was_local was_all was_spilled < <(selections)
		load "$SPAN"
		read -r local all spilled < <(selections)
		local=$((local - was_local)) all=$((all - was_all)) spilled=$((spilled - was_spilled))
		ok=$((ok + OK)) lost=$((lost + LOST)) all_spilled=$((all_spilled + spilled))
		note "$NAME: $OK answered, slowest $SLOWEST ms, $local of $all selections local, $spilled spilled"
		tries=$((tries + 1))
		# Fewer selections than connections: some came another way.
		if [ $LOST -ne 0 ] || [ $all -lt "$OK" ] || ! mostly $((local + spilled)) $all; then
			not_ok "$NAME: local by its selections" "$local of $all, $OK answered"
		elif mostly $local $all; then
			ok "$NAME: local by its selections"
		elif [ $tries -lt 5 ]; then
			continue
		else
			skip "$NAME: local by its selections" "this machine is too busy: $spilled of $all spilled"
		fi
		break
	done
	OK=$ok LOST=$lost
	nothing_lost "$NAME"
	[ -n "$OBSERVE" ] || return
	exec 9>&-
	wait $watcher
	read -r _ all local < <(grep '^all' "$dir/seen")
	note "$NAME: $local of $all accepted on the CPU that received, $all_spilled spilled"
	check "$NAME: local as an observer saw it, but what was spilled" \
		mostly $((${local:-0} + all_spilled)) "${all:-0}"
}

# After workers have come and gone two may share a CPU while another has none; under load
# one of them moves there within three seconds (userlib/vacancy.c: connections have to come
# for that CPU for a second, without a pause as long).
# settle [PROCESSES]
settle() {
	local tries
	for tries in 1 2 3 4 5; do
		load 3
		wait_for 10 has_workers "${1-$cpus}"
		! everywhere || break
	done
	note "$NAME: a worker for each CPU after $tries times 3 s of load"
}

# as_stock LISTENERS: untouched, and works
as_stock() {
	count_listeners "$1"
	load "$SPAN"
	nothing_lost "$NAME"
	note "$NAME: $OK answered, slowest $SLOWEST ms"
}

affinities() {
	local pid
	for pid in "$@"; do
		sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$pid/status"
	done | sort -V | uniq
}

all_cpus() {
	affinities self
}

reload() {
	kill -HUP "$SERVER"
}

. tests/listen/models_nginx.sh
. tests/listen/models_haproxy.sh
. tests/listen/models_others.sh
. tests/listen/models_udp.sh
