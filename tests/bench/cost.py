# SPDX-License-Identifier: GPL-2.0-only
"""What the library adds to the calls of a worker (cost.c), on the loopback device."""
import re
import subprocess
from contextlib import closing
from statistics import median

NAME = "cost"
CALLS = "accept4", "connect", "epoll_ctl", "close"
MODES = "stock", "fastsock"
TIMED, COUNTED = 20000, 200


class Enabled:
    def __init__(self):
        # The program never waits, which looks like a worker that is stuck.
        subprocess.run(["fsctl", "enable", "--iface", "lo", "--spill", "off"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def close(self):
        subprocess.run(["fsctl", "disable", "--iface", "lo"], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def output(mode, *command, stream="stdout"):
    front = ["fsctl", "run", "--"] if mode == "fastsock" else []
    done = subprocess.run(front + list(command), check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    if done.returncode:
        raise SystemExit(f"bench: {' '.join(done.args)}: {done.stderr.strip()}")
    return getattr(done, stream)


def nanoseconds(program, mode):
    words = output(mode, program, str(TIMED)).split()
    return dict(zip(words[::2], map(int, words[1::2])))


def instructions(program, mode, call):
    """In user space, of one call; start-up is in none of these functions."""
    said = output(mode, "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                  "--collect-atstart=no", f"--toggle-collect=cost_{call}", program, str(COUNTED),
                  stream="stderr")
    return max(int(number) for number in re.findall(r"Collected : (\d+)", said)) / COUNTED


def system_calls(program, mode, directory):
    """Of each kind, for one connection: what a second thousand adds."""
    counts = []
    for times in (1000, 2000):
        output(mode, "strace", "-f", "-c", "-U", "name,calls", "-o", f"{directory}/calls",
               program, str(times))
        with open(f"{directory}/calls", encoding="ascii") as file:
            lines = [line.split() for line in file]
        counts.append({line[0]: int(line[1]) for line in lines
                       if len(line) == 2 and line[1].isdigit() and line[0] != "total"})
    return {name: (count - counts[0].get(name, 0)) / 1000
            for name, count in counts[1].items() if count != counts[0].get(name, 0)}


def row(call, mode, unit, values):
    return {"bench": NAME, "program": call, "mode": mode, "unit": unit,
            "median": median(values), "min": min(values), "max": max(values),
            "rounds": len(values), "ratio_to_fastsock": None, "passive_local": None,
            "active_local": None, "p50_us": None, "p99_us": None, "p999_us": None, "errors": 0}


def measure(options, directory):
    program = f"{options.build}/tests/bench/cost"
    rows = []
    with closing(Enabled()):
        times = {mode: [] for mode in MODES}
        for _ in range(options.rounds):
            for mode in MODES:
                times[mode].append(nanoseconds(program, mode))
        calls = {mode: system_calls(program, mode, directory) for mode in MODES}
        for call in CALLS:
            for mode in MODES:
                rows.append(row(call, mode, "ns", [each[call] for each in times[mode]]))
                rows.append(row(call, mode, "instructions",
                                [instructions(program, mode, call)]))
        # Those of a whole connection: accept4, epoll_ctl, socket, connect, close twice.
        for name in sorted(set().union(*calls.values())):
            for mode in MODES:
                rows.append(row(name, mode, "syscalls", [calls[mode].get(name, 0)]))
    return rows


def table(rows):
    """Stock and fastsock side by side, as Markdown."""
    found = {(each["program"], each["unit"], each["mode"]): each["median"] for each in rows}
    lines = ["| call | unit | stock | fastsock | added |", "|---|---|--:|--:|--:|"]
    for program, unit in dict.fromkeys((each["program"], each["unit"]) for each in rows):
        stock, ours = (found[program, unit, mode] for mode in MODES)
        lines.append(f"| {program} | {unit} | {stock:g} | {ours:g} | {ours - stock:+g} |")
    return "\n".join(lines)
