#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The module goes while it is used: with clones open, and under churn.
. "$FS_ROOT/tests/kmod/module.sh"
export FS_KO

ROUNDS=20	# unloads that must succeed
SECONDS_MAX=90

module_up
cases unload

"$KMOD_BIN/stress" churn "$SECONDS_MAX" >"$FS_OUT/churn" 2>&1 &
churn=$!
unloads=0 busy=0
end=$((SECONDS + SECONDS_MAX - 5))
while [ $unloads -lt $ROUNDS ] && [ $SECONDS -lt $end ]; do
	if rmmod fastsock 2>/dev/null; then
		unloads=$((unloads + 1))
		insmod "$FS_KO" || not_ok "the module comes back"
	else
		busy=$((busy + 1))
	fi
done
if [ $unloads -ge $ROUNDS ]; then
	ok "unloaded and loaded $unloads times under churn ($busy times busy)"
else
	not_ok "unloaded and loaded $ROUNDS times under churn" "only $unloads times, $busy times busy"
fi
kill -TERM $churn
wait $churn
is "the churning threads saw no wrong answer" "$?" 0
while IFS= read -r line; do
	note "$line"
done <"$FS_OUT/churn"

module_down
finish
