#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The hazards of hazards.py with the module.
set -u
. tests/lib/tap.sh
. tests/preload/preload.sh

check "insmod" insmod "$FS_KO"
preload_cases "module" lo
check "rmmod" rmmod fastsock
finish
