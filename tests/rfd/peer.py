#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""peer.py PORT: accepts on all addresses, keeps what it accepted until it is closed."""
import select
import socket
import sys

listener = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6,
                                dualstack_ipv6=True, backlog=1024)
held = {}
poll = select.epoll()
poll.register(listener, select.EPOLLIN)
while True:
    for fd, _ in poll.poll():
        if fd == listener.fileno():
            connection = listener.accept()[0]
            held[connection.fileno()] = connection
            poll.register(connection, select.EPOLLIN)
            continue
        try:
            ended = not held[fd].recv(4096)
        except OSError:
            ended = True
        if ended:
            poll.unregister(fd)
            held.pop(fd).close()
