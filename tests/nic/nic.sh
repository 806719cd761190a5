# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The namespaces of tests/lib/net.sh joined by the test card instead of by veth:
# source this; card_up loads it and joins them, card_down takes all away.
#
#	NS_SRV ──fsnic0────────fsnic1── NS_CLI
#
# For VMs only: there is one fsnic, and its devices have fixed names.

. "$FS_ROOT/tests/lib/net.sh"

# shellcheck disable=SC2034 # net.sh's names for the two ends
VETH_SRV=fsnic0 VETH_CLI=fsnic1
FSNIC=/sys/module/fsnic/parameters

# Debian 12's ethtool says "Cannot ..." of a rule or of fields that a device refuses,
# and succeeds.
ethtool() {
	local said rc
	said=$(command ethtool "$@" 2>&1)
	rc=$?
	[ -z "$said" ] || printf '%s\n' "$said"
	[ $rc -eq 0 ] || return $rc
	! grep -q 'Cannot' <<<"$said"
}

card_load() {
	insmod "$FS_BUILD/nic/$(uname -r)/fsnic.ko" "$@"
}

# card_up [--here] [PARAMETERS...]: --here keeps the server's end in the current
# namespace. Parameters are the module's.
card_up() {
	local here=
	if [ "${1-}" = --here ]; then
		here=1
		shift
	else
		ip netns add "$NS_SRV" || return
	fi
	ip netns add "$NS_CLI" && card_load "$@" && ip link set fsnic1 netns "$NS_CLI" || return
	[ -n "$here" ] || ip link set fsnic0 netns "$NS_SRV" || return
	net_end srv fsnic0 "$IP4_SRV" "$IP6_SRV" &&
		net_end cli fsnic1 "$IP4_CLI" "$IP6_CLI" &&
		wait_for 5 net_carrier
}

card_down() {
	net_down
	if [ -d /sys/module/fsnic ]; then
		rmmod fsnic
	fi
}

# card_can PARAMETER VALUE: what the cards are able to do from now on.
card_can() {
	echo "$2" >"$FSNIC/$1"
}

# card_irqs DEVICE: its interrupts, by queue.
card_irqs() {
	find "/sys/class/net/$1/device/msi_irqs/" -type f -printf '%f\n' | sort -n
}
