#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The server models with the module, on four CPUs, seen by an observer that knows
# nothing of fastsock; what differs without it; a CPU that goes and comes. Emulated
# that is slow: the variants that differ in nothing the kernel sees are tried
# natively only.
set -u
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/listen/servers.sh
. tests/listen/models.sh

PATH=$FS_BUILD/bin:$PATH
MODULE=yes OBSERVE=$FS_BUILD/tests/observe/observe RELOADS=4

# In the guest, without the module: where its absence can be told.
guest_without() {
	PORT=80
	nginx_conf
	serve "no module: nginx, port 80" fsctl run -- nginx -c "$dir/nginx.conf"
	OBSERVE='' local_on "$(all_workers $cpus)"
	stop
	PORT=8000
	lighttpd_model
}

guest_models() {
	PORT=80
	nginx_conf
	serve "nginx, port 80" fsctl run -- nginx -c "$dir/nginx.conf"
	local_on "$(all_workers $cpus)"
	MOST=$RELOADS load $((2 * RELOADS)) 1.5 reload
	nothing_lost "nginx, $TIMES reloads under load"
	MOST=3 load 6 1 eval 'kill_worker $(workers | head -n 1)'
	nothing_lost "nginx, $TIMES workers killed ($KILLED held by them)"
	settle
	NAME="nginx after that" OBSERVE='' local_on "$(all_workers $cpus)"
	stop
	PORT=8000

	nginx_conf " reuseport"
	serve "nginx reuseport" fsctl run -- nginx -c "$dir/nginx.conf"
	local_on $((2 * cpus))
	stop

	haproxy_threads
	haproxy_reloads
	lighttpd_model
	OBSERVE='' single_models
	apache_models
}

# The worker of a CPU that goes is moved by the kernel; its connections arrive
# elsewhere from then on.
cpu_goes_and_comes() {
	local gone=$((cpus - 1)) old
	nginx_conf
	serve "CPU $gone off and on" fsctl run -- nginx -c "$dir/nginx.conf"
	count_listeners "$(all_workers $cpus)"
	MOST=4 load 10 1.5 toggle_cpu $gone
	nothing_lost "$NAME, $TIMES times under load"
	echo 1 >/sys/devices/system/cpu/cpu$gone/online
	OBSERVE='' as_stock "$(all_workers $cpus)"
	old=$(workers)
	reload
	# shellcheck disable=SC2086 # one word for each
	check "$NAME: the old workers have gone" wait_for 30 all_ended $old
	settle
	NAME="after the next reload" OBSERVE='' local_on "$(all_workers $cpus)"
	stop
}

toggle_cpu() {
	local file=/sys/devices/system/cpu/cpu$1/online
	echo $((1 - $(cat "$file"))) >"$file"
}

check "without the module: fsctl enable" fsctl enable --iface lo --spill off
MODULE=no guest_without
check "without the module: fsctl disable" fsctl disable --iface lo
check "insmod" insmod "$FS_KO"
check "fsctl enable" fsctl enable --iface lo --spill off
guest_models
cpu_goes_and_comes
check "fsctl disable" fsctl disable --iface lo
check "rmmod" rmmod fastsock
finish
