#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fsctl without the module, in private mount and network namespaces: arguments,
# state, repair after a kill, what status shows.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh

pins=/sys/fs/bpf/fastsock
ip link add other0 type veth peer other1 || { not_ok "a second interface"; finish; }
mountpoint -q /sys/fs/bpf && umount /sys/fs/bpf

# says STATUS TEXT COMMAND...: exit status, and a text in what is said
says() {
	local want=$1 text=$2 out rc
	shift 2
	out=$("$@" 2>&1)
	rc=$?
	if [ $rc -ne "$want" ] || ! grep -qF -- "$text" <<<"$out"; then
		echo "exit $rc, said: $out"
		return 1
	fi
}

nothing_left() {
	[ ! -e $pins ] && [ ! -e $pins-new ] && [ ! -e /run/fastsock ] &&
		! mountpoint -q /sys/fs/bpf
}

# Arguments
check "no command" says 2 "which command?" fsctl
check "a mistyped command" says 2 "did you mean 'enable'?" fsctl enabel
check "enable without --iface" says 2 "--iface IF is missing" fsctl enable
check "enable --iface without a value" says 2 "needs a value" fsctl enable --iface
check "enable with an unknown option" says 2 "unknown option '--ifac3'" fsctl enable --ifac3 lo
check "enable with a word too many" says 2 "one word too many" fsctl enable --iface lo lo
check "enable with an impossible name" says 2 "cannot be the name" fsctl enable --iface abcdefghijklmnopq
check "enable with a slash" says 2 "cannot be the name" fsctl enable --iface a/b
check "enable with an empty name" says 2 "cannot be the name" fsctl enable --iface ""
check "enable with no such interface: names those there are" \
	says 1 "there are: lo, other1, other0" fsctl enable --iface nosuch
check "enable with no such group" says 1 "no group 'nosuch'" fsctl enable --iface lo --group nosuch
check "disable without a word" says 2 "either --iface IF or --all" fsctl disable
check "disable with both" says 2 "either --iface IF or --all" fsctl disable --all --iface lo
check "status with a word too many" says 2 "one word too many" fsctl status x
check "run without a command" says 2 "which command?" fsctl run
check "run with an option of its own" says 2 "put '--'" fsctl run --x true
check "all that changed nothing" nothing_left
for command in enable disable status run help; do
	check "help $command" says 0 "usage: fsctl $command" fsctl help $command
	check "manual page has $command" grep -q "^\.SS $command" tools/fsctl.8
done
is "help lists these commands and no other" \
	"$(fsctl help | sed -nE 's/^  ([a-z]+) .*/\1/p' | tr '\n' ' ')" "enable disable status run help "

# run
check "run: exit status of the command" says 7 "" fsctl run -- sh -c 'exit 7'
check "run: not enabled is said" says 0 "not enabled" fsctl run -- true
check "run: not found" says 127 "No such file" fsctl run -- /nonexistent/command
check "run: not executable" says 126 "Permission denied" fsctl run -- /etc/passwd
check "run: preloads in front of what is there" \
	says 0 "libfastsock.so:libc.so.6" env LD_PRELOAD=libc.so.6 "$FS_BUILD/bin/fsctl" run -- \
	sh -c 'echo "$LD_PRELOAD"'

