#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Originals that change, stop and go while they are cloned.
. "$FS_ROOT/tests/kmod/module.sh"
module_up
cases stress races 15
module_down
finish
