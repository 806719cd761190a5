#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What host_*.sh tries, with this kernel's BPF.
set -u
. tests/lib/tap.sh

for name in host_fsctl host_status; do
	failed=$(bash tests/fsctl/$name.sh 2>&1 | grep -v '^ok ')
	is "$name on this kernel" "$(grep -v '^1\.\.[1-9]' <<<"$failed")" ""
	check "$name came to its end" grep -q '^1\.\.[1-9]' <<<"$failed"
done
finish
