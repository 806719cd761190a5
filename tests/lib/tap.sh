# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# TAP without a plan in advance: source this, report cases, end with `finish`.
# The plan comes last, so a script that dies on the way has none and is seen to
# have died.

TAP_COUNT=0
TAP_FAILED=0

ok() {
	TAP_COUNT=$((TAP_COUNT + 1))
	echo "ok $TAP_COUNT - $1"
}

# not_ok DESC [WHY]: WHY may have several lines.
not_ok() {
	TAP_COUNT=$((TAP_COUNT + 1))
	TAP_FAILED=$((TAP_FAILED + 1))
	echo "not ok $TAP_COUNT - $1"
	if [ -n "${2-}" ]; then
		note "$2"
	fi
}

skip() {
	TAP_COUNT=$((TAP_COUNT + 1))
	echo "ok $TAP_COUNT - $1 # SKIP $2"
}

note() {
	printf '%s\n' "$1" | sed 's/^/# /'
}

# relay FILE STATUS: the cases of a script that ran by itself, and that it came to its end.
relay() {
	local line
	while IFS= read -r line; do
		case $line in
		'ok '*' # SKIP '*)
			line=${line#*- }
			skip "${line%% \# SKIP *}" "${line#* \# SKIP }"
			;;
		'ok '*) ok "${line#*- }" ;;
		'not ok '*) not_ok "${line#*- }" ;;
		1..*) ;;
		*) note "${line#\# }" ;;
		esac
	done <"$1"
	[ "$2" -eq 0 ] && grep -q '^1\.\.' "$1" && return
	not_ok "a script came to its end" "status $2"
}

# check DESC CMD...: ok when CMD succeeds; otherwise what CMD said is shown.
# CMD runs in a subshell (variables it sets are lost).
check() {
	local desc=$1 out rc
	shift
	out=$("$@" 2>&1)
	rc=$?
	if [ $rc -eq 0 ]; then
		ok "$desc"
	else
		not_ok "$desc" "exit $rc: $*${out:+
$out}"
	fi
}

# refuse DESC CMD...: ok when CMD fails by itself (not by a signal, and not
# because it could not be found).
refuse() {
	local desc=$1 out rc
	shift
	out=$("$@" 2>&1)
	rc=$?
	if [ $rc -ge 1 ] && [ $rc -le 125 ]; then
		ok "$desc"
	else
		not_ok "$desc" "exit $rc, wanted a refusal: $*${out:+
$out}"
	fi
}

# is DESC GOT WANT
is() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got '$2', wanted '$3'"
	fi
}

finish() {
	echo "1..$TAP_COUNT"
	[ "$TAP_FAILED" -eq 0 ]
	exit
}
