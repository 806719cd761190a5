#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the cases of vm_preload expect is what this kernel does without the library.
set -u
. tests/lib/tap.sh
. tests/preload/preload.sh

stock_cases
finish
