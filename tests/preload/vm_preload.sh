#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The library with the module, workers of an unprivileged user. The same cases as stock
# are natively in host_preload, and on this kernel in vm_stock.
set -u
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/preload/preload.sh

check "insmod" insmod "$FS_KO"
# To the group: a worker that becomes another program opens the pins anew.
check "fsctl enable" fsctl enable --iface lo --group www-data
export FS_TEST_UID=33
library_cases "module"
check "fsctl disable" fsctl disable --iface lo
check "rmmod" rmmod fastsock
finish
