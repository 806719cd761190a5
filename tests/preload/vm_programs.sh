#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The library with the module: hazards in Python, programs that notice nothing.
set -u
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/preload/preload.sh

check "insmod" insmod "$FS_KO"
check "fsctl enable" fsctl enable --iface lo
python_cases "module"
transparent "module"
check "fsctl disable" fsctl disable --iface lo
check "rmmod" rmmod fastsock
finish
