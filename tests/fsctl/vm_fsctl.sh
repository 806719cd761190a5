#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fsctl and the module: loading and unloading it, what status shows of clones, kills
# around both.
set -u
. tests/lib/tap.sh
. tests/lib/net.sh
. tests/fsctl/fsctl.sh
. tests/fsctl/server.sh

dir=$(mktemp -d /tmp/fs-fsctl.XXXXXX)
trap 'rm -rf "$dir"' EXIT
release=$(uname -r)

loaded() {
	[ -e /sys/module/fastsock ]
}

# modprobe reads these words: fastsock.ko is found as if it were installed.
installed() {
	mkdir -p "$dir/lib/modules/$release/updates" &&
		cp "$FS_KO" "$dir/lib/modules/$release/updates/" &&
		touch "$dir/lib/modules/$release/modules.order" "$dir/lib/modules/$release/modules.builtin" &&
		depmod -b "$dir" "$release"
}

check "without the module: what modprobe says is said" \
	says 0 "Module fastsock not found" fsctl enable --iface lo
is "status: not loaded" "$(json 's["module"]')" "{'loaded': False}"
check "an enable again" says 0 "already" fsctl enable --iface lo
check "disable" fsctl disable --iface lo
check "nothing is left" no_pins

# Loaded by enable
check "the module as if installed" installed
export MODPROBE_OPTIONS="-d $dir"
check "enable loads it" says 0 "module: loaded" fsctl enable --iface lo
check "it is loaded" loaded
is "status: its ABI" "$(json 's["module"]')" "{'loaded': True, 'abi': 1, 'usable': True}"
check "in words" says 0 "module      loaded, ABI 1" fsctl status
check "disable" fsctl disable --iface lo
refuse "unloads it again" loaded
fsctl enable --iface lo >/dev/null
exec 9<>/dev/fastsock
check "in use: it stays, and that is no failure" \
	says 0 "left loaded, a process has /dev/fastsock open" fsctl disable --iface lo
check "it is loaded still" loaded
check "but nothing else is left" no_pins
exec 9>&-
check "rmmod" rmmod fastsock

# Loaded by somebody else
check "insmod" insmod "$FS_KO"
check "enable finds it" says 0 "module: loaded" fsctl enable --iface lo
check "disable" fsctl disable --iface lo
check "what enable did not load stays" loaded

# Clones
fsctl enable --iface lo --group daemon >/dev/null
server_start -- 65534 || not_ok "a server whose workers give up root starts"
check "each worker has a listener for each address" wait_for 20 served 4
note "$(fsctl status)"
is "they are clones" "$(json '{k["clone"] for l in s["listeners"] for c in l["cpus"] for k in c["listeners"]}')" "{True}"
is "the originals are not" "$(json '{l["original"]["clone"] for l in s["listeners"]}')" "{False}"
is "of the workers" \
	"$(json '*sorted({k["pid"] for l in s["listeners"] for c in l["cpus"] for k in c["listeners"]})')" \
	"$(tr ' ' '\n' <<<"$WORKERS" | sort -n | tr '\n' ' ' | sed 's/ $//')"
is "and of their first threads" \
	"$(json '{k["pid"] == k["tid"] for l in s["listeners"] for c in l["cpus"] for k in c["listeners"]}')" "{True}"
check "root without CAP_NET_ADMIN is told what it cannot see" \
	says 0 "not read    which sockets are clones (needs CAP_NET_ADMIN): Operation not permitted" \
	setpriv --bounding-set -net_admin --inh-caps -net_admin "$fsctl" status
is "connections" "$(connections 40 127.0.0.1)" 40
is "all were counted" "$(json \
	'sum(v for l in s["listeners"] for c in l["cpus"] for k, v in c["selected"].items() if k != "migrated")')" 40
check "rmmod under it" rmmod fastsock
is "clones go on; whether they are any is unknown now" \
	"$(json '{k["clone"] for l in s["listeners"] for c in l["cpus"] for k in c["listeners"]}')" "{None}"
is "connections after rmmod" "$(connections 40 127.0.0.1)" 40
check "disable under it" fsctl disable --iface lo
is "connections after disable" "$(connections 40 127.0.0.1)" 40
server_stop

# Kills, at the calls that have to do with the module and with the pins' last step
strace -qq -o "$dir/enable" fsctl enable --iface lo >/dev/null 2>&1
strace -qq -o "$dir/disable" fsctl disable --iface lo >/dev/null 2>&1
refuse "unloaded before the kills" loaded
for command in enable disable; do
	points=0 broken=
	while read -r call n; do
		points=$((points + 1))
		[ $command = enable ] || fsctl enable --iface lo >/dev/null 2>&1
		killed "$call" "$n" fsctl $command --iface lo || broken="$broken $call/$n:not_killed"
		fsctl enable --iface lo >/dev/null 2>&1 && all_pins || broken="$broken $call/$n:enable"
		fsctl disable --iface lo >/dev/null 2>&1 && no_pins || broken="$broken $call/$n:disable"
		if loaded; then
			broken="$broken $call/$n:module"
			rmmod fastsock
		fi
	done < <(kill_points "$dir/$command" | grep -E '^(v?fork|clone3?|wait4|rename|delete_module|mkdir|unlinkat) ')
	check "$command: killed at its calls ($points)" [ $points -ge 4 ]
	is "$command: the next enable and disable put it right" "$broken" ""
done
unset MODPROBE_OPTIONS
check "nothing is left" no_pins
finish
