# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What is lost while servers change, stock and with fastsock side by side: clients
# connect without pause meanwhile. Source after servers.sh. How often: KILLS,
# RELOADS, SEAMLESS, FLIPS.
#
# Lost is every connection that was not answered, but those that a killed worker had
# accepted and not answered: nobody can save them, and they are counted apart.

: "${KILLS:=10}" "${RELOADS:=10}" "${SEAMLESS:=4}" "${FLIPS:=4}"

# What the server itself may lose: nothing, but where stock was seen to.
ALLOWED=

# loss_row WHAT HOW TIMES [ALLOWED]
# Beside each other: as it is; SO_REUSEPORT, where the server can; fastsock.
loss_row() {
	note "| $1 | $2 | $TIMES | $OK | $LOST | $KILLED | $SLOWEST ms |"
	if [ "$2" != fastsock ]; then
		[ "$LOST" -eq 0 ] || note "$2: $LOST_HOW"
		THEIRS=$LOST
	elif [ "$TIMES" -lt "$3" ]; then
		not_ok "$1: $3 times" "$TIMES times only"
	else
		nothing_lost "$1, $TIMES times" ${4:+"$4"}
	fi
}

# during WHAT HOW TIMES PAUSE COMMAND...: then the server is asked once more
during() {
	local what=$1 how=$2 times=$3 pause=$4
	shift 4
	MOST=$times load 0 "$pause" "$@"
	loss_row "$what" "$how" "$times" $ALLOWED
	[ "$how" != fastsock ] || check "$what: answers afterwards" wait_for 10 answers
}

kill_the_oldest() {
	local pid
	pid=$(pgrep -o -P "$SERVER") || return
	kill_worker "$pid"
	wait_for 10 ended "$pid"
	wait_for 10 has_workers "$cpus"
}

# nginx reads its configuration anew: the old workers are not waited for.
reload_nginx() {
	kill -HUP "$SERVER"
}

reload_haproxy() {
	kill -USR2 "$SERVER"
}

flip() {
	fsctl disable --iface lo
	sleep 0.2
	fsctl enable --iface lo
}

# The module comes and goes; what it has made stays.
flip_module() {
	rmmod fastsock && sleep 0.2
	insmod "$FS_KO"
}

# loss_nginx HOW RUN...: both of nginx's rows
loss_nginx() {
	local how=$1
	shift
	serve "nginx, $how" "$@" nginx -c "$dir/nginx.conf"
	during "nginx, a worker killed" "$how" "$KILLS" 0.05 kill_the_oldest
	during "nginx reload" "$how" "$RELOADS" 0.25 reload_nginx
	stop
}

loss_all() {
	local old

	nginx_conf
	loss_nginx stock
	nginx_conf " reuseport"
	loss_nginx "SO_REUSEPORT"
	nginx_conf
	loss_nginx fastsock fsctl run --

	HAPROXY_GLOBAL="stats socket $dir/sock mode 600 level admin expose-fd listeners"
	haproxy_conf
	serve "haproxy, stock" haproxy -W -db -f "$dir/haproxy.cfg"
	during "haproxy seamless reload" stock "$SEAMLESS" 0.7 reload_haproxy
	stop
	ALLOWED=$((THEIRS + HAPROXYS_OWN))
	serve "haproxy, fastsock" fsctl run -- haproxy -W -db -f "$dir/haproxy.cfg"
	during "haproxy seamless reload" fastsock "$SEAMLESS" 0.7 reload_haproxy
	ALLOWED=
	stop

	nginx_conf
	serve "nginx, fsctl" fsctl run -- nginx -c "$dir/nginx.conf"
	during "fsctl disable, enable" fastsock "$FLIPS" 0.3 flip
	old=$(workers)
	reload_nginx
	check "nginx: the next reload" wait_for 30 all_ended $old
	check "nginx: served again after it" wait_for 20 has_listeners \
		$((${#ADDRESSES[@]} * (1 + cpus)))
	if [ "${MODULE-no}" = yes ]; then
		during "rmmod, insmod" fastsock "$FLIPS" 0.3 flip_module
	fi
	stop
}
