#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# No warning from the compiler (W=1) or sparse, for any kernel the tests run on: the
# module, and the tests' network card.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/lib/tap.sh"
. "$root/tests/vm/kernel.sh"

for series in $(kernel_series); do
	for module in kmod nic; do
		check "$module: no warnings for $series" \
			make --no-print-directory -C "$root" "$module-lint-for-$series"
	done
done
finish
