# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The servers that are served in part, or left alone. Source after models.sh.

apache_conf() {
	cat >"$dir/apache.conf" <<CONF
ServerRoot $dir
ServerName localhost
PidFile $dir/apache.pid
ErrorLog $dir/apache.log
Mutex ${3-pthread}
LoadModule mpm_${1}_module /usr/lib/apache2/modules/mod_mpm_$1.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
User www-data
Group www-data
DocumentRoot $dir
$2
CONF
}

lighttpd_model() {
	cat >"$dir/lighttpd.conf" <<CONF
server.document-root = "$dir"
server.bind = "127.0.0.1"
server.port = $PORT
server.username = "www-data"
server.groupname = "www-data"
server.max-worker = $cpus
\$SERVER["socket"] == "[::1]:$PORT" { }
CONF
	serve "lighttpd" fsctl run -- lighttpd -D -f "$dir/lighttpd.conf"
	if [ "$MODULE" = yes ]; then
		local_on "$(all_workers $cpus)"
	else
		# Its workers are made after it gave up root.
		as_stock 2
		check "lighttpd: says why it stays shared" grep -aq '^fastsock: no per-CPU listener' "$dir/out"
	fi
	stop
}

# One place accepts: left alone.
single_models() {
	local other

	ASK=(-s $'version\r\n' -e VERSION)
	serve "memcached" fsctl run -- memcached -u nobody -t $cpus -U 0 -p $PORT -l 127.0.0.1,::1
	as_stock 2
	is "memcached: not pinned" "$(affinities "$SERVER")" "$(all_cpus)"
	stop

	ASK=(-s $'PING\r\n' -e +PONG)
	fsctl run -- redis-server --port $((PORT + 1)) --bind 127.0.0.1 ::1 --save '' \
		>"$dir/other" 2>&1 </dev/null &
	other=$!
	serve "redis, two servers" fsctl run -- redis-server --port $PORT --bind 127.0.0.1 ::1 --save ''
	as_stock 4
	is "redis: not pinned" "$(affinities "$SERVER" $other)" "$(all_cpus)"
	check "redis: the other one answers" eval "PORT=$((PORT + 1)) answers"
	kill $other
	wait $other
	stop
	ASK=()
}

apache_models() {
	local mpm two

	two="Listen 127.0.0.1:$PORT
Listen [::1]:$PORT"
	for mpm in event worker prefork; do
		ADDRESSES=(127.0.0.1 ::1)
		apache_conf $mpm "$two"
		# It ends by a signal to its whole process group.
		serve "apache $mpm" setsid fsctl run -- apache2 -f "$dir/apache.conf" -DFOREGROUND
		if [ $mpm = event ]; then
			load "$SPAN"
			nothing_lost "$NAME"
			note "$NAME: $OK answered, slowest $SLOWEST ms, $(listeners) listeners"
		else
			as_stock 2
			check "$NAME: says why it stays shared" grep -aq '^fastsock: the workers take turns' \
				"$dir/apache.log"
		fi
		stop
	done
	# One listener only: it blocks in accept().
	apache_conf prefork "Listen [::]:$PORT"
	serve "apache prefork, blocking accept" setsid fsctl run -- apache2 -f "$dir/apache.conf" -DFOREGROUND
	as_stock 1
	stop
}

gunicorn_models() {
	local kind

	cat >"$dir/app.py" <<'PY'
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
PY
	for kind in sync gthread; do
		serve "gunicorn $kind" fsctl run -- gunicorn --chdir "$dir" -k $kind -w $cpus --threads 2 \
			--reuse-port -b 127.0.0.1:$PORT -b "[::1]:$PORT" app:app
		load "$SPAN"
		nothing_lost "$NAME"
		note "$NAME: $OK answered, slowest $SLOWEST ms, $(listeners) listeners"
		stop
	done
}
