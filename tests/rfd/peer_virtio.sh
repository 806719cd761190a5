#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Mode rss on a device that is not of this project's making: virtio-net with several
# queues in QEMU, which hashes by itself. The VM's peer is on the tap device, in this
# script's network namespace.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/lib/net.sh

port=9000
tap_up() {
	ip tuntap add fstap mode tap multi_queue && ip link set fstap up &&
		ip addr add 10.78.0.1/24 dev fstap && ip addr add fd78::1/64 dev fstap nodad
}
check "a tap device with several queues" tap_up
python3 tests/rfd/peer.py $port &
# No vhost: it would leave the hash to the kernel.
check "a peer" wait_for 20 bash -c ": </dev/tcp/127.0.0.1/$port"
tests/vm/run.sh --kernel "$FS_KERNEL" --timeout 240 \
	--qemu -netdev --qemu tap,id=fs,ifname=fstap,queues=4,script=no,downscript=no,vhost=off \
	--qemu -device --qemu virtio-net-pci,netdev=fs,mq=on,vectors=10,rss=on \
	-- bash tests/rfd/virtio_guest.sh 10.78.0 fd78: $port >/run/virtio 2>&1
relay /run/virtio $?
finish
