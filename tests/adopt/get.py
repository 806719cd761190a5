# SPDX-License-Identifier: GPL-2.0-only
"""get.py PORT COUNT: HTTP requests, one connection each; how many were answered."""
import socket, sys

answered = 0
for _ in range(int(sys.argv[2])):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10) as conn:
        conn.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answered += conn.recv(16).startswith(b"HTTP/1.1 200")
print(answered)
