# SPDX-License-Identifier: GPL-2.0-only
"""One measured run: a load, and what the machine says before and after it."""
import glob
import json
import os
import re
import signal
import subprocess
import threading
import time

from network import SERVER, inside
from servers import PORT


def interrupts():
    """IPIs since boot; None where the machine does not count them by these names."""
    total = None
    with open("/proc/interrupts", encoding="ascii") as file:
        for line in file:
            words = line.split()
            if words[0] in ("RES:", "CAL:"):
                total = (total or 0) + sum(int(word) for word in words[1:] if word.isdigit())
    return total


def processor():
    """CPU time since boot: idle, taken by the hypervisor, and all of it."""
    with open("/proc/stat", encoding="ascii") as file:
        times = [int(word) for word in file.readline().split()[1:9]]
    return times[3] + times[4], times[7], sum(times)


def busy(seconds):
    """The part of the CPUs that others use, who use it in measured runs, too."""
    before = processor()
    time.sleep(seconds)
    idle, _, total = (b - a for a, b in zip(before, processor()))
    return 1 - idle / max(total, 1)


class Cgroup:
    """Holds the server's processes; locality.c looks at their sockets."""

    def __init__(self, build, mount):
        self.path = f"{mount}/fastsock-bench-{os.getpid()}-{time.monotonic_ns()}"
        os.mkdir(self.path)
        self.locality = subprocess.Popen([f"{build}/tests/bench/locality", self.path], text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.locality.stdout.readline() != "ok\n":
            raise RuntimeError("locality cannot be measured")

    def counts(self):
        self.locality.stdin.write("\n")
        self.locality.stdin.flush()
        return [int(word) for word in self.locality.stdout.readline().split()]

    def processes(self):
        with open(f"{self.path}/cgroup.procs", encoding="ascii") as file:
            return [int(line) for line in file]

    def switches(self):
        total = 0
        for process in self.processes():
            for status in glob.glob(f"/proc/{process}/task/*/status"):
                try:
                    with open(status, encoding="utf-8", errors="replace") as file:
                        total += sum(int(line.split()[1]) for line in file
                                     if "ctxt_switches:" in line)
                except OSError:
                    pass
        return total

    def close(self):
        self.locality.stdin.close()
        self.locality.wait()
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                os.rmdir(self.path)
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"{self.path} still has processes")


class Staller:
    """Stops one worker for 200 ms out of 400 for as long as this lives."""

    def __init__(self, process):
        self.process = process
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while not self.over.is_set():
            os.kill(self.process, signal.SIGSTOP)
            self.over.wait(0.2)
            os.kill(self.process, signal.SIGCONT)
            self.over.wait(0.2)

    def close(self):
        self.over.set()
        self.thread.join()


def wrk(seconds):
    """Another load generator's opinion of the same server: connections/s."""
    programs = [subprocess.Popen(
        inside("bench-load", "taskset", "-c", str(cpu), "wrk", "-t", "1", "-c", "32",
               "-d", f"{seconds}s", "-H", "Connection: close", f"http://{SERVER}:{PORT}/"),
        text=True, stdout=subprocess.PIPE) for cpu in sorted(os.sched_getaffinity(0))]
    said = [program.communicate()[0] for program in programs]
    return round(sum(float(rate) for rate in re.findall(r"Requests/sec: *([0-9.]+)", "".join(said))))


def load(build, arguments, warm, seconds, cgroup):
    """Runs it; a dict of figures, those that cannot be known None."""
    cpus = ",".join(str(cpu) for cpu in sorted(os.sched_getaffinity(0)))
    command = [f"{build}/tests/bench/load", "-p", cpus, "-w", str(warm), "-d", str(seconds),
               *arguments, SERVER, str(PORT)]
    with subprocess.Popen(inside("bench-load", *command), text=True,
                          stdout=subprocess.PIPE) as program:
        program.stdout.readline()
        before = cgroup.counts(), cgroup.switches(), interrupts()
        text = program.stdout.readline()
        after = cgroup.counts(), cgroup.switches(), interrupts()
        if program.wait() or not text:
            raise RuntimeError("the load failed")
    figures = json.loads(text)
    passive, passive_local, active, active_local = (b - a for a, b in zip(before[0], after[0]))
    answered = figures["answered"] or None
    return {
        "value": figures["answered"] / figures["seconds"],
        "errors": figures["errors"],
        "p50_us": figures["p50_us"], "p99_us": figures["p99_us"], "p999_us": figures["p999_us"],
        "passive_local": passive_local / passive if passive else None,
        "active_local": active_local / active if active else None,
        "switches": (after[1] - before[1]) / answered if answered else None,
        "ipis": (after[2] - before[2]) / answered
                if answered and before[2] is not None else None,
    }
