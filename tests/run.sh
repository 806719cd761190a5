#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs the tests and adds up their TAP. `make check` builds what they need first.
#
#	tests/SUITE/unit_*.c	native programs, pure logic
#	tests/SUITE/host_*.sh	native, in namespaces of their own
#	tests/SUITE/vm_*.sh	in a VM, one boot per kernel for all of them
#	tests/SUITE/peer_*.sh	native, once for each kernel (FS_KERNEL): the host's side
#				of a VM of its own
#
# A test that dies, hangs or reports fewer cases than it planned has failed, and
# so has one that had no turn because the VM died.
set -u

usage() {
	echo "usage: tests/run.sh [--suite NAME] [--only long] [--kernels 'SERIES...'] [--limit SECONDS]" \
		"[--budget SECONDS] [--cpus N]" >&2
	echo "--limit is for each test, --budget for all of them" >&2
	echo "suites: unit (all unit tests), or a directory of tests/" >&2
	exit 2
}

root=$(cd "$(dirname "$0")/.." && pwd -P) || exit 2
cd "$root" || exit 2
. tests/vm/kernel.sh

suite='' only='' kernels=$(kernel_series) limit=600 budget=86400 cpus=4
while [ $# -gt 0 ]; do
	[ $# -ge 2 ] || usage
	case $1 in
	--suite) suite=$2 ;;
	--only) only=$2 ;;
	--kernels) kernels=$2 ;;
	--limit) limit=$2 ;;
	--budget) budget=$2 ;;
	--cpus) cpus=$2 ;;
	*) usage ;;
	esac
	shift 2
done

export FS_ROOT=$root FS_BUILD=$root/build LC_ALL=C.UTF-8

count=0 passed=0 failed=0 skipped=0

pass() {
	count=$((count + 1)) passed=$((passed + 1))
	echo "ok $count - [$label] $1"
}

fail() {
	count=$((count + 1)) failed=$((failed + 1))
	echo "not ok $count - [$label] $1"
}

skip() {
	count=$((count + 1)) skipped=$((skipped + 1))
	echo "ok $count - [$label] $1"
}

# One test's TAP. begin_test forgets the last one; take_line renumbers a case and
# makes a comment of everything that is not TAP; end_test judges the whole.
begin_test() {
	label=$1 cases=0 plan='' bad=0 begun=$SECONDS
}

tap_case='^(not )?ok($|( +[0-9]+)?( +- *| +|$)(.*))'

