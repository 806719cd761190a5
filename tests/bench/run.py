# SPDX-License-Identifier: GPL-2.0-only
"""make bench: see docs/benchmarks.md. Started by run.sh, in namespaces of its own."""
import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from statistics import median

import cost
from cases import cases
from measure import Cgroup, Staller, busy, load, processor, wrk
from network import BACK, FRONT, PORTS, Network, Nic, Rfs, run
from rows import row, table
from servers import PORT, Backend, Server, wait_closed

# The case that wrk gives its opinion on, too.
CHECKED = "server-nginx"


def log(text):
    print(text, file=sys.stderr, flush=True)


def version(*command):
    try:
        said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False).stdout
    except OSError:
        return None
    return said.splitlines()[0] if said else None


class Enabled:
    """fastsock, for as long as one server runs."""

    def __init__(self, rfd):
        self.device = BACK if rfd else FRONT
        ports = ["--mode", "external", "--ports", "%d-%d" % PORTS] if rfd else []
        run("fsctl", "enable", "--iface", self.device, *ports, stderr=subprocess.PIPE)

    def close(self):
        run("fsctl", "disable", "--iface", self.device, stderr=subprocess.PIPE)


class Bench:
    def __init__(self, options, directory):
        self.options = options
        self.directory = directory
        self.cgroups = f"{directory}/cgroup"
        os.mkdir(self.cgroups)
        run("mount", "-t", "cgroup2", "none", self.cgroups)
        self.done = 0
        self.wrk = None
        self.others = []

    def once(self, case, mode, network, nic, measure):
        """One mode, one round: what `measure` of the server's cgroup returns."""
        options = self.options
        with ExitStack() as stack:
            if mode.rfs:
                stack.enter_context(closing(Rfs(network.devices)))
            if nic:
                nic.place(("blocks %d %d %d" % (*PORTS, os.cpu_count())) if mode.rfd else case.nic)
            cgroup = stack.enter_context(closing(Cgroup(options.build, self.cgroups)))
            command = mode.command(self.directory)
            environment = {}
            if mode.fastsock or mode.adopt:
                stack.enter_context(closing(Enabled(mode.rfd)))
            if mode.fastsock:
                command = ["fsctl", "run", "--", *command]
                # To fail instead of being measured as stock.
                environment = {"FASTSOCK": "strict"}
            wait_closed()
            server = stack.enter_context(closing(Server(
                command, f"{self.directory}/server.log", cgroup=cgroup.path,
                environment=environment)))
            time.sleep(0.1)
            if mode.adopt:
                run("fsctl", "adopt", "--port", str(PORT))
            if case.stall:
                stack.enter_context(closing(Staller(sorted(cgroup.processes())[1])))
            figures = measure(cgroup)
            server.must_live()
            return figures

    def case(self, case, runs):
        """All modes in every round, each round beginning with another one."""
        options = self.options
        figures = {mode.name: [] for mode in case.modes}

        def measure(cgroup):
            return load(options.build, case.load, options.warm, options.seconds, cgroup)

        with ExitStack() as stack:
            network = stack.enter_context(closing(Network(case.proxy)))
            nic = None
            if case.nic:
                nic = stack.enter_context(closing(Nic(options.build, network.devices)))
            if case.proxy:
                stack.enter_context(closing(Backend(options.build,
                                                    f"{self.directory}/backend.log")))
            for number in range(options.rounds):
                self.others.append(busy(0.2))
                shift = number % len(case.modes)
                for mode in case.modes[shift:] + case.modes[:shift]:
                    result = self.once(case, mode, network, nic, measure)
                    figures[mode.name].append(result)
                    self.done += 1
                    log(f"[{self.done:3}/{runs}] {case.name} round {number + 1} "
                        f"{mode.name:18} {result['value']:9.0f} {case.unit}"
                        + (f", {result['errors']} errors" if result["errors"] else ""))
            if case.name == CHECKED:
                self.wrk = {mode.name: self.once(case, mode, network, nic, lambda _: wrk(2))
                            for mode in case.modes}
        return [row(case, mode, figures[mode.name],
                    figures["fastsock"] if mode.name != "fastsock" else None)
                for mode in case.modes]


def header(options, before, bench):
    _, stolen, total = (b - a for a, b in zip(before, processor()))
    return {
        "kernel": platform.release(), "cpus": os.cpu_count(),
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": version("git", "-c", "safe.directory=*", "describe", "--always", "--dirty"),
        "rounds": options.rounds, "seconds": options.seconds,
        "stolen_percent": round(100 * stolen / max(total, 1), 1),
        "others_percent": round(100 * median(bench.others), 1) if bench.others else None,
        f"wrk {CHECKED}": bench.wrk,
        "nginx": version("nginx", "-v"), "haproxy": version("haproxy", "-v"),
        "redis": version("redis-server", "--version"),
    }


def main():
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--case", default="")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--warm", type=float, default=0.4)
    parser.add_argument("--build", default="build")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    if options.rounds < 1 or options.seconds <= 0:
        parser.error("at least one round, of some length")
    if len(os.sched_getaffinity(0)) != os.cpu_count():
        parser.error("it may not use every CPU: load and servers are laid out for all of them")
    every = cases(options.build)
    names = [case.name for case in every] + [cost.NAME]
    chosen = [name for name in names
              if options.case in ("", name) or name.startswith(options.case + "-")]
    if not chosen:
        parser.error(f"CASE={options.case}: one of {' '.join(names)} is meant")

    before, rows = processor(), []
    with tempfile.TemporaryDirectory(prefix="fs-bench.") as directory:
        os.chmod(directory, 0o755)
        bench = Bench(options, directory)
        every = [case for case in every if case.name in chosen]
        runs = sum(len(case.modes) for case in every) * options.rounds
        try:
            if cost.NAME in chosen:
                log("cost: calls counted and timed")
                rows += cost.measure(options, directory)
            for case in every:
                rows += bench.case(case, runs)
        finally:
            run("umount", bench.cgroups)
    results = [header(options, before, bench), *rows]
    with open(options.out + ".new", "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1, ensure_ascii=False)
        file.write("\n")
    os.rename(options.out + ".new", options.out)
    for name in chosen:
        mine = [each for each in rows if each["bench"] == name]
        if name == cost.NAME:
            print(f"\n{name}: a call of a worker\n\n{cost.table(mine)}")
        else:
            print(f"\n{name} ({mine[0]['unit']})\n\n{table(mine)}")
    if (results[0]["others_percent"] or 0) > 5:
        log(f"\nOther programs used {results[0]['others_percent']} % of the CPUs meanwhile: "
            "these figures are not worth much.")


main()
