#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Nothing lost, without the module. Short here; `make check-loss` does it at length.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/listen/servers.sh
. tests/listen/loss.sh

check "fsctl enable" fsctl enable --iface lo
note "| what | how | times | answered | lost | held by killed | slowest |"
loss_all
check "fsctl disable" fsctl disable --iface lo
finish
