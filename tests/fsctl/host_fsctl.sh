#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fsctl without the module, in private mount and network namespaces: arguments,
# help, run, what enable makes and disable takes back.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh

. tests/fsctl/fsctl.sh

ip link add other0 type veth peer other1 || { not_ok "a second interface"; finish; }
mountpoint -q /sys/fs/bpf && umount /sys/fs/bpf

nothing_left() {
	no_pins && ! mountpoint -q /sys/fs/bpf && return
	ls -d $pins* /run/fastsock/*
	findmnt /sys/fs/bpf
	return 1
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
check "enable with a dot" says 2 "cannot be the name" fsctl enable --iface ..
check "disable with a slash" says 2 "cannot be the name" fsctl disable --iface a/b
check "disable with a name too long" says 2 "cannot be the name" fsctl disable --iface abcdefghijklmnopq
check "enable with a spill that is neither" says 2 "on or off is meant" fsctl enable --iface lo --spill no
check "disable without a word" says 2 "either --iface IF or --all" fsctl disable
check "disable with both" says 2 "either --iface IF or --all" fsctl disable --all --iface lo
check "status with a word too many" says 2 "one word too many" fsctl status x
check "run without a command" says 2 "which command?" fsctl run
check "run with an option of its own" says 2 "put '--'" fsctl run --x true
check "all that changed nothing" nothing_left
pins_abi=$(sed -nE 's/^#define FASTSOCK_PINS_ABI\t+//p' uapi/fastsock_slots.h)
check "--version tells both ABIs" says 0 "device ABI 1, pins ABI $pins_abi" fsctl --version

# The table is what `fsctl help` prints; help, manual page and completion follow it.
commands=$(fsctl help | sed -nE 's/^  ([a-z]+) .*/\1/p')
check "help lists commands" [ "$(wc -w <<<"$commands")" -ge 5 ]
# shellcheck source=/dev/null
. tools/fsctl.bash
complete_words() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_fsctl
	echo "${COMPREPLY[*]}"
}
is "completion has these commands" "$(complete_words fsctl '')" \
	"${commands//$'\n'/ } --help --version"
is "completion of help has these commands" "$(complete_words fsctl help '')" "${commands//$'\n'/ }"
for command in $commands; do
	check "help $command" says 0 "usage: fsctl $command" fsctl help "$command"
	is "$command --help" "$(fsctl "$command" --help)" "$(fsctl help "$command")"
	check "manual page has $command" grep -q "^\.SS $command\$" tools/fsctl.8
	for option in $(fsctl help "$command" | sed -n 1p | grep -oE -- '--[a-z-]{2,}'); do
		check "manual page has $command $option" eval \
			"sed -n '/^.SS $command\$/,/^.S[SH]/p' tools/fsctl.8 | sed 's/\\\\-/-/g' | grep -q -- '$option'"
		check "completion has $command $option" grep -qw -- "$option" \
			<<<"$(complete_words fsctl "$command" -)"
	done
done
is "completion of interfaces" \
	"$(complete_words fsctl enable --iface othe | tr " " "\n" | sort | xargs)" "other0 other1"
is "completion of groups" "$(complete_words fsctl enable --group daemo)" "daemon"
check "completion of servers" grep -qw bash <<<"$(complete_words fsctl run bas)"

# run
check "run: exit status of the command" says 7 "" fsctl run -- sh -c 'exit 7'
check "run: not enabled is said" says 0 "not enabled" fsctl run -- true
check "run: not found" says 127 "No such file" fsctl run -- /nonexistent/command
check "run: not executable" says 126 "Permission denied" fsctl run -- /etc/passwd
check "run: preloads in front of what is there" \
	says 0 "libfastsock.so:libc.so.6" env LD_PRELOAD=libc.so.6 "$fsctl" run -- \
	sh -c 'echo "$LD_PRELOAD"'

