#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# make bench-vm: the same load on 1 to 16 vCPUs of a stock kernel, emulated so that
# the guest's clock counts instructions. Set-up, build, boots, build/bench/vm.json.
# CPUS="1 2 4" ROUNDS=3 SECONDS_EACH=0.4 KERNEL=6.12 in the environment.
set -u
cd "$(dirname "$0")/../.." || exit 1
root=$PWD
. tests/vm/kernel.sh

kernel=${KERNEL:-6.12}
tests/setup.sh --bench && make --no-print-directory -s bench-build kmods KERNELS="$kernel" || exit 1
release=$(kernel_release "$kernel") || exit 1
out=build/bench
mkdir -p $out
files=()
for cpus in ${CPUS:-1 2 4 8 16}; do
	echo "bench-vm: $release, $cpus vCPUs (emulated; some minutes)"
	rm -rf "$out/vm-$cpus"
	# icount counts for one thread that plays all vCPUs; an idle guest waits in real time.
	ACCEL=tcg tests/vm/run.sh --kernel "$kernel" --cpus "$cpus" --out "$out/vm-$cpus" \
		--qemu -icount --qemu shift=0 --timeout 600 \
		-- tests/bench/guest.sh "${ROUNDS:-3}" "${SECONDS_EACH:-0.4}" || exit 1
	files+=("$out/vm-$cpus/rounds")
done
tests/bench/growth.py "$release" "$(git -c 'safe.directory=*' describe --always --dirty)" \
	"${files[@]}" >$out/vm.json.new && mv $out/vm.json.new $out/vm.json &&
	rm -rf $out/vm-*/