# enable and disable
check "dry run says what it would do" says 0 "load and pin" fsctl enable --iface lo --dry-run
check "dry run does nothing" nothing_left
check "disable of what is not enabled" says 0 "was not enabled" fsctl disable --iface lo
check "enable mounts bpffs" says 0 "bpffs: mounted" fsctl enable --iface lo
is "enable pins" "$(ls $pins | tr '\n' ' ')" "config counters groups members select slots "
is "enable pins for root only" "$(stat -c %a $pins $pins/slots | tr '\n' ' ')" "700 600 "
before=$(bpftool -j map show pinned $pins/slots)
check "enable again" says 0 "already" fsctl enable --iface lo
check "enable another interface" says 0 "other0: enabled" fsctl enable --iface other0
is "the same objects serve both" "$(bpftool -j map show pinned $pins/slots)" "$before"
check "status is JSON" sh -c 'fsctl status --json | python3 -m json.tool'
check "status names both interfaces" says 0 "interfaces  lo other0" fsctl status
check "disable the first" says 0 "lo: disabled" fsctl disable --iface lo
check "the pins stay for the second" test -e $pins/slots
check "disable the second" says 0 "other0: disabled" fsctl disable --iface other0
check "nothing is left, bpffs unmounted again" nothing_left
fsctl enable --iface lo --group daemon >/dev/null
is "a group may use the pins" "$(stat -c '%G %a' $pins $pins/slots | tr '\n' ' ')" \
	"daemon 750 daemon 660 "
fsctl disable --all >/dev/null
check "nothing is left by --all" nothing_left

# What somebody else left
fsctl enable --iface lo >/dev/null
bpftool map update pinned $pins/config key 0 0 0 0 value 99 0 0 0 2 0 0 0 64 0 0 0 1 0 0 0
check "pins of another ABI are refused, and what to do is said" \
	says 1 "fsctl disable --all" fsctl enable --iface other0
check "the library names both ABIs and goes on" says 0 "ABI 99, this library 1" \
	fsctl run -- python3 -c 'import socket; socket.create_server(("127.0.0.1", 8000))'
check "disable removes them" says 0 "disabled" fsctl disable --all
mkdir -p /run/fastsock && echo '{' >/run/fastsock/state.json
check "a damaged state is named" says 1 "is damaged" fsctl enable --iface lo
check "and cleared by disable --all" says 0 "" fsctl disable --all
check "nothing is left after that" nothing_left
check "as an ordinary user: enable says why not" \
	says 1 "needs root" setpriv --reuid nobody --clear-groups "$FS_BUILD/bin/fsctl" enable --iface lo
check "as an ordinary user: status works" \
	says 0 "selection" setpriv --reuid nobody --clear-groups "$FS_BUILD/bin/fsctl" status

# Killed between any two system calls that change something, then repaired.
killed=0 broken=
for call in mkdir flock openat rename bpf mount write fchmodat chmod unlink unlinkat rmdir umount2; do
	for at in 1 2 3 4 5 6 7 8 9 10 11 12; do
		if ! strace -qq -o /dev/null -e trace=$call \
			-e inject=$call:signal=KILL:when=$at fsctl enable --iface lo >/dev/null 2>&1; then
			killed=$((killed + 1))
		fi
		fsctl enable --iface lo >/dev/null 2>&1 && [ -e $pins/slots ] || broken="$broken enable/$call/$at"
		strace -qq -o /dev/null -e trace=$call \
			-e inject=$call:signal=KILL:when=$at fsctl disable --iface lo >/dev/null 2>&1 ||
			killed=$((killed + 1))
		fsctl disable --all >/dev/null 2>&1
		[ ! -e $pins ] && [ ! -e $pins-new ] && [ ! -e /run/fastsock ] || broken="$broken disable/$call/$at"
		mountpoint -q /sys/fs/bpf && umount /sys/fs/bpf
	done
done 2>/dev/null	# the shell's own word on each kill
if [ $killed -ge 30 ]; then
	ok "fsctl was killed in the middle ($killed times)"
else
	not_ok "fsctl was killed in the middle" "only $killed times"
fi
is "the next enable and disable put right what a kill left" "$broken" ""

# 40 at a time
for _ in 1 2 3 4 5 6 7 8 9 10; do
	fsctl enable --iface lo >/dev/null 2>&1 &
	fsctl disable --iface lo >/dev/null 2>&1 &
	fsctl enable --iface other0 >/dev/null 2>&1 &
	fsctl disable --iface other0 >/dev/null 2>&1 &
done
wait
fsctl disable --all >/dev/null 2>&1
check "many at once leave nothing" nothing_left
finish
