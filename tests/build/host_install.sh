#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# make install and uninstall: what they put where, that it works from there, and
# that nothing is left.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd -P)
. "$root/tests/lib/tap.sh"
. "$root/tests/vm/kernel.sh"

dir=$(mktemp -d /tmp/fs-install.XXXXXX)
trap 'rm -rf "$dir"' EXIT
headers=$(kernel_headers "$(kernel_release 6.12)")

run_make() {
	make --no-print-directory -s -C "$root" KDIR="$headers" DESTDIR="$dir/stage" prefix=/usr "$@"
}

files() {
	(cd "$dir/stage" && find . ! -type d ! -name 'modules.*' | sort | tr '\n' ' ')
}

user_files="./usr/lib/libfastsock.so ./usr/lib/libfastsock.so.0 ./usr/sbin/fsctl \
./usr/share/bash-completion/completions/fsctl ./usr/share/man/man8/fsctl.8 "

check "install into DESTDIR" run_make install
is "installed: all but the module, which DESTDIR alone gives no place" "$(files)" "$user_files"
is "the tool runs from there" "$("$dir/stage/usr/sbin/fsctl" help | head -n 1)" \
	"usage: fsctl COMMAND ..."
check "it finds its library there" eval "'$dir/stage/usr/sbin/fsctl' run -- \
	sh -c 'echo \$LD_PRELOAD' 2>/dev/null | grep -q '^$dir/stage/usr/.*libfastsock.so'"
if command -v man >/dev/null; then
	check "the manual page has no error" eval \
		"! man --warnings -l '$dir/stage/usr/share/man/man8/fsctl.8' 2>&1 >/dev/null | grep ."
else
	skip "the manual page has no error" "man is not installed"
fi
check "uninstall" run_make uninstall
is "nothing is left" "$(files)" ""

check "install with the module" run_make install INSTALL_MOD_PATH="$dir/stage"
check "the module is there" [ -n "$(find "$dir/stage" -name 'fastsock.ko*')" ]
check "uninstall with the module" run_make uninstall INSTALL_MOD_PATH="$dir/stage"
is "nothing is left of it" "$(files)" ""
finish
