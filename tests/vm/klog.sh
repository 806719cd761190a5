# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the kernel complained about since the last mark. There is no list of
# tolerated messages.

KLOG_BAD='WARNING|BUG|Oops|Call Trace|general protection|segfault at'
KLOG_BAD+='|INFO: (task|rcu|trying to|lockdep)|lockdep|locking|detected stall|rcu.* stall'
KLOG_BAD+='|soft lockup|hard LOCKUP|blocked for more than|hung task|KASAN|KFENCE|UBSAN|KMEMLEAK'
KLOG_BAD+='|refcount_t|[Ll]eak|list_(add|del) corruption|unregister_netdevice: waiting'
KLOG_BAD+='|scheduling while atomic|sleeping function|[Kk]ernel panic'

# The mark is a line in the log itself, so it needs no clock and no counter.
klog_mark() {
	KLOG_MARK="fastsock-vm: mark $$.$RANDOM$RANDOM"
	echo "<6>$KLOG_MARK" >/dev/kmsg
}

# Prints the offending lines, indented as TAP comments; succeeds when there are
# none. A log that has wrapped past the mark is read from its start.
klog_check() {
	local bad
	bad=$(dmesg | awk -v mark="$KLOG_MARK" '
		{ line[NR] = $0 }
		index($0, mark) { start = NR }
		END { for (i = start + 1; i <= NR; i++) print line[i] }' |
		grep -E "$KLOG_BAD")
	[ -z "$bad" ] && return 0
	echo "# the kernel complained:"
	printf '%s\n' "$bad" | head -n 40 | sed 's/^/#   /'
	return 1
}
