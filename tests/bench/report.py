#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""Plots and tables from what the benchmarks wrote.

    report.py DIRECTORY             plots beside DIRECTORY's results.json and vm.json
    report.py DIRECTORY --docs      docs/benchmarks.md and its plots from them, too

In the document a table or figure stands between <!-- NAME --> and <!-- /NAME -->;
what is there is replaced, the words around it are not looked at.
"""
import json
import os
import re
import shutil
import subprocess
import sys

import cost
import growth
import rows as rounds

DOCUMENT = "docs/benchmarks.md"

# One plot for each kind of question.
PLOTS = {
    "bench-servers": ("server-nginx", "server-demo"),
    "bench-proxies": ("proxy-haproxy", "proxy-demo"),
    "bench-others": ("keepalive-nginx", "redis", "skew", "skew-stall"),
}
TITLES = {
    "bench-servers": "connections per second of nginx and the demo server",
    "bench-proxies": "connections per second of HAProxy and the demo proxy",
    "bench-others": "rates on long connections, and under uneven load",
    "bench-vm": "thousand guest instructions for each connection on 1 to 16 vCPUs",
}
OURS, THEIRS, STOCK = "#c03028", "#7090b0", "#a0a0a0"


def color(mode):
    if mode.startswith("fastsock"):
        return OURS
    return STOCK if mode in ("shared", "stock") else THEIRS


def gnuplot(script, path):
    subprocess.run(["gnuplot"], input=f"""
set terminal svg size 760,360 font 'sans-serif,12' noenhanced background '#ffffff'
set output '{path}'
set border 3
set tics nomirror
{script}
""", text=True, check=True)


def plot_bars(results, cases, path):
    """Medians with minimum and maximum, each case's own part of the abscissa."""
    data, labels, ticks, at = [], [], [], 0
    for case in cases:
        mine = [row for row in results if row["bench"] == case]
        if not mine:
            continue
        labels.append(f"set label '{case}' at {at + (len(mine) - 1) / 2},graph 1.06 center")
        for row in mine:
            data.append(f"{at} {row['median']} {row['min']} {row['max']} 0x{color(row['mode'])[1:]}")
            ticks.append(f"'{row['mode'].replace('fastsock-', 'fastsock ')}' {at}")
            at += 1
        at += 1
    if not data:
        return False
    gnuplot("\n".join([
        "$data << END", *data, "END", *labels,
        f"set xtics rotate by -28 ({', '.join(ticks)})",
        "set tmargin 3", "set rmargin 6", "set boxwidth 0.7", "set style fill solid",
        f"set xrange [-0.7:{at - 1.3}]", "set yrange [0:*]",
        f"set ylabel '{mine[0]['unit'] if mine else 'per second'}'", "unset key",
        "plot $data using 1:2:5 with boxes linecolor rgb variable, "
        "$data using 1:2:3:4 with yerrorbars linecolor rgb 'black' pointtype 0"]), path)
    return True


def load(path):
    if not os.path.exists(path):
        return None, []
    with open(path, encoding="utf-8") as file:
        head, *rest = json.load(file)
    return head, rest


def describe(head):
    parts = [f"Linux {head['kernel']}", f"{head['cpus']} CPUs", f"commit {head['commit']}",
             head["date"][:10]]
    if "rounds" in head:
        parts.append(f"{head['rounds']} rounds of {head['seconds']:g} s")
    if head.get("stolen_percent") is not None:
        parts.append(f"{head['stolen_percent']} % of the CPUs taken by the hypervisor")
    if head.get("others_percent") is not None:
        parts.append(f"{head['others_percent']} % by other programs")
    text = ", ".join(parts) + "."
    for name, value in head.items():
        if name.startswith("wrk ") and value:
            text += f" wrk on {name[4:]}: " + ", ".join(
                f"{mode} {rate}" for mode, rate in value.items()) + " connections/s."
    return text


TARGETS = (
    ("server-nginx", "shared", 1.25), ("server-nginx", "reuseport", 1.30),
    ("server-demo", "shared", 1.50), ("server-demo", "reuseport", 1.30),
    ("server-demo", "incoming-cpu", 0.98),
    ("proxy-haproxy", "stock", 1.55), ("proxy-haproxy", "by-thread", 1.45),
    ("keepalive-nginx", "shared", 0.99), ("redis", "stock", 0.99),
    ("skew", "shared", 0.95), ("skew-stall", "shared", 0.95),
)


def targets(results):
    """The ratio of medians, which is what the targets were set in."""
    found = {(row["bench"], row["mode"]): row for row in results}
    lines = ["| case | against | target | ratio of medians | median of ratios | |",
             "|---|---|--:|--:|--:|---|"]
    for case, mode, target in TARGETS:
        row, ours = found.get((case, mode)), found.get((case, "fastsock"))
        if not row or not ours:
            continue
        ratio = ours["median"] / row["median"] if row["median"] else float("inf")
        met = "met" if ratio >= target else "**missed**"
        if case.startswith("skew") and ours["p999_us"] > row["p999_us"]:
            met += ", **p99.9 is worse**"
        lines.append(f"| {case} | {mode} | ≥ {target:.2f} | {ratio:.2f} | "
                     f"{row['ratio_to_fastsock']:.2f} | {met} |")
    return "\n".join(lines)


def sections(head, results, vm_head, vm_rows):
    out = {}
    if head:
        out["machine"] = describe(head)
        out["targets"] = targets(results)
        for name in dict.fromkeys(row["bench"] for row in results):
            mine = [row for row in results if row["bench"] == name]
            out[name] = cost.table(mine) if name == cost.NAME else rounds.table(mine)
    if vm_head:
        out["vm-machine"] = describe(vm_head)
        out["vm"] = growth.table(vm_rows)
    return out


def update(document, parts):
    with open(document, encoding="utf-8") as file:
        text = file.read()
    for name, part in parts.items():
        text, count = re.subn(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)",
                              lambda match, part=part: f"{match[1]}\n{part}\n\n{match[2]}", text,
                              flags=re.S)
        if not count:
            print(f"report: {document} has no place for '{name}'", file=sys.stderr)
    with open(document, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    directory = sys.argv[1] if len(sys.argv) > 1 else "build/bench"
    head, results = load(f"{directory}/results.json")
    vm_head, vm_rows = load(f"{directory}/vm.json")
    plots = [name for name, cases in PLOTS.items()
             if plot_bars(results, cases, f"{directory}/{name}.svg")]
    if vm_rows:
        gnuplot(growth.plot(vm_rows), f"{directory}/bench-vm.svg")
        plots.append("bench-vm")
    if "--docs" in sys.argv[2:]:
        for name in plots:
            shutil.copy(f"{directory}/{name}.svg", "docs/")
        update(DOCUMENT, sections(head, results, vm_head, vm_rows) |
               {name: f"![{TITLES[name]}]({name}.svg)" for name in plots})
    elif head:
        print("\n" + targets(results) + f"\n\n{describe(head)}")
    print("plots: " + " ".join(f"{directory}/{name}.svg" for name in plots))


if __name__ == "__main__":
    main()
