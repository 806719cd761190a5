#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Installs what building and testing need, on Debian 12 or 13 (amd64) as root.
# Anywhere else it names what is missing and changes nothing.
# usage: setup.sh [--bench] (with it what `make bench` needs, too)
#
# The stock kernels for the VM tests are unpacked to build/kernels, not installed:
# an image package changes what this machine boots, and from 6.12 on Debian's
# headers depend on the image.
set -u

root=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1
. "$root/tests/vm/kernel.sh"
distribution=$(. /etc/os-release 2>/dev/null && echo "${ID-}-${VERSION_ID-}")

packages=(
	# to build
	make gcc libc6-dev clang llvm libbpf-dev bpftool libelf-dev zlib1g-dev
	libmnl-dev libjson-c-dev pkgconf sparse musl-tools pahole openssl
	# to boot virtual machines
	virtme-ng qemu-system-x86 busybox-static udev kmod file xz-utils
	# called by tests
	iproute2 iputils-ping ethtool nftables procps strace python3 curl wrk
	nginx haproxy lighttpd memcached redis-server redis-tools apache2-bin apache2-utils gunicorn
	knot stress-ng
)
# plots; instructions counted
[ "${1-}" != --bench ] || packages+=(gnuplot-nox valgrind)
# These would serve the network once installed.
services=(nginx haproxy lighttpd memcached redis-server knot)

say() {
	echo "setup: $*"
}

die() {
	echo "setup: $*" >&2
	exit 1
}

installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

have_kernel() {
	local release
	release=$(kernel_release "$1" 2>/dev/null) &&
		[ -e "$root/build/kernels/$release/boot/vmlinuz-$release" ] &&
		[ -e "$(kernel_headers "$release")/.config" ]
}

missing=()
state=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null)
for package in "${packages[@]}"; do
	grep -qxF "$package installed" <<<"$state" || missing+=("$package")
done
kernels=()
for series in $(kernel_series); do
	have_kernel "$series" || kernels+=("$series")
done

if [ "$distribution" = debian-13 ]; then
	say 'Debian 13 has no kernel 6.1: the tests run on 6.12 only'
fi
# The guest, which sees this machine's root read-only, mounts its modules there; a
# machine that never had a kernel installed (a container, a microVM) lacks it.
modules=/lib/modules

