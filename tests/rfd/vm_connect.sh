#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Source ports of outgoing connections on the stock kernels, whose searches differ.
set -u
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/rfd/rfd.sh
. tests/rfd/connect.sh

# Emulated, each program takes its time: the harshest set-up of host_connect.sh's four.
hazards=one-port
range=/proc/sys/net/ipv4/ip_local_port_range
was=$(cat $range)
connect_cases
follow_cases
check "fsctl disable" fsctl disable --all
echo "$was" >$range
finish
