#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The library without the module: hazards in Python, programs that notice nothing,
# what the library exports and what it reads.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/preload/preload.sh

check "fsctl enable" fsctl enable --iface lo
python_cases "no module"
settings
transparent "no module"
check "fsctl disable" fsctl disable --iface lo

exported() {
	nm -D --defined-only "$FS_BUILD/lib/libfastsock.so" | awk '{ print $3 }' | sort
}
is "exports what its version script lists" "$(exported)" \
	"$(sed -nE 's/^\t([a-z0-9_]+);$/\1/p' userlib/libfastsock.map | sort)"

cat >"$dir/linked.c" <<'C'
#include <sys/socket.h>
int main(void) { return accept(-1, 0, 0) != -1; }
C
check "links" gcc -o "$dir/linked" "$dir/linked.c" -Wl,--no-as-needed -L"$FS_BUILD/lib" -lfastsock
check "linked, its accept() is used" sh -c "LD_LIBRARY_PATH=$FS_BUILD/lib LD_DEBUG=bindings $dir/linked 2>&1 |
	grep -q 'linked .*to .*libfastsock.so.0.*accept'"
finish
