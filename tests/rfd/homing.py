#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""homing.py HOST PORT COUNT: COUNT connections from each CPU; prints how many of the
replies arrived on the CPU that connected, and of how many."""
import os
import socket
import sys

SO_INCOMING_CPU = 49
host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
family = socket.AF_INET6 if ":" in host else socket.AF_INET
home = total = 0
for cpu in sorted(os.sched_getaffinity(0)):
    os.sched_setaffinity(0, {cpu})
    for _ in range(count):
        with socket.socket(family) as s:
            # A reset instead of TIME_WAIT: ports are not what is measured.
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            s.connect((host, port))
            home += s.getsockopt(socket.SOL_SOCKET, SO_INCOMING_CPU) == cpu
            total += 1
print(home, total)
