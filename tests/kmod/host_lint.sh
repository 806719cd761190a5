#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# No warning from the compiler (W=1) or sparse, for any kernel the tests run on: the
# module, and the tests' network card.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/lib/tap.sh"
. "$root/tests/vm/kernel.sh"

dir=$(mktemp -d /tmp/fs-lint.XXXXXX)
trap 'rm -rf "$dir"' EXIT

# All at once, each in a directory of its own: one by itself leaves a CPU idle.
declare -A pids
for series in $(kernel_series); do
	for module in kmod nic; do
		make --no-print-directory -C "$root" "$module-lint-for-$series" \
			>"$dir/$module-$series" 2>&1 &
		pids[$module-$series]=$!
	done
done
for series in $(kernel_series); do
	for module in kmod nic; do
		if wait "${pids[$module-$series]}"; then
			ok "$module: no warnings for $series"
		else
			not_ok "$module: no warnings for $series" "$(cat "$dir/$module-$series")"
		fi
	done
done
finish
