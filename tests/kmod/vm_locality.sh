#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Loopback first, then clients behind a veth pair.
. "$FS_ROOT/tests/kmod/module.sh"
. "$FS_ROOT/tests/lib/net.sh"
trap net_down EXIT

module_up
cases locality
net_up --here || not_ok "a client namespace is made"
cases locality "/run/netns/$NS_CLI" "$IP4_SRV"
cases locality "/run/netns/$NS_CLI" "$IP6_SRV"
net_down
module_down
finish
