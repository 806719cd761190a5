#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Debian's unmodified nginx: as it is, with the module, without it, and with
# each of the things missing that could be.
# Where it is about locality nothing may spill: a CPU of an emulated or busy machine that
# is not run looks like a worker that is stuck. The valve has a suite of its own.
set -u
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/nginx/nginx.sh
PATH=$FS_BUILD/bin:$PATH

said() {
	grep -ac '^fastsock: ' "$NGINX_DIR/out"
}

at_least() {
	awk -v part="$SEEN_LOCAL" -v whole="$SEEN_ALL" -v want="$1" \
		'BEGIN { exit !(whole > 0 && part >= want * whole) }'
}

listeners() {
	srv ss -Hltn 'sport = :80' | wc -l
}

# An original and one for each worker, IPv4 and IPv6.
all_listen() {
	[ "$(listeners)" -eq $((2 * (1 + $(nproc)))) ]
}

# renewed PID...: these have gone, and others are in their place
renewed() {
	local pid
	for pid in "$@"; do
		[ ! -e "/proc/$pid" ] || return
	done
	all_listen
}

# One curl for all: its own start takes longer than what it asks, where it is emulated.
answers_still() {
	cli curl -sf --fail-early --max-time 5 -o /dev/null "http://$IP4_SRV/?[1-8]" \
		-o /dev/null "http://[$IP6_SRV]/?[1-8]"
}

served_with_line() {
	local desc=$1
	if nginx_start fsctl run --; then
		ok "$desc: nginx serves"
	else
		not_ok "$desc: nginx serves" "$(cat "$NGINX_DIR/out" "$NGINX_DIR/error.log")"
	fi
}

modprobe veth
net_up --here || { not_ok "network"; finish; }
trap net_down EXIT
nginx_conf

nginx_start
observed 4
stock="$SEEN_LOCAL of $SEEN_ALL local, $LOAD_ERRORS errors in $LOAD_REQUESTS requests"
note "stock: $stock"
is "stock: errors" "$LOAD_ERRORS" 0
if at_least 0.9; then
	# Then this machine could not show a difference, and the rest proves nothing.
	not_ok "stock: acceptance is not local by itself" "$stock"
else
	ok "stock: acceptance is not local by itself"
fi
nginx_stop

check "insmod" insmod "$FS_KO"
check "fsctl enable" fsctl enable --iface "$VETH_SRV" --spill off
served_with_line "module"
check "module: listeners (one original and one for each worker, IPv4 and IPv6)" \
	wait_for 20 all_listen
is "module: nothing to complain about" "$(said)" 0
observed 4
note "module: $SEEN_LOCAL of $SEEN_ALL local, $LOAD_ERRORS errors in $LOAD_REQUESTS requests"
is "module: errors" "$LOAD_ERRORS" 0
check "module: 99.9 % accepted on the receiving CPU" at_least 0.999
is "module: workers are not root" \
	"$(nginx_workers | xargs -I{} stat -c %U /proc/{} | sort -u)" www-data
check "module: status names each CPU's listener" eval \
	'fsctl status --json >/tmp/fs-status.$$ && python3 -c "
import json, sys
text = open(\"/tmp/fs-status.$$\").read()
assert json.loads(text)
assert text.count(\"nginx\") >= 2 * $(nproc), text"; rc=$?; rm -f /tmp/fs-status.$$; (exit $rc)'
sed 's/pid .*/pid \/tmp\/fs-second.pid;/' "$NGINX_DIR/nginx.conf" >"$NGINX_DIR/second.conf"
refuse "module: a second nginx is refused the port" timeout 20 nginx -c "$NGINX_DIR/second.conf"
old=$(nginx_workers)
kill -HUP "$NGINX_PID"
check "module: answers through a reload" answers_still
# shellcheck disable=SC2086 # one word for each
check "module: the new workers have listeners" wait_for 30 renewed $old
check "module: rmmod while it runs" rmmod fastsock
check "module: answers after rmmod" answers_still
check "module: a worker that is killed is replaced and served" eval \
	'kill -9 $(nginx_workers | head -1); wait_for 10 nginx_answers && answers_still'
nginx_stop
check "fsctl disable" fsctl disable --iface "$VETH_SRV"

# No module: listeners bound before nginx gave up root.
check "no module: fsctl enable" fsctl enable --iface "$VETH_SRV" --spill off
served_with_line "no module"
observed 4
note "no module: $SEEN_LOCAL of $SEEN_ALL local, $LOAD_ERRORS errors"
is "no module: errors" "$LOAD_ERRORS" 0
check "no module: 99.9 % accepted on the receiving CPU" at_least 0.999
check "disable under a running server" fsctl disable --iface "$VETH_SRV"
check "disabled: it is served on" answers_still
nginx_stop

served_with_line "not enabled"
is "not enabled: listeners" "$(listeners)" 2
check "not enabled: says so, once" eval '[ "$(said)" -eq 1 ] && grep -a "fsctl enable" "$NGINX_DIR/out"'
nginx_stop

insmod "$FS_KO" && chmod 0 /dev/fastsock
fsctl enable --iface "$VETH_SRV" >/dev/null 2>&1
served_with_line "device not readable"
check "device not readable: answers" answers_still
nginx_stop
fsctl disable --iface "$VETH_SRV" >/dev/null 2>&1
rmmod fastsock 2>/dev/null

FASTSOCK=strict nginx_start fsctl run -- && nginx_stop
check "strict and not enabled: refuses to listen and says why" \
	grep -a 'FASTSOCK=strict' "$NGINX_DIR/out"
nginx_stop
finish
