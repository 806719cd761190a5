#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fsctl adopt on the stock kernel: TCP and UDP, threads and processes. An emulated
# VM is slow: host_adopt.sh has the other combinations.
set -u
. tests/lib/tap.sh
. tests/adopt/adopt.sh

ip link set lo up
adopt_begin
check "this kernel tells whose program a group has" iterators
serves "threads" tcp 127.0.0.1 "$cpus" threads pinned
serves "UDP, processes, IPv6" udp ::1 "$cpus" pinned
own_program
elsewhere
adopt_end
finish
