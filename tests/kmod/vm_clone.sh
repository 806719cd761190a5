#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
. "$FS_ROOT/tests/kmod/module.sh"
module_up
cases clone
module_down
finish
