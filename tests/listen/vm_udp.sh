#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# UDP servers on the stock kernel, on four CPUs. The module has no part in it.
set -u
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/listen/servers.sh
. tests/listen/models.sh

PATH=$FS_BUILD/bin:$PATH
check "fsctl enable" fsctl enable --iface lo --spill off
udp_models
check "fsctl disable" fsctl disable --iface lo
finish
