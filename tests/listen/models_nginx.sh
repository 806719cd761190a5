# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# nginx. Source after models.sh.

nginx_models() {
	nginx_conf
	serve "nginx" fsctl run -- nginx -c "$dir/nginx.conf"
	local_on "$(all_workers $cpus)"
	is "nginx: each worker on a CPU of its own" "$(affinities $(workers) | wc -l)" $cpus
	MOST=$RELOADS load $((RELOADS / 2)) 0.4 reload
	nothing_lost "nginx, $TIMES reloads under load"
	settle
	NAME="nginx after the reloads" local_on "$(all_workers $cpus)"
	MOST=3 load 3 0.6 eval 'kill_worker $(workers | head -n 1)'
	nothing_lost "nginx, $TIMES workers killed ($KILLED held by them)"
	settle
	NAME="nginx after the kills" local_on "$(all_workers $cpus)"
	stop

	# As a daemon: below the parent that started it nginx takes USR2 for its own child's.
	# nginx hands no variable on that is not named: `env LD_PRELOAD;` or as stock then.
	NGINX_DAEMON=on NGINX_MAIN="worker_processes auto; env LD_PRELOAD;" nginx_conf
	serve "nginx, binary upgrade" fsctl run -- "$(command -v nginx)" -c "$dir/nginx.conf"
	SERVER=$(cat "$dir/pid")
	in_front "$SERVER"
	UPGRADED=
	load $((3 + RELOADS / 10)) 0.5 upgrade
	nothing_lost "nginx, binary upgrade under load"
	check "nginx: the old binary has gone" wait_for 10 ended "$SERVER"
	SERVER=$(cat "$dir/pid")
	check "nginx: the new binary has its workers" wait_for 10 has_workers $cpus
	settle
	NAME="nginx after the upgrade" local_on "$(all_workers $cpus)"
	stop

	NGINX_MAIN="worker_processes auto; worker_cpu_affinity auto;" nginx_conf
	serve "nginx worker_cpu_affinity" fsctl run -- nginx -c "$dir/nginx.conf"
	local_on "$(all_workers $cpus)"
	stop

	NGINX_MAIN="worker_processes 1;" nginx_conf
	serve "nginx, one worker" fsctl run -- nginx -c "$dir/nginx.conf"
	as_stock "$(all_workers 1)"
	stop

	NGINX_MAIN="worker_processes $((2 * cpus));" nginx_conf
	serve "nginx, two workers for each CPU" fsctl run -- nginx -c "$dir/nginx.conf"
	local_on "$(all_workers $((2 * cpus)))"
	stop

	nginx_conf " reuseport"
	serve "nginx reuseport" fsctl run -- nginx -c "$dir/nginx.conf"
	local_on $((2 * cpus))
	reload
	sleep 1
	NAME="nginx reuseport after a reload" local_on $((2 * cpus))
	stop

	NGINX_EVENTS="accept_mutex on; accept_mutex_delay 20ms;" nginx_conf
	serve "nginx accept_mutex" fsctl run -- nginx -c "$dir/nginx.conf"
	# Its habit shows when the mutex has changed hands a few times.
	for _ in 1 2 3 4 5 6 7 8; do
		has_listeners 2 || load "$SPAN"
	done
	as_stock 2
	stop
}

# Once: a new master beside the old one, which then ends.
upgrade() {
	[ -z "$UPGRADED" ] || return 0
	UPGRADED=yes
	kill -USR2 "$SERVER"
	wait_for 10 [ -e "$dir/pid.oldbin" ]
	wait_for 10 [ -s "$dir/pid" ]
	sleep 0.5
	kill -QUIT "$SERVER"
}

# Where a server may be, and on what.
nginx_places() {
	PORT=80
	nginx_conf
	serve "nginx, port 80" fsctl run -- nginx -c "$dir/nginx.conf"
	local_on "$(all_workers $cpus)"
	stop
	PORT=8000

	nginx_conf
	serve "nginx, FASTSOCK_PIN=0" env FASTSOCK_PIN=0 fsctl run -- nginx -c "$dir/nginx.conf"
	as_stock "$(all_workers $cpus)"
	is "nginx, FASTSOCK_PIN=0: nobody is pinned" "$(affinities $(workers))" "$(all_cpus)"
	stop

	NGINX_LISTEN="listen [::]:$PORT ipv6only=off;" nginx_conf
	serve "nginx, one dual-stack listener" fsctl run -- nginx -c "$dir/nginx.conf"
	local_on $((1 + cpus))
	stop

	ADDRESSES=(127.0.0.1 127.0.0.2 ::1)
	NGINX_LISTEN="listen 127.0.0.1:$PORT; listen 127.0.0.2:$PORT; listen [::1]:$PORT;
		listen 127.0.0.1:$((PORT + 1)); listen [::1]:$((PORT + 1));" nginx_conf
	serve "nginx, several addresses and ports" fsctl run -- nginx -c "$dir/nginx.conf"
	local_on $((5 * (1 + cpus)))
	ADDRESSES=(127.0.0.1 ::1)
	PORT=$((PORT + 1)) load "$SPAN"
	nothing_lost "nginx, the second port"
	stop

	nginx_conf
	serve "nginx on one CPU" taskset -c 0 fsctl run -- nginx -c "$dir/nginx.conf"
	as_stock "$(all_workers $cpus)"
	is "nginx on one CPU: stays there" "$(affinities $(workers))" 0
	stop

	two_namespaces
}

# The same address and port in two namespaces at the same time: each client is to
# meet the server of its own.
two_namespaces() {
	local ns wrong=0 pids=()
	for ns in a b; do
		ip netns add fs-$ns-$$ && nsenter --net=/run/netns/fs-$ns-$$ ip link set lo up
		sed "s/ok\\\\n/server $ns\\\\n/; s/\/pid/\/pid-$ns/" "$dir/nginx.conf" >"$dir/nginx-$ns.conf"
		nsenter --net=/run/netns/fs-$ns-$$ fsctl run -- nginx -c "$dir/nginx-$ns.conf" \
			>"$dir/out-$ns" 2>&1 &
		pids+=($!)
	done
	for ns in a b; do
		wait_for 20 nsenter --net=/run/netns/fs-$ns-$$ "$client" -t 1 -n 1 127.0.0.1 $PORT
		check "namespace $ns: listeners" wait_for 10 eval \
			"[ \$(nsenter --net=/run/netns/fs-$ns-$$ ss -Hltn 'sport = :$PORT' | wc -l) -eq $(all_workers $cpus) ]"
	done
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		for ns in a b; do
			[ "$(nsenter --net=/run/netns/fs-$ns-$$ curl -s "http://127.0.0.1:$PORT/")" = "server $ns" ] &&
				[ "$(nsenter --net=/run/netns/fs-$ns-$$ curl -s "http://[::1]:$PORT/")" = "server $ns" ] ||
				wrong=$((wrong + 1))
		done
	done
	is "namespaces: answers from the wrong server, or none" $wrong 0
	kill "${pids[@]}"
	wait "${pids[@]}"
	for ns in a b; do
		ip netns del fs-$ns-$$
	done
	check "namespaces: nothing left" wait_for 5 nothing_left
}
