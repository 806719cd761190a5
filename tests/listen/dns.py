# SPDX-License-Identifier: GPL-2.0-only
"""dns.py IP PORT SECONDS: asks for www.example.test from each CPU in turn, from a new
port each time. Prints ASKED ANSWERED; fails when nothing was answered."""
import os
import socket
import sys
import time

QUESTION = b"\x03www\x07example\x04test\x00\x00\x01\x00\x01"
ADDRESS = bytes([127, 0, 0, 2])

ip, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
cpus = sorted(os.sched_getaffinity(0))
end = time.monotonic() + seconds
asked = answered = 0
while time.monotonic() < end:
    os.sched_setaffinity(0, [cpus[asked % len(cpus)]])
    asked += 1
    with socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET,
                       socket.SOCK_DGRAM) as query:
        query.settimeout(5)
        query.connect((ip, port))
        number = asked.to_bytes(4, "big")[2:]
        try:
            query.send(number + b"\x01\x00\x00\x01" + bytes(6) + QUESTION)
            reply = query.recv(512)
        except OSError:
            continue
        answered += reply[:2] == number and reply.endswith(ADDRESS)
print(asked, answered)
sys.exit(not answered)
