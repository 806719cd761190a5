# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The module in a test: source this; `module_up`, `cases PROGRAM ARGS...`,
# `module_down`, `finish`.

. "$FS_ROOT/tests/lib/tap.sh"

KMOD_BIN=$FS_BUILD/tests/kmod

module_up() {
	check "the module loads" insmod "$FS_KO" || return
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[ -c /dev/fastsock ] && return
		sleep 0.2
	done
	not_ok "/dev/fastsock appears"
}

module_down() {
	check "the module unloads" rmmod fastsock
	is "the kernel did not complain" \
		"$(dmesg | grep -cE 'WARNING:|BUG:|Oops|refcount_t|RCU.*stall|possible (recursive|circular)|leaked|Unable to handle')" 0
}

# cases PROGRAM ARGS...: turns the program's lines into cases of this script.
# A program that dies without reporting a failure is one, too.
cases() {
	local program=$1 line failed=$TAP_FAILED status
	shift
	while IFS= read -r line; do
		case $line in
		"ok - "*" # SKIP "*)
			line=${line#ok - }
			skip "${program}: ${line%% # SKIP *}" "${line##* # SKIP }"
			;;
		"ok - "*) ok "$program: ${line#ok - }" ;;
		"not ok - "*) not_ok "$program: ${line#not ok - }" ;;
		"status "*) status=${line#status } ;;
		*) note "${line#\# }" ;;
		esac
	done < <("$KMOD_BIN/$program" "$@" 2>&1; echo "status $?")
	if [ "$status" != 0 ] && [ "$failed" = "$TAP_FAILED" ]; then
		not_ok "$program ends well" "exit status $status"
	fi
}
