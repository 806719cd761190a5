#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Installs what building and testing need, on Debian 12 or 13 (amd64) as root.
# Anywhere else it names what is missing and changes nothing.
#
# The stock kernels for the VM tests are unpacked to build/kernels and not
# installed: installing an image would change what this machine boots.
set -u

root=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1
. "$root/tests/vm/kernel.sh"
distribution=$(. /etc/os-release 2>/dev/null && echo "${ID-}-${VERSION_ID-}")

packages=(
	# to build
	make gcc libc6-dev clang llvm libbpf-dev bpftool libelf-dev zlib1g-dev
	libmnl-dev libjson-c-dev pkgconf sparse musl-tools
	# to boot virtual machines
	virtme-ng qemu-system-x86 busybox-static udev kmod file xz-utils
	# called by tests
	iproute2 iputils-ping ethtool nftables procps strace python3 curl wrk
	nginx haproxy
)
# These would serve the network once installed.
services=(nginx haproxy)

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

# headers_package SERIES: what brings the headers of its stock kernel.
headers_package() {
	case $distribution-$1 in
	debian-12-6.1 | debian-13-6.12) echo linux-headers-amd64 ;;
	*) echo "linux-headers-$1-amd64" ;;
	esac
}

# headers_release PACKAGE: the kernel release that the installed package means.
headers_release() {
	dpkg-query -W -f '${Depends}' "$1" |
		sed -n 's/.*linux-headers-\([0-9][^ ,]*\).*/\1/p'
}

# have_kernel SERIES: headers and image of the same release are there.
have_kernel() {
	local headers
	headers=$(headers_package "$1")
	installed "$headers" &&
		[ -d "$root/build/kernels/$(headers_release "$headers")/boot" ]
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
if [ ${#missing[@]} -eq 0 ] && [ ${#kernels[@]} -eq 0 ]; then
	say 'everything is there'
	exit 0
fi
[ ${#missing[@]} -eq 0 ] || say "missing packages: ${missing[*]}"
[ ${#kernels[@]} -eq 0 ] || say "missing kernels (headers and an unpacked image): ${kernels[*]}"

case $distribution in
debian-12 | debian-13) ;;
*) die "this is not Debian 12 or 13 (${distribution:-no /etc/os-release}): install these yourself" ;;
esac
[ "$(dpkg --print-architecture)" = amd64 ] || die 'the test kernels exist for amd64 only'
[ "$(id -u)" = 0 ] || die 'only root can install them: run this as root'

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

apt() {
	apt-get -q -o Acquire::Retries=3 "$@"
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
		-o "Dir::Etc::SourceParts=$private/none"
		-o "Dir::Etc::Preferences=$private/none"
		-o "Dir::Etc::PreferencesParts=$private/none"
		-o "Dir::State::Lists=$private/lists"
		-o "Dir::Cache=$private/cache"
		# It holds no deb-src, translations or contents.
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
for series in "${kernels[@]}"; do
	wanted+=("$(headers_package "$series")")
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

say "apt-get install ${wanted[*]##*/}"
apt install -y --no-install-recommends --no-remove "${wanted[@]}" ||
	die 'apt-get install failed: see its message above'

# They are for the tests: neither running now nor after the next boot.
if [ -d /run/systemd/system ]; then
	for service in "${fresh[@]}"; do
		say "$service stays off (systemctl enable --now $service turns it on)"
		systemctl disable --now "$service" 2>/dev/null
	done
fi

for series in "${kernels[@]}"; do
	have_kernel "$series" && continue
	release=$(headers_release "$(headers_package "$series")")
	version=$(dpkg-query -W -f '${Version}' "linux-headers-$release")
	say "kernel $release $version to build/kernels/$release"
	new=$root/build/kernels/.new.$release
	rm -rf "$new" && mkdir -p "$new" "$work/$release" || exit 1
	(cd "$work/$release" && apt download "linux-image-$release=$version") ||
		die "could not download linux-image-$release=$version"
	dpkg-deb -x "$work/$release"/*.deb "$new" || die "could not unpack linux-image-$release"
	# Debian 13 ships /usr/lib/modules only; virtme looks below lib.
	[ -e "$new/lib" ] || ln -s usr/lib "$new/lib"
	depmod -b "$new" "$release" || die "depmod failed for $release"
	rm -rf "$root/build/kernels/$release"
	mv "$new" "$root/build/kernels/$release" || exit 1
done
say 'done'
