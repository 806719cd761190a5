#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sends frames into one end of a card and tells how the other received them.

usage: witness.py FROM TO <CASES

A case is a line of words: NAME KIND SADDR DADDR SPORT DPORT HASH QUEUE CPU, the
last three "-" where anything will do, QUEUE "none" where nothing may arrive. The
kernel itself compares: a classic BPF filter on a packet socket sees the hash, the
queue and the CPU of each packet and lets one pass that has all three.
Prints a line of TAP for each case, without number.
"""
import ctypes
import select
import socket
import struct
import sys

ETH_P_ALL, ETH_P_IP, ETH_P_IPV6, ETH_P_8021Q, ETH_P_TEST = 0x3, 0x800, 0x86dd, 0x8100, 0x88b5
SO_ATTACH_FILTER = 26
BPF_LD_W_ABS, BPF_JEQ_K, BPF_RET_K = 0x20, 0x15, 0x06
AD_QUEUE, AD_HASH, AD_CPU = 0xfffff000 + 24, 0xfffff000 + 32, 0xfffff000 + 36
MARK = b"fsnic witness %08d."


def ipv4(saddr, daddr, proto, payload, fragment=0):
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, fragment, 64, proto, 0,
                         socket.inet_aton(saddr), socket.inet_aton(daddr))
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xffff) + (total >> 16)
    total = ~(total + (total >> 16)) & 0xffff
    return header[:10] + struct.pack("!H", total) + header[12:] + payload


def ipv6(saddr, daddr, proto, payload):
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), proto, 64,
                       socket.inet_pton(socket.AF_INET6, saddr),
                       socket.inet_pton(socket.AF_INET6, daddr)) + payload


def frame(kind, saddr, daddr, sport, dport, data):
    ports = struct.pack("!HH", int(sport), int(dport))
    tcp = ports + struct.pack("!IIBBHHH", 0, 0, 0x50, 0x10, 0, 0, 0) + data
    udp = ports + struct.pack("!HH", 8 + len(data), 0) + data
    six = ":" in saddr
    ip = ipv6 if six else ipv4
    ethertype = ETH_P_IPV6 if six else ETH_P_IP
    if kind in ("tcp", "vlan", "vlans"):
        packet = ip(saddr, daddr, 6, tcp)
    elif kind == "udp":
        packet = ip(saddr, daddr, 17, udp)
    elif kind == "other":       # a protocol without ports
        packet = ip(saddr, daddr, 253, tcp)
    elif kind == "fragment":    # the first of several: it has ports, others not
        packet = ipv4(saddr, daddr, 6, tcp, 0x2000)
    elif kind == "extended":    # a destination option before TCP
        packet = ipv6(saddr, daddr, 60, bytes((6, 0, 1, 4, 0, 0, 0, 0)) + tcp)
    elif kind == "short":       # ends within the ports
        packet = ip(saddr, daddr, 6, tcp[:2])
    elif kind == "raw":
        packet, ethertype = data, ETH_P_TEST
    else:
        sys.exit(f"witness.py: unknown kind {kind}")
    for _ in range({"vlan": 1, "vlans": 2}.get(kind, 0)):
        packet = struct.pack("!HH", 5, ethertype) + packet
        ethertype = ETH_P_8021Q
    return b"\xff" * 6 + b"\x02\0\0\0\0\x01" + struct.pack("!H", ethertype) + packet


def filtered(device, conditions):
    """A packet socket that passes only what meets all of (field, value)."""
    code = []
    for i, (field, value) in enumerate(conditions):
        left = len(conditions) - i
        code += [(BPF_LD_W_ABS, 0, 0, field), (BPF_JEQ_K, 0, 2 * left - 1, value)]
    code += [(BPF_RET_K, 0, 0, 0xffff), (BPF_RET_K, 0, 0, 0)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *c) for c in code))
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                    struct.pack("HP", len(code), ctypes.addressof(program)))
    sock.bind((device, ETH_P_ALL))
    return sock


def arrives(sock, data, seconds):
    while select.select([sock], [], [], seconds)[0]:
        if data in sock.recv(65536):
            return True
    return False


def main():
    source, sink = sys.argv[1:]
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    out.bind((source, 0))
    for number, line in enumerate(sys.stdin):
        name, kind, saddr, daddr, sport, dport, value, queue, cpu = line.split()
        data = MARK % number if kind != "short" else b""
        conditions = []
        if value != "-":
            conditions.append((AD_HASH, int(value, 16)))
        if queue not in ("-", "none"):
            conditions.append((AD_QUEUE, int(queue) + 1))
        if cpu != "-":
            conditions.append((AD_CPU, int(cpu)))
        with filtered(sink, conditions) as sock, filtered(sink, []) as anything:
            out.send(frame(kind, saddr, daddr, sport, dport, data))
            if queue == "none":
                good = not arrives(anything, data, 0.5)
            else:
                good = arrives(sock, data, 5)
            print("ok" if good else "not ok", "-", name.replace("_", " "))
            if not good and queue != "none":
                there = arrives(anything, data, 0)
                print("#", "arrived otherwise than" if there else "did not arrive, not even other than",
                      f"hash {value} queue {queue} CPU {cpu}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
