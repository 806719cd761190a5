#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Set-up where it cannot work: it names what is missing and changes nothing. Other
# machines are played by another /etc/os-release and an empty package database.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh

dir=$(mktemp -d /tmp/fs-setup.XXXXXX)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/dpkg/updates" "$dir/dpkg/info" && : >"$dir/dpkg/status"
export DPKG_ADMINDIR=$dir/dpkg

# An installation would begin with this; nothing may.
mkdir "$dir/bin"
cat >"$dir/bin/apt-get" <<SH
#!/bin/sh
echo "\$@" >>"$dir/called"
exit 1
SH
chmod 755 "$dir/bin/apt-get"
PATH=$dir/bin:$PATH

# setup_on OS-RELEASE TEXT...: exit 1, all texts said, nothing done
setup_on() {
	local text out
	printf '%s\n' "$1" >"$dir/os-release"
	mount --bind "$dir/os-release" /etc/os-release || return
	shift
	out=$("${as[@]}" tests/setup.sh 2>&1)
	rc=$?
	umount /etc/os-release
	[ $rc -eq 1 ] || { echo "exit $rc: $out"; return 1; }
	for text; do
		grep -qF -- "$text" <<<"$out" || { echo "not said: $text; but: $out"; return 1; }
	done
	[ ! -e "$dir/called" ] || { echo "apt-get $(cat "$dir/called")"; return 1; }
}

as=()
check "Fedora: names what is missing and stops" setup_on $'ID=fedora\nVERSION_ID=42' \
	"missing packages: make gcc" "virtme-ng" "not Debian 12 or 13 (fedora-42)" "install these yourself"
check "Debian 11: likewise" setup_on $'ID=debian\nVERSION_ID="11"' "not Debian 12 or 13 (debian-11)"
check "no os-release to speak of: likewise" setup_on "" "not Debian 12 or 13"
as=(setpriv --reuid nobody --clear-groups)
check "Debian 12, not root: says so" setup_on $'ID=debian\nVERSION_ID="12"' "only root can install"
finish
