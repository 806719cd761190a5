# SPDX-License-Identifier: GPL-2.0-only
"""What is compared with what."""
from dataclasses import dataclass, field

import servers
from network import PORTS

REDIS = ["-k", "-s", "PING\r\n", "-e", "+PONG"]


@dataclass
class Mode:
    name: str
    command: object                 # directory -> the program's command line
    fastsock: bool = False          # preloaded
    rfd: bool = False               # outgoing ports of the CPU, and a NIC that knows them
    rfs: bool = False
    adopt: bool = False             # its sockets, without the library


@dataclass
class Case:
    name: str
    program: str
    modes: list
    nic: str = ""                   # how the modelled NIC places packets; "": there is none
    proxy: bool = False
    load: list = field(default_factory=list)
    stall: bool = False             # one worker stands still half of the time
    unit: str = "connections/s"


def cases(build):
    def nginx(listen="", keep_alive=False, pinned=False):
        return lambda directory: servers.nginx(directory, listen, keep_alive, pinned)

    def haproxy(bind=""):
        return lambda directory: servers.haproxy(directory, bind)

    def demo(mode="shared", proxy=False, ports=""):
        return lambda directory: servers.demo(mode, proxy, ports, build)

    skew = [
        Mode("shared", demo()),
        Mode("reuseport", demo("reuseport")),
        Mode("fastsock", demo(), fastsock=True),
    ]
    return [
        Case("server-nginx", "nginx", [
            Mode("shared", nginx()),
            Mode("reuseport", nginx("reuseport")),
            Mode("by-hand", nginx("reuseport", pinned=True), adopt=True),
            Mode("fastsock", nginx(), fastsock=True),
        ]),
        Case("server-demo", "demo", [
            Mode("shared", demo()),
            Mode("reuseport", demo("reuseport")),
            Mode("incoming-cpu", demo("incoming-cpu")),
            Mode("cbpf", demo("cbpf")),
            Mode("fastsock", demo(), fastsock=True),
        ]),
        Case("proxy-haproxy", "haproxy", [
            Mode("stock", haproxy()),
            Mode("by-thread", haproxy("shards by-thread")),
            Mode("rfs", haproxy(), rfs=True),
            Mode("by-hand", servers.haproxy_by_hand, rfd=True, adopt=True),
            Mode("fastsock-listeners", haproxy("shards by-thread"), fastsock=True),
            Mode("fastsock", haproxy("shards by-thread"), fastsock=True, rfd=True),
        ], nic="rss", proxy=True),
        Case("proxy-demo", "demo", [
            Mode("shared", demo(proxy=True)),
            Mode("reuseport", demo("reuseport", True)),
            Mode("incoming-cpu", demo("incoming-cpu", True)),
            Mode("rfs", demo(proxy=True), rfs=True),
            Mode("by-hand", demo("incoming-cpu", True, "%d-%d" % PORTS), rfd=True),
            Mode("fastsock-listeners", demo(proxy=True), fastsock=True),
            Mode("fastsock", demo(proxy=True), fastsock=True, rfd=True),
        ], nic="rss", proxy=True),
        Case("keepalive-nginx", "nginx", [
            Mode("shared", nginx(keep_alive=True)),
            Mode("reuseport", nginx("reuseport", True)),
            Mode("fastsock", nginx(keep_alive=True), fastsock=True),
        ], load=["-k"], unit="requests/s"),
        Case("redis", "redis", [
            Mode("stock", servers.redis),
            Mode("fastsock", servers.redis, fastsock=True),
        ], load=REDIS, unit="requests/s"),
        Case("skew", "demo", skew, nic="only 0"),
        Case("skew-stall", "demo", skew, stall=True),
    ]
