#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Ordinary sockets over the card.

	traffic.py serve			until killed
	traffic.py whole ADDRESS		what is sent comes back whole, TCP and UDP
	traffic.py cpus ADDRESS COUNT FIRST	COUNT connections from ports FIRST on; prints "port
						CPU hash": the CPU that received at the server, and
						the Toeplitz hash that belongs there with key 00:01:02 ...
	traffic.py load ADDRESS SECONDS		as much as goes, whatever happens to it
"""
import hashlib
import os
import socket
import sys
import threading
import time

PORT = 5077
SO_INCOMING_CPU = 49


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve_one(conn):
    """The CPU that received, then all that comes, back."""
    with conn:
        try:
            first = conn.recv(1)
            conn.sendall(b"%d\n" % conn.getsockopt(socket.SOL_SOCKET, SO_INCOMING_CPU))
            while first:
                first = conn.recv(65536)
                conn.sendall(first)
        except OSError:
            pass


def serve_datagrams(fam):
    with socket.socket(fam, socket.SOCK_DGRAM) as sock:
        if fam == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(("", PORT))
        while True:
            try:
                sock.sendto(*sock.recvfrom(65536))
            except OSError:
                pass


def serve():
    listener = socket.create_server(("", PORT), family=socket.AF_INET6, dualstack_ipv6=True,
                                    backlog=512)
    for fam in socket.AF_INET, socket.AF_INET6:
        threading.Thread(target=serve_datagrams, args=(fam,), daemon=True).start()
    while True:
        try:
            conn = listener.accept()[0]
        except OSError:
            continue
        threading.Thread(target=serve_one, args=(conn,), daemon=True).start()


def connect(address, port=0, timeout=10):
    sock = socket.socket(family(address), socket.SOCK_STREAM)
    sock.settimeout(timeout)
    if port:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("", port))
    sock.connect((address, PORT))
    return sock


def whole(address):
    data = os.urandom(1 << 21)
    with connect(address) as sock:
        sock.sendall(b"x")
        while sock.recv(1) != b"\n":
            pass
        threading.Thread(target=sock.sendall, args=(data,)).start()
        back = hashlib.sha256()
        left = len(data)
        while left:
            part = sock.recv(65536)
            if not part:
                sys.exit("the connection ended early")
            back.update(part)
            left -= len(part)
    if back.digest() != hashlib.sha256(data).digest():
        sys.exit("TCP: other bytes came back")
    for size in 1, 1000, 5000:     # the last in fragments
        with socket.socket(family(address), socket.SOCK_DGRAM) as sock:
            sock.settimeout(10)
            sock.sendto(data[:size], (address, PORT))
            if sock.recv(65536) != data[:size]:
                sys.exit(f"UDP: {size} other bytes came back")


def toeplitz(sock):
    """By the definition, in whole numbers: the key as one, shifted to each set bit."""
    fam = sock.family
    (source, sport), (sink, dport) = sock.getsockname()[:2], sock.getpeername()[:2]
    data = (socket.inet_pton(fam, source) + socket.inet_pton(fam, sink) +
            sport.to_bytes(2, "big") + dport.to_bytes(2, "big"))
    key, bits = int.from_bytes(bytes(range(40)), "big"), len(data) * 8
    number, result = int.from_bytes(data, "big"), 0
    for bit in range(bits):
        if number >> (bits - 1 - bit) & 1:
            result ^= key >> (320 - 32 - bit) & 0xffffffff
    return result


def cpus(address, count, first):
    for port in range(int(first), int(first) + int(count)):
        with connect(address, port) as sock:
            sock.sendall(b"x")
            print(port, sock.recv(16).decode().strip(), toeplitz(sock))


def load_one(address, end):
    data = bytes(30000)
    while time.monotonic() < end:
        try:
            with connect(address, timeout=1) as sock:
                for _ in range(20):
                    sock.sendall(data)
                    sock.recv(65536)
        except OSError:
            time.sleep(0.01)


def load_datagrams(address, end):
    with socket.socket(family(address), socket.SOCK_DGRAM) as sock:
        while time.monotonic() < end:
            try:
                sock.sendto(bytes(100), socket.MSG_DONTWAIT, (address, PORT))
            except OSError:
                time.sleep(0.001)


def load(address, seconds):
    end = time.monotonic() + float(seconds)
    for target in load_one, load_one, load_datagrams:
        threading.Thread(target=target, args=(address, end)).start()


if __name__ == "__main__":
    {"serve": serve, "whole": whole, "cpus": cpus, "load": load}[sys.argv[1]](*sys.argv[2:])
