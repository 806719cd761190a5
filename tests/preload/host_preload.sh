#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The library without the module: each hazard as stock and with the library, as
# root, with workers of another user and for musl.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/preload/preload.sh

# lines COMMAND...: of its stderr, the library's own
lines() {
	"$@" 2>&1 >/dev/null | grep -c '^fastsock: '
}

# musl's library cannot be loaded into Debian's own programs (ss, sh): cases that
# start such programs are left out.
musl_cases() {
	local program case
	for program in $programs; do
		for case in $("$FS_BUILD/musl/tests/preload/$program" --list); do
			[[ $case != affinity__* && $case != listen__again ]] || continue
			check "musl: $case" timeout 60 env LD_PRELOAD="$FS_BUILD/musl/libfastsock.so" \
				"$FS_BUILD/musl/tests/preload/$program" "$case"
		done
	done
}

stock_cases
is "not enabled: told on one line" \
	"$(lines fsctl run -- "$bin/descriptors" close_range__refused stock)" 1
check "not enabled: as stock" fsctl run -- "$bin/descriptors" close_range__refused stock
is "before ours is ready a library makes a thread, starts a program, sets its user" \
	"$(LD_PRELOAD="$FS_BUILD/lib/libfastsock.so $FS_BUILD/tests/preload/early.so" /bin/true)" \
	"thread 0, program 3, user 0"
strict_refuses
check "fsctl enable" fsctl enable --iface lo
library_cases "no module"
# Not all: what was bound before the change of user serves once, so a worker that
# wants another local listener later needs the module.
FS_TEST_UID=33 library_cases "no module, workers of www-data" accepting
musl_cases
check "fsctl disable" fsctl disable --iface lo
finish