cp /bin/true /run/true
check "run: says nothing of an ordinary program" silent 0 "not loaded into" fsctl run -- /run/true
chown nobody /run/true && chmod u+s /run/true
check "run: a set-user-id program is named" says 0 "is set-user-id" fsctl run -- /run/true
chown root /run/true && chmod u+s /run/true
check "run: not where it changes nobody's rights" silent 0 "not loaded into" fsctl run -- /run/true
chmod u-s /run/true
# Version 2, effective, CAP_NET_BIND_SERVICE permitted.
if python3 -c 'import os, struct
os.setxattr("/run/true", "security.capability", struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0))'; then
	check "run: file capabilities are named, for an ordinary user" says 0 "has file capabilities" \
		setpriv --reuid nobody --clear-groups "$fsctl" run -- /run/true
	check "run: not for root, to whom they give nothing" \
		silent 0 "not loaded into" fsctl run -- /run/true
else
	skip "run: file capabilities are named" "no such attributes on this tmpfs"
fi
check "run: a static program is named" says 0 "is linked statically" fsctl run -- /sbin/ldconfig --version
mkfifo /run/fifo
check "run: a FIFO does not hold it up" says 126 "Permission denied" timeout 5 "$fsctl" run -- /run/fifo
mkdir -p "/run/a b/bin" "/run/a b/lib"
cp "$fsctl" "/run/a b/bin" && cp "$FS_BUILD/lib/libfastsock.so" "/run/a b/lib"
check "run: a path that LD_PRELOAD cannot have" says 126 "without a blank" "/run/a b/bin/fsctl" run -- true

# enable and disable
check "dry run says what it would do" says 0 "load and pin" fsctl enable --iface lo --dry-run
check "dry run does nothing" nothing_left
check "disable of what is not enabled" says 0 "was not enabled" fsctl disable --iface lo
check "enable says what modprobe says" says 0 "modprobe" fsctl enable --iface lo
fsctl disable --iface lo >/dev/null
check "and where sbin is not in PATH" says 0 "modprobe: FATAL" \
	env PATH=/nonexistent "$fsctl" enable --iface lo
fsctl disable --iface lo >/dev/null
check "enable mounts bpffs" says 0 "bpffs: mounted" fsctl enable --iface lo
is "enable pins" "$(ls $pins | tr '\n' ' ')" "config counters groups loads members reasons rfd rfd_counters select slots "
is "enable pins for root only" "$(stat -c %a $pins $pins/slots | tr '\n' ' ')" "700 600 "
before=$(bpftool -j map show pinned $pins/slots)
check "enable again" says 0 "already" fsctl enable --iface lo
check "enable another interface" says 0 "other0: enabled" fsctl enable --iface other0
is "the same objects serve both" "$(bpftool -j map show pinned $pins/slots)" "$before"
check "status is JSON" sh -c 'fsctl status --json | python3 -m json.tool'
check "status names both interfaces" says 0 "interfaces  lo other0" fsctl status
check "nothing spills, if that is wanted" says 0 "lo: was enabled already" fsctl enable --iface lo --spill off
check "status says so" says 0 "enabled, nothing spills" fsctl status
check "so does its JSON" says 0 '"spill":false' fsctl status --json
check "and back" says 0 "lo: was enabled already" fsctl enable --iface lo --spill on
check "status says nothing of it" silent 0 "nothing spills" fsctl status
check "disable the first" says 0 "lo: disabled" fsctl disable --iface lo
check "the pins stay for the second" test -e $pins/slots
check "disable the second" says 0 "other0: disabled" fsctl disable --iface other0
check "nothing is left, bpffs unmounted again" nothing_left
fsctl enable --iface lo --group daemon >/dev/null
is "a group may use the pins" "$(stat -c '%G %a' $pins $pins/slots | tr '\n' ' ')" \
	"daemon 750 daemon 660 "
fsctl disable --all >/dev/null
check "nothing is left by --all" nothing_left
fsctl enable --iface lo >/dev/null
check "a group later" says 0 "open to the group" fsctl enable --iface lo --group daemon
is "it may use the pins" "$(stat -c '%G %a' $pins $pins/slots | tr '\n' ' ')" \
	"daemon 750 daemon 660 "
