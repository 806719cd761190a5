# SPDX-License-Identifier: GPL-2.0-only
"""The programs that are measured: how each is told to listen, and to whom."""
import os
import signal
import socket
import subprocess
import time

from network import BACKEND, PROXY, SERVER, block, inside

PORT = 80
BODY = "sixty-four bytes, as in the tests that Fastsocket was shown with"
DEADLINE = 20


def nginx(directory, listen="", keep_alive=False, pinned=False):
    path = f"{directory}/nginx.conf"
    with open(path, "w", encoding="ascii") as file:
        file.write(f"""
user www-data;
worker_processes {os.cpu_count()};
{"worker_cpu_affinity auto;" if pinned else ""}
daemon off;
pid {directory}/pid;
error_log {directory}/nginx.log;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_timeout {60 if keep_alive else 0};
    keepalive_requests 1000000000;
    server {{ listen {SERVER}:{PORT} {listen}; location / {{ return 200 "{BODY}"; }} }}
}}
""")
    return ["nginx", "-c", path]


def haproxy(directory, bind="", threads=os.cpu_count(), source=""):
    path = f"{directory}/haproxy{source}.cfg"
    with open(path, "w", encoding="ascii") as file:
        file.write(f"""
global
    nbthread {threads}
    user haproxy
    group haproxy
    maxconn 8192
defaults
    mode http
    option httpclose
    timeout client 10s
    timeout server 10s
    timeout connect 5s
frontend f
    bind {SERVER}:{PORT} {bind}
    default_backend b
backend b
    server s {BACKEND}:{PORT} {source and f"source {PROXY}:{source}"}
""")
    return ["haproxy", "-db", "-f", path]


def haproxy_by_hand(directory):
    """A process on each CPU, with source ports of its own: all that it can be told."""
    each = [f"taskset -c {cpu} {' '.join(haproxy(directory, '', 1, '%d-%d' % block(cpu)))}"
            for cpu in range(os.cpu_count())]
    return ["sh", "-c", "".join(f"{command} & " for command in each) + "wait"]


def redis(directory):
    return ["redis-server", "--bind", SERVER, "--port", str(PORT), "--save", "",
            "--appendonly", "no", "--protected-mode", "no", "--dir", directory]


def demo(mode="shared", proxy=False, ports="", build="build"):
    return [f"{build}/bin/fastsock-demo", "-a", f"{SERVER}:{PORT}", "-m", mode,
            *(["-x", f"{BACKEND}:{PORT}"] if proxy else []), *(["-p", ports] if ports else [])]


def backend(build):
    """The best there is, whatever stands before it."""
    return [f"{build}/bin/fastsock-demo", "-a", f"{BACKEND}:{PORT}", "-m", "incoming-cpu"]


class Server:
    """A running program, ready to be asked. Its processes are in `cgroup`, when one is
    given. What it says is in `log`."""

    def __init__(self, command, log, namespace=None, cgroup=None, environment=None, address=SERVER):
        def enter():
            os.setpgid(0, 0)
            if cgroup:
                with open(f"{cgroup}/cgroup.procs", "w", encoding="ascii") as file:
                    file.write("0")

        self.log = log
        with open(log, "w", encoding="utf-8") as file:
            self.program = subprocess.Popen(inside(namespace, *command), preexec_fn=enter,
                                            stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                                            env={**os.environ, **(environment or {})})
        self._wait(namespace, address)

    def _wait(self, namespace, address):
        end = time.monotonic() + DEADLINE
        port = f"{address}:{PORT}"
        while self.program.poll() is None and time.monotonic() < end:
            listening = subprocess.run(inside(namespace, "ss", "-Hltn", f"src {port}"),
                                       stdout=subprocess.PIPE, check=True).stdout
            if listening:
                return
            time.sleep(0.02)
        self.close()
        self._fail("does not serve")

    def _fail(self, what):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            raise RuntimeError(f"{' '.join(self.program.args)}: {what}: {file.read()[-2000:]}")

    def must_live(self):
        if self.program.poll() is not None:
            self._fail("died under the load")

    def _end(self, how):
        try:
            os.killpg(self.program.pid, how)
        except ProcessLookupError:
            pass

    def close(self):
        """In a hurry: the load is over."""
        self._end(signal.SIGTERM)
        try:
            self.program.wait(5)
        except subprocess.TimeoutExpired:
            pass
        self._end(signal.SIGCONT)
        self._end(signal.SIGKILL)
        self.program.wait()


class Backend(Server):
    def __init__(self, build, log):
        super().__init__(backend(build), log, "bench-backend", address=BACKEND)


def wait_closed():
    """Until a listener of the last server is gone for good."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((SERVER, PORT))
                return
            except OSError:
                time.sleep(0.02)
    raise RuntimeError("somebody still listens there")
