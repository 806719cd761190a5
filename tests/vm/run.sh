#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs a command as root in a VM with a stock Debian kernel over the host's root
# file system (see usage). Exit status: the command's, or
#	70   the command succeeded but the kernel complained
#	124  time limit, or the guest hangs
#	125  no verdict: the guest did not boot, panicked or was shut down
#	2    used wrongly, or something is not installed
set -u

usage() {
	cat <<'END'
usage: tests/vm/run.sh [--kernel 6.1|6.12|RELEASE] [--cpus N] [--memory SIZE]
                       [--timeout SECONDS] [--log FILE] [--out DIR] [--qemu ARG]...
                       -- COMMAND [ARGS]

The command runs in the checkout's directory with FS_ROOT, FS_BUILD, FS_KO and
FS_OUT (the only directory shared with the host for writing: build/vm/NAME/out,
removed afterwards unless --out DIR names another) in its environment.
The time limit is the command's; booting has one of its own.
--qemu gives QEMU a further argument, such as --qemu -icount --qemu shift=0.
ACCEL=kvm or ACCEL=tcg overrides the probe for a working KVM.
END
}

die() {
	echo "vm: $1" >&2
	exit 2
}

root=$(cd "$(dirname "$0")/../.." && pwd -P) || exit 2
. "$root/tests/vm/kernel.sh"

kernel=6.12 cpus=4 memory=2G limit=900 log='' out='' extra=()
while [ $# -gt 0 ]; do
	case $1 in
	--kernel | --cpus | --memory | --timeout | --log | --out | --qemu)
		[ $# -ge 2 ] || die "$1 needs a value"
		;;&
	--kernel) kernel=$2 ;;
	--cpus) cpus=$2 ;;
	--memory) memory=$2 ;;
	--timeout) limit=$2 ;;
	--log) log=$2 ;;
	--out) out=$2 ;;
	--qemu) extra+=("-q=$2") ;;
	--help | -h) usage && exit 0 ;;
	--) shift && break ;;
	*) usage >&2 && exit 2 ;;
	esac
	shift 2
done
[ $# -gt 0 ] || { usage >&2 && exit 2; }
[[ $limit =~ ^[1-9][0-9]*$ ]] || die "--timeout $limit: seconds are meant"

release=$(kernel_release "$kernel") || exit 2
image=$root/build/kernels/$release/boot/vmlinuz-$release
[ -r "$image" ] || die "cannot read $image: run 'make setup' again"
command -v virtme-run >/dev/null || die "virtme-ng is not installed: run 'make setup'"

mkdir -p "$root/build/vm" || exit 2
work=$(mktemp -d "$root/build/vm/$release.XXXXXX") || exit 2
# Runs may overlap: the console is this run's own until it ends.
console=$work/console
[ -n "$log" ] || log=$root/build/vm/$release.log
[ -n "$out" ] || out=$work/out
mkdir -p "$out" || exit 2
out=$(cd "$out" && pwd -P)
rm -f "$out/.verdict" "$out/.beat"

# QEMU opens its descriptors once more through /proc/self/fd: a regular file
# would be cut short by that, and a socket refused. So it gets pipes.
exec 3>&1
exec > >(exec cat >&3)
pipes=$!
exec 4> >(exec cat >"$console")
pipes+=" $!"
vm=

# Until what is in the pipes has been written.
drain() {
	exec >&3 4>&-
	# shellcheck disable=SC2086 # two numbers
	wait $pipes
}

stop() {
	if [ -n "$vm" ]; then
		kill "$vm" 2>/dev/null
		wait "$vm" 2>/dev/null
	fi
	drain
	rm -f "$out/.verdict" "$out/.beat"
	[ ! -e "$console" ] || mv "$console" "$log"
	rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

# boot ACCEL SECONDS COMMAND...: becomes the VM; to be called in the background,
# so that the job is `timeout` itself, which passes signals on to all of it.
#
# 9p, not virtiofs: it needs no daemon, and one path is one to keep working.
# virtme-run, not vng: vng joins its arguments into one shell command and obeys
# the user's own configuration file.
#
# clearcpuid: emulated, the kernel is to do without cmpxchg16b (HAProxy cannot, so the CPU
# has it). QEMU before 8.0 computes its flags from a state that may be stale, and the
# kernel's allocator, whose first choice it is, was seen to die with half a pointer in
# its flags, once in some hundred boots.
#
# oops=panic: what runs after an oops proves nothing and often hangs.
boot() {
	local accel=$1 seconds=$2 off=()
	shift 2
	[ "$accel" = kvm ] || off=(--disable-kvm -a clearcpuid=cx16)
	export HOME=${HOME:-/root}
	exec timeout --kill-after=10 "$seconds" \
		virtme-run --kimg "$image" --mods auto --force-9p \
		"${off[@]}" --cpus "$cpus" --memory "$memory" --show-boot-console \
		-a loglevel=5 -a log_buf_len=8M -a oops=panic \
		-q=-fsdev -q=local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
		-q=-device -q=virtio-9p-pci,fsdev=root,mount_tag=fastsock.root \
		-q=-fsdev -q="local,id=out,path=${out//,/,,},security_model=none" \
		-q=-device -q="virtio-9p-pci,fsdev=out,mount_tag=fastsock.out" \
		"${extra[@]}" \
		--script-sh "$(printf '%q ' "$@")" </dev/null
}

# A /dev/kvm that opens is no proof (nested, paravirtual): boot once, remember
# until the machine is booted again.
probe() {
	local cache=$root/build/vm/accel id
	id=$(cat /proc/sys/kernel/random/boot_id)
	if [ ! -w /dev/kvm ]; then
		echo tcg
		return
	fi
	if [ ! -r "$cache" ] || [ "$(head -n 1 "$cache")" != "$id" ]; then
		try_kvm && id+=$'\n'kvm || id+=$'\n'tcg
		echo "$id" >"$cache.$$" && mv "$cache.$$" "$cache"
	fi
	tail -n 1 "$cache"
}

# QEMU stops the guest on an internal error but does not end.
try_kvm() {
	local pid end=$((SECONDS + 60)) answer=$work/kvm
	boot kvm 60 echo fastsock-kvm-works > >(exec cat >"$answer") \
		2> >(exec cat >"$work/kvm.log") &
	pid=$!
	while [ $SECONDS -lt $end ] && kill -0 $pid 2>/dev/null; do
		grep -qs 'KVM internal error' "$work/kvm.log" && break
		grep -qs fastsock-kvm-works "$answer" && break
		sleep 0.2
	done
	kill $pid 2>/dev/null
	wait $pid 2>/dev/null
	grep -qs fastsock-kvm-works "$answer"
}

case ${ACCEL-} in
kvm | tcg) accel=$ACCEL ;;
'') accel=$(probe) ;;
*) die "ACCEL=$ACCEL: kvm or tcg is meant" ;;
esac
if [ "$accel" = tcg ]; then
	echo "# vm: KVM does not work here, Linux $release runs emulated (slow)"
