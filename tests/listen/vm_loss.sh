#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Nothing lost, with the module.
set -u
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/listen/servers.sh

PATH=$FS_BUILD/bin:$PATH
MODULE=yes
: "${KILLS:=4}" "${RELOADS:=4}" "${SEAMLESS:=2}" "${FLIPS:=2}"
. tests/listen/loss.sh

check "insmod" insmod "$FS_KO"
check "fsctl enable" fsctl enable --iface lo
note "| what | how | times | answered | lost | held by killed | slowest |"
loss_all
check "fsctl disable" fsctl disable --iface lo
check "rmmod" rmmod fastsock
finish