take_line() {
	local line=$1 desc
	if [[ $line =~ $tap_case ]]; then
		desc=${BASH_REMATCH[5]}
		cases=$((cases + 1))
		if [ -n "${BASH_REMATCH[1]}" ]; then
			bad=$((bad + 1))
			fail "$desc"
		elif [[ $desc =~ \#\ *[Ss][Kk][Ii][Pp] ]]; then
			skip "$desc"
		else
			pass "$desc"
		fi
	elif [[ $line =~ ^1\.\.([0-9]+)(\ *\#\ *[Ss][Kk][Ii][Pp]\ *(.*))?$ ]]; then
		plan=${BASH_REMATCH[1]}
		if [ "$plan" = 0 ]; then
			skip "everything # SKIP ${BASH_REMATCH[3]}"
		fi
	elif [[ $line == \#* ]]; then
		echo "$line"
	elif [ -n "$line" ]; then
		echo "# $line"
	fi
}

end_test() {
	local status=$1
	if [ "$status" = 124 ] || [ "$status" = 137 ]; then
		fail "ended by its time limit of $limit s (status $status)"
	elif [ -z "$plan" ]; then
		fail "died before its end (status $status, no plan)"
	elif [ "$plan" != "$cases" ]; then
		fail "planned $plan cases, reported $cases"
	elif [ "$status" != 0 ] && [ $bad -eq 0 ]; then
		fail "exit status $status without a failed case"
	fi
	echo "# $label: $((SECONDS - begun)) s"
}

# tests/apart names the tests that a run of all leaves out, each with its kind; --only
# KIND runs those of that kind instead, and a suite that is asked for is run whole.
wanted() {
	local kind
	[ -z "$suite" ] || return 0
	kind=$(awk -v name="$1" '$1 == name { print $2 }' tests/apart)
	[ "$kind" = "$only" ]
}

# select_tests GLOB: the tests of the suite as suite/name, without extension.
select_tests() {
	local file dirs=${suite:-'*'}
	[ "$suite" != unit ] || dirs='*'
	# shellcheck disable=SC2086 # the patterns are to expand
	for file in tests/$dirs/$1; do
		[ -e "$file" ] || continue
		file=${file#tests/}
		! wanted "${file%.*}" || echo "${file%.*}"
	done
}

# at_most SECONDS: these, or what is left of the budget.
at_most() {
	local left=$((budget - SECONDS))
	echo $(($1 < left ? $1 : left > 1 ? left : 1))
}

run_native() {
	local name=$1 line limit=$limit
	limit=$(at_most "$limit")
	shift
	begin_test "$name"
	if [ $SECONDS -ge "$budget" ]; then
		fail "never ran: the $budget s for all tests were over"
		return
	fi
	while IFS= read -r line || [ -n "$line" ]; do
		take_line "$line"
	done < <(timeout --kill-after=10 "$limit" "$@" </dev/null 2>&1)
	wait $!
	end_test $?
}

run_vm() {
	local kernel=$1 time line word name status pending=" ${vm_tests[*]} " current=''
	time=$(at_most $((240 + (limit + 20) * ${#vm_tests[@]})))
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		'#@ '*)
			read -r _ word name status <<<"$line"
			case $word in
			begin)
				begin_test "$kernel $name"
				current=$name
				;;
			end)
				end_test "$status"
				current=
				pending=${pending/ $name / }
				;;
			clean) pass 'leaves nothing behind' ;;
			dirty) fail 'leaves nothing behind' ;;
			esac
			;;
		*)
			if [ -n "$current" ]; then
				take_line "$line"
			else
				echo "# ${line#\# }"
			fi
			;;
		esac
	done < <(tests/vm/run.sh --kernel "$kernel" --cpus "$cpus" \
		--timeout "$time" -- \
		bash tests/vm/suite.sh "$limit" "${vm_tests[@]}" 2>&1)
	wait $!
	status=$?
	for name in $pending; do
		begin_test "$kernel $name"
		if [ "$name" = "$current" ]; then
			fail 'the VM ended while this ran'
		else
			fail 'never ran: the VM had ended'
		fi
	done
	begin_test "$kernel"
	if [ $status -eq 0 ]; then
		pass 'the VM runs to its end'
	else
		fail "the VM runs to its end (status $status, see tests/vm/run.sh)"
	fi
}

echo 'TAP version 13'
mapfile -t unit_tests < <(select_tests 'unit_*.c')
for name in "${unit_tests[@]}"; do
	run_native "$name" "build/tests/$name"
done
if [ "$suite" != unit ]; then
	mapfile -t host_tests < <(select_tests 'host_*.sh')
	for name in "${host_tests[@]}"; do
		run_native "$name" bash "tests/$name.sh"
	done
	mapfile -t vm_tests < <(select_tests 'vm_*.sh')
	if [ ${#vm_tests[@]} -gt 0 ]; then
		for kernel in $kernels; do
			run_vm "$kernel"
		done
	fi
	mapfile -t peer_tests < <(select_tests 'peer_*.sh')
	for name in "${peer_tests[@]}"; do
		for kernel in $kernels; do
			FS_KERNEL=$kernel run_native "$kernel $name" bash "tests/$name.sh"
		done
	done
fi

while [ -z "$suite$only" ] && read -r name kind why; do
	[[ $name == */* ]] || continue
	begin_test "$name"
	skip "everything # SKIP $kind: $why"
done <tests/apart

echo "1..$count"
if [ $((passed + failed)) -eq 0 ]; then
	echo "# nothing ran${suite:+: there is no test in suite '$suite'}"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
