#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs in the guest, started by run.sh: makes the places writable that programs
# expect to be, runs the command, then looks at the kernel log.
# usage: guest.sh ROOT OUT SECONDS COMMAND [ARGS]
set -u

root=$1
out=$2
limit=$3
shift 3

# The root that virtme gives is 9p without a cache, where every exec reads its
# program again; this doubles the speed of scripts. The host changes nothing that
# matters under a running guest. No chroot: unshare(2) would refuse to make user
# namespaces in one.
cached_root() {
	local dir modules
	modules=$(readlink "/lib/modules/$(uname -r)")
	mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=262144 \
		fastsock.root /mnt || return
	for dir in dev proc sys run; do
		mount -n --move /$dir /mnt/$dir || return
	done
	cd /mnt && pivot_root . mnt && cd / && umount -nl /mnt &&
		mount -t tmpfs tmpfs /lib/modules &&
		ln -s "$modules" "/lib/modules/$(uname -r)"
}
cached_root || exit 125

# The root is read-only. A layer in memory over each of these: what a test
# writes there ends with the guest. Not an empty tmpfs, because the checkout
# itself may be below /tmp or /var.
writable() {
	local layer=/run/fastsock-vm$1
	[ -d "$1" ] || return 0
	mkdir -p "$layer/upper" "$layer/work" &&
		mount -t overlay -o "lowerdir=$1,upperdir=$layer/upper,workdir=$layer/work" \
			overlay "$1"
}
modprobe overlay || exit 125
for dir in /etc /var /root /tmp; do
	writable $dir || exit 125
done
chmod 1777 /tmp
mkdir -p /run/lock /run/netns
mount -t 9p -o trans=virtio,version=9p2000.L fastsock.out "$out" || exit 125

# By this the host knows a guest that hangs from one that works. It ends with the guest.
beat() {
	local n=0
	while :; do
		n=$((n + 1))
		echo $n >"$out/.beat"
		sleep 5
	done
}
beat </dev/null >/dev/null 2>&1 &

mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug
mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing
mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LC_ALL=C.UTF-8
export FS_ROOT=$root FS_BUILD=$root/build FS_OUT=$out
FS_KO=$root/build/kmod/$(uname -r)/fastsock.ko
export FS_KO

cd "$root" || exit 125
. "$root/tests/vm/klog.sh"
dmesg -n 7
klog_mark
timeout --kill-after=10 "$limit" "$@" </dev/null 2>&1
rc=$?
[ $rc -ne 137 ] || rc=124
if ! klog_check && [ $rc -eq 0 ]; then
	rc=70
fi

# The host believes this file only: a guest that dies has not written it.
echo $rc >"$out/.verdict.new" && mv "$out/.verdict.new" "$out/.verdict"
exit $rc