fsctl disable --all >/dev/null
fsctl enable --iface lo >/dev/null
check "a group with another interface" says 0 "enabled" fsctl enable --iface other0 --group daemon
is "it may use the pins, too" "$(stat -c '%G %a' $pins $pins/slots | tr '\n' ' ')" \
	"daemon 750 daemon 660 "
fsctl disable --all >/dev/null
mount -t bpf -o mode=700 bpf /sys/fs/bpf
check "bpffs as systemd mounts it: the group is told what is in its way" \
	says 0 "chmod o+x /sys/fs/bpf" fsctl enable --iface lo --group daemon
chmod o+x /sys/fs/bpf
check "which helps" setpriv --reuid nobody --regid daemon --clear-groups ls $pins/slots
check "and is not said then" silent 0 "chmod" fsctl enable --iface lo --group daemon
fsctl disable --all >/dev/null
check "a bpffs that was there stays" mountpoint -q /sys/fs/bpf
umount /sys/fs/bpf

# What somebody else left
fsctl enable --iface lo >/dev/null
bpftool map create /sys/fs/bpf/others type array key 4 value 4 entries 1 name others
check "others' pins in the bpffs that enable mounted: left there, and said" \
	says 0 "left on /sys/fs/bpf" fsctl disable --iface lo
check "others' pins are still there" test -e /sys/fs/bpf/others
umount /sys/fs/bpf
fsctl enable --iface lo >/dev/null
rm $pins/select
cat >/run/other.c <<'EOT'
#include <linux/bpf.h>
__attribute__((section("sk_reuseport"), used)) int other(struct sk_reuseport_md *ctx)
{
	return SK_PASS;
}
char LICENSE[] __attribute__((section("license"))) = "GPL";
EOT
clang -target bpf -O2 -idirafter "/usr/include/$(gcc -print-multiarch)" -c -o /run/other.o /run/other.c
check "another version's program" bpftool prog load /run/other.o $pins/select
check "is refused" says 1 "program of another version" fsctl enable --iface lo
check "and what to do is said" says 1 "fsctl disable --all" fsctl enable --iface other0
fsctl disable --all >/dev/null
fsctl enable --iface lo >/dev/null
rm $pins/select
check "pins in part are refused" says 1 "fsctl disable --all" fsctl enable --iface lo
fsctl disable --all >/dev/null
fsctl enable --iface lo >/dev/null
rm -r /run/fastsock
check "pins without state: said" says 0 "there are pins" fsctl disable --iface lo
check "and removed by --all" says 0 "all interfaces" fsctl disable --all
check "--all once more" says 0 "nothing was enabled" fsctl disable --all
mountpoint -q /sys/fs/bpf && umount /sys/fs/bpf
fsctl enable --iface lo >/dev/null
bpftool map update pinned $pins/config key 0 0 0 0 value 99 0 0 0 2 0 0 0 64 0 0 0 1 0 0 0
check "pins of another ABI are refused, and what to do is said" \
	says 1 "fsctl disable --all" fsctl enable --iface other0
check "the library names both ABIs and goes on" says 0 "ABI 99, this library $pins_abi" \
	fsctl run -- python3 -c 'import socket; socket.create_server(("127.0.0.1", 8000))'
check "disable removes them" says 0 "disabled" fsctl disable --all
mkdir -p /run/fastsock && echo '{' >/run/fastsock/state.json
check "a damaged state is named" says 1 "is damaged" fsctl enable --iface lo
check "and cleared by disable --all" says 0 "" fsctl disable --all
check "nothing is left after that" nothing_left
check "as an ordinary user: enable says why not" \
	says 1 "needs root" setpriv --reuid nobody --clear-groups "$fsctl" enable --iface lo
check "as an ordinary user: status works" \
	says 0 "selection" setpriv --reuid nobody --clear-groups "$fsctl" status

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
