# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# HAProxy. Source after models.sh.

haproxy_threads() {
	haproxy_conf
	serve "haproxy nbthread" fsctl run -- haproxy -db -f "$dir/haproxy.cfg"
	local_on "$(all_workers $cpus)"
	stop

	haproxy_conf "shards by-thread"
	serve "haproxy shards by-thread" fsctl run -- haproxy -db -f "$dir/haproxy.cfg"
	local_on $((2 * cpus))
	stop
}

haproxy_places() {
	# SO_BINDTODEVICE, and IP_TRANSPARENT or IP_FREEBIND, are part of what is cloned.
	haproxy_conf "interface lo transparent"
	serve "haproxy interface, transparent" fsctl run -- haproxy -db -f "$dir/haproxy.cfg"
	local_on "$(all_workers $cpus)"
	is "haproxy interface, transparent: each listener is bound to lo" \
		"$(ss -Hltn "sport = :$PORT" | grep -c '%lo:')" "$(all_workers $cpus)"
	stop

	mkdir -p "$dir/root"
	HAPROXY_GLOBAL="chroot $dir/root" haproxy_conf
	serve "haproxy with chroot" fsctl run -- haproxy -db -f "$dir/haproxy.cfg"
	local_on "$(all_workers $cpus)"
	stop
}

# One after the other: the last is over, too, when the load is.
haproxy_reload() {
	local old
	old=$(workers)
	kill -USR2 "$SERVER"
	# shellcheck disable=SC2086 # one word for each
	wait_for 20 all_ended $old
}

haproxy_reloads() {
	HAPROXY_GLOBAL="stats socket $dir/sock mode 600 level admin expose-fd listeners" haproxy_conf
	serve "haproxy master-worker" fsctl run -- haproxy -W -db -f "$dir/haproxy.cfg"
	local_on "$(all_workers $cpus)"
	MOST=$((RELOADS / 2 + 1)) load 0 0.8 haproxy_reload
	nothing_lost "haproxy, $TIMES seamless reloads under load" $HAPROXYS_OWN
	NAME="haproxy after the reloads"
	if [ "$MODULE" = yes ]; then
		settle 1
		local_on "$(all_workers $cpus)"
	else
		load "$SPAN"
		nothing_lost "$NAME"
	fi
	stop
}

# Does the thread that accepts also serve? HAProxy spreads what one shared bind
# accepts over its threads (tune.listener.multi-queue), wherever that came in.
# haproxy_spread HOW LISTENERS [AT LEAST PER CENT]
haproxy_spread() {
	local how=$1 share
	serve "haproxy $how" fsctl run -- haproxy -db -f "$dir/haproxy.cfg"
	check "$NAME: listeners" wait_for 10 eval "has_listeners $2 && everywhere"
	share=$(python3 tests/listen/threads.py $PORT 3)
	note "$NAME: $share % answered by the thread of the CPU that received"
	if [ -n "${3-}" ]; then
		check "$NAME: at least $3 % answered by the thread of the CPU that received" \
			[ "${share:-0}" -ge "$3" ]
	fi
	stop
}

haproxy_queues() {
	local ours
	ours=$(all_workers $cpus)
	HAPROXY_GLOBAL="tune.listener.multi-queue on" haproxy_conf
	haproxy_spread "nbthread, multi-queue on" "$ours"
	HAPROXY_GLOBAL="tune.listener.multi-queue off" haproxy_conf
	haproxy_spread "nbthread, multi-queue off" "$ours" 99
	haproxy_conf "shards by-thread"
	haproxy_spread "shards by-thread" $((2 * cpus)) 99
}