if [ ${#missing[@]} -eq 0 ] && [ ${#kernels[@]} -eq 0 ] && [ -d $modules ]; then
	say 'everything is there'
	exit 0
fi
[ ${#missing[@]} -eq 0 ] || say "missing packages: ${missing[*]}"
[ ${#kernels[@]} -eq 0 ] || say "missing in build/kernels: ${kernels[*]}"
[ -d $modules ] || say "missing: $modules (an empty directory will do)"

case $distribution in
debian-12 | debian-13) ;;
*) die "this is not Debian 12 or 13 (${distribution:-no /etc/os-release}): install these yourself" ;;
esac
[ "$(dpkg --print-architecture)" = amd64 ] || die 'the test kernels exist for amd64 only'
[ "$(id -u)" = 0 ] || die 'only root can install them: run this as root'

mkdir -p $modules || exit 1
if [ ${#missing[@]} -eq 0 ] && [ ${#kernels[@]} -eq 0 ]; then
	say 'done'
	exit 0
fi

export DEBIAN_FRONTEND=noninteractive
work=$(mktemp -d) || exit 1
chmod 755 "$work"
policy=
clean_up() {
	rm -rf "$work" "$root"/build/kernels/.new.*
	[ -z "$policy" ] || rm -f "$policy"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

# Not as user _apt, who cannot write to the directories used here.
apt() {
	apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o APT::Sandbox::User=root -o Dpkg::Use-Pty=0 "$@"
}

update() {
	apt "$@" update || {
		sleep 5
		apt "$@" update
	}
}

say 'apt-get update'
update || die 'apt-get update failed twice: see its message above'

# Debian 12 has no virtme-ng, Debian 13's needs nothing that 12 lacks. It comes
# through an apt configuration of its own that holds no other source, so that
# nothing else can ever be taken from Debian 13, and that is forgotten again: a
# source and its pins left in /etc/apt would stand in the way of an upgrade.
fetch_virtme() {
	local uri private=$work/apt
	mkdir -p "$private/lists/partial" "$private/cache/archives/partial"
	local own=(
		-o "Dir::Etc::SourceList=$private/sources.list"
		-o Dir::Etc::SourceParts=/dev/null
		-o Dir::Etc::Preferences=/dev/null
		-o Dir::Etc::PreferencesParts=/dev/null
		-o "Dir::State::Lists=$private/lists"
		-o "Dir::Cache=$private/cache"
		-o Acquire::Languages=none
	)
	# The mirror in use first; not every mirror carries both releases.
	for uri in $(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' \
		'Created-By: Packages' | awk '$2 == "bookworm" && $3 == "main" { print $1 }') \
		http://deb.debian.org/debian; do
		say "virtme-ng from Debian 13 at $uri"
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri trixie main" \
			>"$private/sources.list"
		update "${own[@]}" &&
			(cd "$work" && apt "${own[@]}" download virtme-ng) && return
	done
	return 1
}

wanted=()
for package in "${missing[@]}"; do
	if [ "$package" = virtme-ng ] && [ "$distribution" = debian-12 ] &&
		[ -z "$(apt-cache show virtme-ng 2>/dev/null)" ]; then
		fetch_virtme || die 'could not get virtme-ng from Debian 13'
		wanted+=("$work"/virtme-ng_*.deb)
	else
		wanted+=("$package")
	fi
done
# Debian starts a service when it is installed, unless policy-rc.d forbids.
fresh=()
for service in "${services[@]}"; do
	installed "$service" || fresh+=("$service")
done
if [ ${#fresh[@]} -gt 0 ] && [ ! -e /usr/sbin/policy-rc.d ]; then
	policy=/usr/sbin/policy-rc.d
	printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
fi

if [ ${#wanted[@]} -gt 0 ]; then
	say "apt-get install ${wanted[*]##*/}"
	apt install -y --no-install-recommends --no-remove "${wanted[@]}" ||
		die 'apt-get install failed: see its message above'
fi

# They are for the tests: neither running now nor after the next boot.
if [ -d /run/systemd/system ]; then
	for service in "${fresh[@]}"; do
		say "$service stays off (systemctl enable --now $service turns it on)"
		systemctl disable --now "$service" 2>/dev/null
	done
fi

# depends PACKAGE REGEXP: the names among its dependencies, one per line.
depends() {
	apt-cache show --no-all-versions "$1" 2>/dev/null |
		sed -n 's/^Depends: //p' | grep -oE "$2" | sort -u
}

# fetch_kernel META: the image and headers that the meta package stands for.
fetch_kernel() {
	local release version new kdir
	release=$(depends "$1" 'linux-headers-[0-9][^ ,]*' | head -n 1)
	[ -n "$release" ] || die "apt knows no package $1: are $distribution's security updates among its sources?"
	release=${release#linux-headers-}
	version=$(apt-cache show --no-all-versions "linux-headers-$release" | sed -n 's/^Version: //p')
	say "kernel $release ($version) to build/kernels/$release"
	mkdir -p "$work/$release"
	# shellcheck disable=SC2046 # one word per package
	(cd "$work/$release" && apt download "linux-image-$release=$version" "linux-headers-$release=$version" \
		$(depends "linux-headers-$release" 'linux-(headers-[^ ,]*-common|kbuild-[^ ,]*)')) ||
		die "could not download kernel $release"

	new=$root/build/kernels/.new.$release
	rm -rf "$new" && mkdir -p "$new" || exit 1
	for deb in "$work/$release"/*.deb; do
		dpkg-deb -x "$deb" "$new" || die "could not unpack ${deb##*/}"
	done
	# Debian 13 ships /usr/lib/modules only; virtme looks below lib.
	[ -e "$new/lib" ] || ln -s usr/lib "$new/lib"
	depmod -b "$new" "$release" || die "depmod failed for $release"
	# The headers find each other by absolute paths.
	kdir=usr/src/linux-headers-$release
	# shellcheck disable=SC2016 # make is to expand it
	sed -i 's,^include /usr/src/,include $(dir $(lastword $(MAKEFILE_LIST)))../,' "$new/$kdir/Makefile"
	rm -rf "$root/build/kernels/$release"
	mv "$new" "$root/build/kernels/$release" || exit 1
}

for series in "${kernels[@]}"; do
	case $distribution-$series in
	debian-12-6.1 | debian-13-6.12) fetch_kernel linux-headers-amd64 ;;
	*) fetch_kernel "linux-headers-$series-amd64" ;;
	esac
done
say 'done'
