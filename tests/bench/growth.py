#!/usr/bin/python3 -B
# SPDX-License-Identifier: GPL-2.0-only
"""How the cost of a connection grows with CPUs: from what guest.sh wrote to vm.json,
and from that to a table and a plot.

    growth.py RELEASE COMMIT FILE... >vm.json
"""
import datetime
import json
import sys
from statistics import median

MODES = "shared", "reuseport", "fastsock"
COLORS = {"shared": "#808080", "reuseport": "#7090b0", "fastsock": "#c03028"}


def row(mode, cpus, beside, plain, traced):
    """`beside`: the part of the time that the machine spends on ticks."""
    values = [seconds * 1e9 * (1 - beside) / answered for answered, seconds, *_ in plain]
    answered = traced[0]
    return {
        "bench": "growth", "program": "demo", "mode": mode, "cpus": cpus,
        "unit": "guest instructions/connection",
        "median": round(median(values)), "min": round(min(values)), "max": round(max(values)),
        "rounds": len(values), "ratio_to_fastsock": None,
        "passive_local": None, "active_local": None,
        "p50_us": None, "p99_us": None, "p999_us": None,
        "errors": int(sum(each[2] for each in plain) + traced[2]),
        "ipis_per_conn": round(median(each[3] / each[0] for each in plain), 3),
        "contended_per_conn": round(traced[4] / answered, 4),
        "remote_frees_per_conn": round(traced[5] / answered, 3),
        "sent_home_per_conn": round(traced[6] / answered, 3),
        "ticks_taken_off": round(beside, 4),
    }


def collect(path):
    plain, traced, beside = {}, {}, {}
    with open(path, encoding="ascii") as file:
        for line in file:
            words = line.split()
            if words[0] == "spin":
                cpus = int(words[1])
                beside = 1 - int(words[3]) / int(words[2])
                continue
            mode, when, _, *numbers = words
            numbers = [float(number) for number in numbers]
            if when == "plain":
                plain.setdefault(mode, []).append(numbers)
            else:
                traced[mode] = numbers
    rows = [row(mode, cpus, beside, plain[mode], traced[mode]) for mode in MODES]
    for each in rows:
        each["ratio_to_fastsock"] = round(each["median"] / rows[-1]["median"], 3)
    return rows


COLUMNS = (
    ("instructions", "median", "{:,.0f}"),
    ("IPIs", "ipis_per_conn", "{:.2f}"),
    ("contended locks", "contended_per_conn", "{:.3f}"),
    ("packets freed on another CPU", "remote_frees_per_conn", "{:.2f}"),
    ("packets sent home to be freed", "sent_home_per_conn", "{:.2f}"),
)


def table(rows):
    """A block of columns for each figure, Markdown."""
    cpus = sorted({each["cpus"] for each in rows})
    found = {(each["mode"], each["cpus"]): each for each in rows}
    lines = ["| for each connection | mode | " + " | ".join(f"{n} vCPUs" for n in cpus) + " |",
             "|---|---|" + "--:|" * len(cpus)]
    for name, key, form in COLUMNS:
        for mode in MODES:
            cells = [form.format(found[mode, n][key]) for n in cpus]
            lines.append(f"| {name} | {mode} | " + " | ".join(cells) + " |")
    few, many = (2 if 2 in cpus else cpus[0]), cpus[-1]
    for mode in MODES:
        ratio = found[mode, many]["median"] / found[mode, few]["median"]
        lines.append(f"| instructions, {many} vCPUs ÷ {few} | {mode} | " +
                     " | ".join([""] * (len(cpus) - 1) + [f"{ratio:.3f}"]) + " |")
    return "\n".join(lines)


def plot(rows):
    """A gnuplot script."""
    out, curves = [], []
    for mode in MODES:
        out += [f"${mode} << END"]
        out += [f"{each['cpus']} {each['median'] / 1000} {each['min'] / 1000} {each['max'] / 1000}"
                for each in rows if each["mode"] == mode] + ["END"]
        curves.append(f"${mode} using 1:2:3:4 with yerrorlines title '{mode}' "
                      f"linecolor rgb '{COLORS[mode]}' pointtype 7 linewidth 2")
    return "\n".join(out + ["set logscale x 2", "set yrange [0:*]", "set key bottom left",
                            "set xlabel 'vCPUs (emulated)'",
                            "set ylabel 'thousand guest instructions per connection'",
                            "plot " + ", ".join(curves)])


def main():
    release, commit, *paths = sys.argv[1:]
    rows = [each for path in paths for each in collect(path)]
    rows.sort(key=lambda each: each["cpus"])
    head = {
        "kernel": release, "cpus": max(each["cpus"] for each in rows),
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": commit, "emulated": "QEMU TCG, -icount shift=0: guest time is instructions",
    }
    json.dump([head, *rows], sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
