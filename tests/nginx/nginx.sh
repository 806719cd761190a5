# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Debian's nginx as its package installs it, on port 80, and a load on it: a new
# connection for each request. Source after tests/lib/net.sh, with net_up done.

NGINX_DIR=
NGINX_PID=
LOAD_REQUESTS=0
LOAD_ERRORS=0
SEEN_ALL=0
SEEN_LOCAL=0

# nginx_conf [LISTEN-OPTIONS]: master root, workers www-data, one for each CPU,
# IPv4 and IPv6, told nothing about reuseport or affinity unless asked.
nginx_conf() {
	NGINX_DIR=$(mktemp -d /tmp/fs-nginx.XXXXXX)
	chmod 755 "$NGINX_DIR"
	cat >"$NGINX_DIR/nginx.conf" <<CONF
user www-data;
worker_processes $(nproc);
daemon off;
pid $NGINX_DIR/pid;
error_log $NGINX_DIR/error.log notice;
events { worker_connections 512; ${NGINX_EVENTS-} }
http {
	access_log off;
	keepalive_timeout 0;
	server {
		listen 80${1:+ $1};
		listen [::]:80${1:+ $1};
		location / { return 200 "sixty-four bytes of payload, as Fastsocket's own tests had it...\n"; }
	}
}
CONF
}

# nginx_start [LAUNCHER...]: e.g. `nginx_start fsctl run --`
nginx_start() {
	"$@" nginx -c "$NGINX_DIR/nginx.conf" >"$NGINX_DIR/out" 2>&1 </dev/null &
	NGINX_PID=$!
	wait_for 20 nginx_answers
}

nginx_answers() {
	cli curl -sf --fail-early -o /dev/null "http://$IP4_SRV/" -o /dev/null "http://[$IP6_SRV]/" &&
		[ "$(pgrep -c -P "$NGINX_PID")" -eq "$(nproc)" ]
}

nginx_stop() {
	if [ -n "$NGINX_PID" ]; then
		kill -QUIT "$NGINX_PID" 2>/dev/null
		wait "$NGINX_PID"
		NGINX_PID=
	fi
}

nginx_workers() {
	pgrep -P "$NGINX_PID"
}

# load SECONDS: one generator pinned to each CPU, so that each CPU receives, half
# of them over IPv6. Sets LOAD_REQUESTS and LOAD_ERRORS.
load() {
	local seconds=$1 cpu target out pids=()
	out=$(mktemp -d)
	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		target="http://$IP4_SRV/"
		[ $((cpu % 2)) -eq 1 ] && target="http://[$IP6_SRV]/"
		cli taskset -c $cpu wrk -t 1 -c 4 -d "${seconds}s" --timeout 20s \
			-H 'Connection: close' "$target" >"$out/$cpu" 2>&1 &
		pids+=($!)
	done
	wait "${pids[@]}"
	LOAD_REQUESTS=$(awk '/requests in/ { n += $1 } END { print n + 0 }' "$out"/*)
	LOAD_ERRORS=$(awk '/Socket errors/ { gsub(",", ""); n += $4 + $6 + $8 + $10 }
		/Non-2xx/ { n += $NF } /unable|failed/ { n++ } END { print n + 0 }' "$out"/*)
	rm -r "$out"
}

# observed SECONDS: the load, watched by a tracing program that knows nothing of
# fastsock. Sets SEEN_ALL and SEEN_LOCAL, and leaves the lines in $NGINX_DIR/seen.
observed() {
	local control
	control=$NGINX_DIR/control.$$
	mkfifo "$control"
	"$FS_BUILD/tests/observe/observe" 80 <"$control" >"$NGINX_DIR/seen" &
	local watcher=$!
	exec 9>"$control"
	wait_for 60 grep -q ready "$NGINX_DIR/seen" || return
	load "$1"
	exec 9>&-
	wait $watcher
	rm "$control"
	read -r _ SEEN_ALL SEEN_LOCAL < <(grep '^all' "$NGINX_DIR/seen")
}

# percent PART WHOLE, one decimal, rounded down: 99.99 is not 100.
percent() {
	awk -v part="$1" -v whole="$2" 'BEGIN {
		if (!whole) { print "0.0"; exit }
		printf "%d.%d\n", int(part * 1000 / whole) / 10, int(part * 1000 / whole) % 10 }'
}
