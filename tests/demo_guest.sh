#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In the guest: what README.md tells an operator to type, with a load before and
# after. Last line `demo: PASS ...` or `demo: FAIL why`.
set -u
. tests/lib/net.sh
. tests/nginx/nginx.sh

PATH=$FS_BUILD/bin:$PATH
seconds=${DEMO_SECONDS:-8}

fail() {
	[ -s "${NGINX_DIR:-/nonexistent}/out" ] && cat "$NGINX_DIR/out"
	echo "demo: FAIL $1"
	exit 1
}

# What may be left behind, as one line each.
traces() {
	ls -d /sys/fs/bpf/fastsock* /run/fastsock* 2>/dev/null
	lsmod | awk '$1 == "fastsock" { print "module" }'
	tc qdisc show | grep -v 'noqueue\|pfifo_fast\|fq_codel\|mq'
	sysctl -a 2>/dev/null | grep '^net\.\(ipv4\|ipv6\|core\)\.' | grep -v 'fss\|fsc\|nf_\|fib_\|_mem\|random\|tcp_fastopen_key' | md5sum
}

report() {
	printf '  %-8s %9d connections  %3d errors  %7s %% accepted on the receiving CPU\n' \
		"$1" "$LOAD_REQUESTS" "$LOAD_ERRORS" "$(percent "$SEEN_LOCAL" "$SEEN_ALL")"
	while read -r pid accepted local; do
		[ "$pid" = all ] || [ "$pid" = ready ] && continue
		printf '    worker %-6d %9d accepted %26s %%\n' "$pid" "$accepted" \
			"$(percent "$local" "$accepted")"
	done <"$NGINX_DIR/seen"
}

# The selections made so far, all CPUs and groups: LOCAL ALL
selections() {
	bpftool -j map dump pinned /sys/fs/bpf/fastsock/counters | python3 -c '
import json, sys
rows = [v["value"] for e in json.load(sys.stdin) for v in e["formatted"]["values"]]
total = lambda *names: sum(row[name] for row in rows for name in names)
print(total("local"), total("local", "spilled", "neighbour", "original", "hashed"))'
}

echo "demo: $(uname -r), $(nproc) CPUs; server here, load from another network namespace"
net_up --here || fail "network namespaces"
trap net_down EXIT
nginx_conf
before=$(traces)

echo "demo: insmod fastsock.ko"
insmod "$FS_KO" || fail "insmod"
# A CPU of a VM that its host does not run looks like a worker that is stuck.
echo "demo: fsctl enable --iface $VETH_SRV --spill off"
fsctl enable --iface "$VETH_SRV" --spill off || fail "fsctl enable"

echo "demo: nginx as it is"
nginx_start || fail "nginx does not answer"
observed "$seconds"
nginx_stop
stock=$(report stock)
errors=$LOAD_ERRORS
[ "$LOAD_REQUESTS" -gt 0 ] || fail "no connection in the stock run"

echo "demo: fsctl run -- nginx"
nginx_start fsctl run -- || fail "nginx with libfastsock does not answer"
read -r was_local was_all < <(selections)
observed "$seconds"
read -r is_local is_all < <(selections)
ours=$(report fastsock)
errors=$((errors + LOAD_ERRORS))
local=$(percent "$SEEN_LOCAL" "$SEEN_ALL")
status=$(fsctl status) || fail "fsctl status"
nginx_stop

echo
echo "$stock"
echo "$ours"
echo
echo "fsctl status, while it ran:"
echo "$status"
echo
echo "demo: fsctl disable, rmmod"
fsctl disable --iface "$VETH_SRV" || fail "fsctl disable"
if lsmod | grep -q '^fastsock '; then
	rmmod fastsock || fail "rmmod"
fi
[ "$(traces)" = "$before" ] || fail "left behind: $(diff <(echo "$before") <(traces) | tr '\n' ' ')"

[ "$LOAD_REQUESTS" -gt 0 ] || fail "no connection in the fastsock run"
[ "$errors" -eq 0 ] || fail "errors=$errors"
# Our own counters must tell what the independent observer saw. They count
# choices, made before accept(): the load's last connections may be one ahead.
[ $((is_all - was_all)) -ge "$SEEN_ALL" ] && [ $((is_all - was_all - SEEN_ALL)) -le 64 ] ||
	fail "counters say $((is_all - was_all)) connections, the observer $SEEN_ALL"
[ $((is_local - was_local)) -ge "$SEEN_LOCAL" ] ||
	fail "counters say $((is_local - was_local)) local, the observer $SEEN_LOCAL"
awk -v l="$SEEN_LOCAL" -v a="$SEEN_ALL" 'BEGIN { exit !(l >= 0.999 * a) }' || fail "local=$local%"
echo "demo: PASS local=$local% errors=$errors"
