#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Both legs of an unmodified HAProxy at home, its listeners from the module: in modes rss
# and ntuple on the test card, in mode xdp on a veth; as it is beside each.
set -u
. tests/lib/tap.sh
. tests/nic/nic.sh
. tests/lib/net.sh	# again: the clients come by a veth
. tests/fsctl/fsctl.sh
. tests/rfd/haproxy.sh

ONE_IN=1
down() {
	haproxy_down
	backend_down
	card_down
}
trap down EXIT
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
check "insmod" insmod "$FS_KO"
net_up --here && backend_up_card || { not_ok "clients, and a backend behind the card"; finish; }
haproxy_mode rss
haproxy_mode ntuple
backend_down
check "the card is gone" rmmod fsnic
backend_up || { not_ok "a backend behind a veth"; finish; }
haproxy_mode xdp
down
check "nothing is left" no_pins
check "rmmod" rmmod fastsock
finish