else
	echo "# vm: Linux $release under KVM"
fi

# How long a guest may give no sign of life, in seconds: while it boots (emulated on a
# busy machine that takes minutes, for 25 seconds), and then between two of its beats,
# which come every five seconds (tests/vm/guest.sh).
boot_limit=300 beat_limit=240

# Waits for the VM while it lives. The guest keeps the command's limit; this is for a
# kernel that hangs, and waits for as long as that limit in no case.
watch() {
	local beat='' now since=$SECONDS silence=$boot_limit
	while kill -0 "$vm" 2>/dev/null; do
		sleep 0.5
		now=$(cat "$out/.beat" 2>/dev/null)
		if [ "$now" != "$beat" ]; then
			beat=$now since=$SECONDS silence=$beat_limit
		elif [ $((SECONDS - since)) -ge "$silence" ]; then
			echo "# vm: no sign of life for $silence s" >&2
			kill "$vm"
			hung=1
			break
		fi
	done
	wait "$vm"
}

run() {
	hung=0
	boot "$accel" $((limit + 300)) /bin/bash "$root/tests/vm/guest.sh" \
		"$root" "$out" "$limit" "$@" 2>&4 4>&- &
	vm=$!
	watch
	rc=$?
	vm=
	[ $hung -eq 0 ] || rc=124
}

run "$@"
# QEMU's emulation of several CPUs now and then runs into an instruction that the
# booting kernel is patching ("Oops: int3"), or stands still. Nothing of ours has begun
# by then, so a second boot hides nothing of it; a third would.
if [ "$accel" = tcg ] && [ ! -e "$out/.beat" ]; then
	echo "# vm: the kernel ended before its command began: booting once more"
	run "$@"
fi
drain

if [ -r "$out/.verdict" ]; then
	rc=$(cat "$out/.verdict")
	[ "$rc" -ne 124 ] || echo "vm: the command ran into its time limit of $limit s" >&2
	exit "$rc"
fi
if [ $rc -eq 124 ] || [ $rc -eq 137 ]; then
	echo "vm: the guest hangs" >&2
	rc=124
else
	echo "vm: the guest ended without a verdict (panic, or it never started)" >&2
	rc=125
fi
echo "vm: end of its console, all of it in $log:" >&2
tail -n 60 "$console" | tr -d '\r' | sed 's/^/vm|  /' >&2
exit $rc
