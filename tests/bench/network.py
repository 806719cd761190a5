# SPDX-License-Identifier: GPL-2.0-only
"""Namespaces and devices of a case, and the modelled NIC.

    load ──veth──── server or proxy ────veth── backend
    10.78.1.2       10.78.1.1  10.78.2.1       10.78.2.2

The server is in the namespace that the benchmark itself runs in (run.sh made
it), where fsctl is called, too; the load and the backend have one each.
"""
import os
import re
import subprocess

SERVER, LOAD = "10.78.1.1", "10.78.1.2"
PROXY, BACKEND = "10.78.2.1", "10.78.2.2"
FRONT, BACK = "bench-front", "bench-back"
# Source ports of the proxy: what the library is told to use, and the NIC's model.
PORTS = 32768, 60999

# The namespace that run.sh came from; it alone has net.core's settings.
MACHINE = 9
FLOWS = 32768


def block(cpu):
    """First and last port of a CPU's block, as uapi/fastsock_ports.h has them."""
    low, high = PORTS
    for shift in reversed(range(16)):
        first = -(-low >> shift) << shift
        if first + (os.cpu_count() << shift) - 1 <= high:
            return first + (cpu << shift), first + (cpu + 1 << shift) - 1
    raise ValueError("more CPUs than ports")


def run(*command, **options):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, **options).stdout


def inside(name, *command):
    """That command in a namespace; without one, here."""
    return (["nsenter", f"--net=/run/netns/{name}"] if name else []) + list(command)


class Network:
    """A link to the load and, for a proxy, one to a backend. Checksum offload is
    off at both ends: a packet that the NIC's model moves to another CPU loses what
    the kernel knew of it, and one sent without a checksum would be dropped."""

    def __init__(self, proxy):
        self.devices = [FRONT]
        self.namespaces = ["bench-load"]
        run("mkdir", "-p", "/run/netns")
        self._link("bench-load", FRONT, SERVER, LOAD)
        if proxy:
            self.devices.append(BACK)
            self.namespaces.append("bench-backend")
            self._link("bench-backend", BACK, PROXY, BACKEND)

    def _link(self, name, device, near, far):
        run("ip", "netns", "add", name)
        run("ip", "link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "addr", "add", f"{near}/24", "dev", device)
        run(*inside(name, "ip", "addr", "add", f"{far}/24", "dev", "eth0"))
        for where, which in ((None, device), (name, "eth0")):
            run(*inside(where, "ip", "link", "set", which, "up"))
            run(*inside(where, "ethtool", "-K", which, "tx", "off", "tso", "off"))
        run(*inside(name, "ip", "link", "set", "lo", "up"))

    def close(self):
        for name in self.namespaces:
            run("ip", "netns", "del", name)
        for device in self.devices:
            subprocess.run(["ip", "link", "del", device], stderr=subprocess.DEVNULL, check=False)


class Nic:
    """nic.c on the server's devices, as long as this lives."""

    def __init__(self, build, devices):
        self.program = subprocess.Popen([f"{build}/tests/bench/nic", *devices], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._answer("the devices")

    def _answer(self, what):
        if self.program.stdout.readline() != "ok\n":
            raise RuntimeError(f"the NIC's model refuses {what}")

    def place(self, how):
        self.program.stdin.write(how + "\n")
        self.program.stdin.flush()
        self._answer(how)

    def close(self):
        self.program.stdin.close()
        self.program.wait()


class Rfs:
    """Receive packet and flow steering on the devices, and none afterwards."""

    SYSCTL = "net.core.rps_sock_flow_entries"

    def __init__(self, devices):
        self.devices = devices
        self.before = self._machine("-n", self.SYSCTL).strip()
        try:
            self._set(FLOWS, f"{(1 << os.cpu_count()) - 1:x}", FLOWS)
        except (OSError, subprocess.CalledProcessError):
            self.close()
            raise

    @staticmethod
    def _machine(*arguments):
        return run("nsenter", f"--net=/proc/self/fd/{MACHINE}", "sysctl", *arguments,
                   pass_fds=[MACHINE])

    def _set(self, entries, cpus, flows):
        self._machine("-q", f"{self.SYSCTL}={entries}")
        # In groups of 32, as the file wants them.
        cpus = re.sub(r"(?<=.)(?=(.{8})+$)", ",", cpus)
        for device in self.devices:
            queue = f"/sys/class/net/{device}/queues/rx-0"
            for name, value in (("rps_cpus", cpus), ("rps_flow_cnt", flows)):
                with open(f"{queue}/{name}", "w", encoding="ascii") as file:
                    file.write(str(value))

    def close(self):
        self._set(self.before, "0", 0)
