# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# One server and one client network namespace joined by a veth pair. Source
# this; net_up makes them, net_down removes them (put it in a trap).
#
#	NS_SRV ──veth_s────────veth_c── NS_CLI
#	10.77.0.1, fd77::1     10.77.0.2, fd77::2
#
# The names carry the PID of the script: tests may run side by side. What exists
# is asked of the system and not remembered, so that net_up may be called in a
# subshell (such as `check` makes).

NS_SRV=fs-srv-$$
NS_CLI=fs-cli-$$
VETH_SRV=fss$$
VETH_CLI=fsc$$
IP4_SRV=10.77.0.1
IP4_CLI=10.77.0.2
IP6_SRV=fd77::1
IP6_CLI=fd77::2

# net_up [--here] [VETH OPTIONS...]: --here keeps the server's side in the
# current namespace. Options such as `numrxqueues 4
# numtxqueues 4` are given to both ends.
net_up() {
	if [ "${1-}" = --here ]; then
		shift
	else
		ip netns add "$NS_SRV" || return
	fi
	ip netns add "$NS_CLI" &&
		ip link add "$VETH_SRV" "$@" type veth \
			peer name "$VETH_CLI" "$@" &&
		ip link set "$VETH_CLI" netns "$NS_CLI" || return
	if [ -e "/run/netns/$NS_SRV" ]; then
		ip link set "$VETH_SRV" netns "$NS_SRV" || return
	fi
	net_end srv "$VETH_SRV" "$IP4_SRV" "$IP6_SRV" &&
		net_end cli "$VETH_CLI" "$IP4_CLI" "$IP6_CLI" &&
		wait_for 5 net_carrier
}

# nodad: an address is usable at once instead of after a second of probing.
net_end() {
	"$1" ip link set lo up &&
		"$1" ip link set "$2" up &&
		"$1" ip addr add "$3/24" dev "$2" &&
		"$1" ip addr add "$4/64" dev "$2" nodad
}

# LOWER_UP comes first; frames are dropped until the state follows.
net_carrier() {
	srv ip -o link show "$VETH_SRV" up | grep -q 'LOWER_UP.* state UP' &&
		cli ip -o link show "$VETH_CLI" up | grep -q 'LOWER_UP.* state UP'
}

# Processes left in the namespaces would keep them alive: end them first, they
# are the test's own.
net_down() {
	local ns
	for ns in "$NS_SRV" "$NS_CLI"; do
		[ -e "/run/netns/$ns" ] || continue
		ip netns pids "$ns" | xargs -r kill -9 2>/dev/null
		ip netns del "$ns"
	done
	# With --here one end is in the current namespace, and goes a moment after
	# the other's namespace.
	if [ -e "/sys/class/net/$VETH_SRV" ]; then
		ip link del "$VETH_SRV" 2>/dev/null
	fi
	return 0
}

# srv CMD..., cli CMD...: run there. nsenter rather than `ip netns exec`, which
# mounts a fresh /sys and so hides bpffs.
srv() {
	if [ -e "/run/netns/$NS_SRV" ]; then
		nsenter --net="/run/netns/$NS_SRV" "$@"
	else
		"$@"
	fi
}

cli() {
	nsenter --net="/run/netns/$NS_CLI" "$@"
}

# The client's end takes all frames on CPU 0, with the kernel's own RPS.
#
# For where replies go to another CPU than the asker's: the ACK of the handshake is
# sent there, the data by the asker, and the peer takes both at once, each on the CPU
# that sent it. Linux before 6.19 then answers the data with RST, once in some tens of
# thousands of such connections, whoever moved the replies: for a moment the connection
# is in no table, see "inet: Avoid ehash lookup race in inet_ehash_insert()" there.
cli_in_order() {
	ip netns exec "$NS_CLI" sh -c "
		for file in /sys/class/net/$VETH_CLI/queues/rx-*/rps_cpus; do
			echo 1 >\$file || exit
		done"
}

# listening PORT: by TCP, here
listening() {
	ss -Hltn "sport = :$1" | grep -q .
}

# wait_for SECONDS CMD...: poll until CMD succeeds; its output is dropped. It is asked
# twenty times in any case: this script may have stood still while the time went by.
wait_for() {
	local end=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000)) times=0
	shift
	until "$@" >/dev/null 2>&1; do
		times=$((times + 1))
		if [ "${EPOCHREALTIME/[.,]/}" -ge "$end" ] && [ $times -ge 20 ]; then
			return 1
		fi
		sleep 0.05
	done
}
