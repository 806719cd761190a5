# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The kernels for the VM tests: build/kernels/RELEASE holds Debian's packages of
# image (boot/vmlinuz-RELEASE, lib/modules/RELEASE) and headers, unpacked there by
# tests/setup.sh. Source this with $root set to the checkout.

# kernel_series: the series this distribution's stock kernels come in.
kernel_series() {
	case $(. /etc/os-release && echo "${ID-}-${VERSION_ID-}") in
	debian-12) echo 6.1 6.12 ;;
	*) echo 6.12 ;;
	esac
}

# kernel_release SERIES|RELEASE: the newest unpacked kernel that is meant.
# A series must be followed by a dot: 6.1 does not mean 6.12.
kernel_release() {
	local found
	if [ -n "$1" ] && [ -d "$root/build/kernels/$1" ]; then
		echo "$1"
		return
	fi
	found=$(cd "$root/build/kernels" 2>/dev/null &&
		printf '%s\n' "$1".*/ | sed -n 's,/$,,p' | sort -V | tail -n 1)
	if [ ! -d "$root/build/kernels/${found:-none}" ]; then
		echo "no kernel '$1' in build/kernels: run 'make setup'" >&2
		return 1
	fi
	echo "$found"
}

# kernel_headers RELEASE: its build tree (KDIR).
kernel_headers() {
	echo "$root/build/kernels/$1/usr/src/linux-headers-$1"
}
