#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The benchmark still runs, and its rows are what docs/benchmarks.md says. One
# tiny round: the figures mean nothing.
set -u
. tests/lib/tap.sh

dir=$(mktemp -d /tmp/fs-bench-test.XXXXXX)
trap 'rm -rf "$dir"' EXIT

# shape BENCH MODES...: of $dir/results.json
shape() {
	python3 - "$dir/results.json" "$@" <<'PY'
import json, sys
head, *rows = json.load(open(sys.argv[1]))
bench, modes = sys.argv[2], sys.argv[3:]
assert head["cpus"] >= 1 and head["kernel"] and head["date"], head
assert [row["mode"] for row in rows if row["bench"] == bench] == modes, rows
number = (int, float)
for row in rows:
    for name in "bench program mode unit".split():
        assert isinstance(row[name], str), (name, row)
    for name in "median min max rounds errors".split():
        assert isinstance(row[name], number), (name, row)
    for name in ("ratio_to_fastsock passive_local active_local "
                 "p50_us p99_us p999_us").split():
        assert row[name] is None or isinstance(row[name], number), (name, row)
    assert 0 < row["min"] <= row["median"] <= row["max"], row
    # What is lost is for the suites that look for it: on a busy machine the modelled
    # card drops a packet now and then, in any mode.
    assert row["rounds"] == 1 and row["errors"] <= row["median"] / 1000, row
ours = [row for row in rows if row["mode"] == "fastsock"][-1]
assert ours["ratio_to_fastsock"] is None
# How local is for other suites: a worker that others keep from its CPU passes
# connections on.
assert ours["passive_local"] is not None, ours
assert not bench.startswith("proxy") or ours["active_local"] is not None, ours
PY
}

bench() {
	tests/bench/run.sh --rounds 1 --seconds 1 --warm 0.2 --out "$dir/results.json" "$@" 2>&1
}

check "server-nginx runs" bench --case server-nginx
check "server-nginx: the rows" shape server-nginx shared reuseport by-hand fastsock
check "proxy-demo runs" bench --case proxy-demo
check "proxy-demo: the rows" shape proxy-demo shared reuseport incoming-cpu rfs \
	by-hand fastsock-listeners fastsock
if command -v gnuplot >/dev/null; then
	check "plots and the verdict on the targets" tests/bench/report.py "$dir"
	check "a plot is there" grep -q '</svg>' "$dir/bench-proxies.svg"
else
	skip "plots" "no gnuplot (make bench installs it)"
fi
refuse "a case that does not exist" bench --case nothing
is "it leaves no namespace, and no cgroup" \
	"$(ls /run/netns 2>/dev/null | grep bench-; mount | grep fs-bench)" ""
finish
