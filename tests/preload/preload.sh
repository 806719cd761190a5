# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The cases that both the native and the guest's script run.

PATH=$FS_BUILD/bin:$PATH
dir=$(mktemp -d /tmp/fs-preload.XXXXXX)
trap 'rm -rf "$dir"' EXIT
hazards=tests/preload/hazards.py

# says TEXT COMMAND...: succeeds, and has the text on stderr exactly once
says() {
	local text=$1
	shift
	"$@" 2>"$dir/err" >/dev/null && [ "$(grep -cF -- "$text" "$dir/err")" -eq 1 ]
}

# preload_cases LABEL INTERFACE
preload_cases() {
	local label=$1 case
	for case in $(python3 $hazards --list); do
		check "stock: $case" timeout 90 python3 $hazards "$case" --stock
	done
	check "$label: fsctl enable" fsctl enable --iface "$2"
	for case in $(python3 $hazards --list); do
		check "$label: $case" timeout 90 fsctl run -- python3 $hazards "$case"
	done
	check "$label: FASTSOCK_PIN=0 pins nobody" \
		env FASTSOCK_PIN=0 fsctl run -- python3 $hazards pinning
	check "$label: FASTSOCK=off does nothing" \
		env FASTSOCK=off fsctl run -- python3 $hazards forked_worker --stock
	check "$label: an unknown setting is named" says "unknown setting FASTSOCK_SPEED=9" \
		env FASTSOCK_SPEED=9 fsctl run -- true
	check "$label: a bad value is named" says "FASTSOCK=fast is not" \
		env FASTSOCK=fast fsctl run -- true
	is "$label: a program that is no server hears nothing" \
		"$(fsctl run -- true 2>&1)" ""
	check "$label: fsctl disable" fsctl disable --iface "$2"
	check "$label: strict refuses when not enabled" sh -c \
		"FASTSOCK=strict fsctl run -- python3 $hazards forked_worker 2>&1 | grep -q 'Operation not supported'"
}
