#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Both legs of an unmodified HAProxy at home, in xdp mode; as it is beside it.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/fsctl/fsctl.sh
. tests/rfd/haproxy.sh

if [ "$(nproc)" -lt 2 ]; then
	echo "1..0 # SKIP needs two CPUs"
	exit
fi
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
trap 'haproxy_down; backend_down; net_down' EXIT
net_up --here && backend_up || { not_ok "clients and backend"; finish; }
haproxy_mode xdp
check "nothing is left" no_pins
finish
