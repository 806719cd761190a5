#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# No warning from the compiler (W=1) or sparse, for any kernel whose headers are here.
root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/lib/tap.sh"

found=0
for kdir in /usr/src/linux-headers-*/.config; do
	kdir=${kdir%/.config}
	[ -d "$kdir" ] || continue
	found=1
	check "no warnings with ${kdir##*/}" make --no-print-directory -C "$root" kmod-lint KDIR="$kdir"
done
if [ $found = 0 ]; then
	skip "no warnings" "no kernel headers are installed"
fi
finish
