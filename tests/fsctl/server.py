# SPDX-License-Identifier: GPL-2.0-only
"""A listener on 127.0.0.1 and one on ::1, port 8000, and two workers that watch both.

With an argument the workers become that user first. Ends with its standard input.
"""
import os, select, signal, socket, sys

workers = []


def listener(family, host):
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, 8000))
    sock.listen(77)
    sock.setblocking(False)
    return sock


def work(sockets):
    if len(sys.argv) > 1:
        os.setgid(int(sys.argv[1]))
        os.setuid(int(sys.argv[1]))
    poll = select.epoll()
    for fd in sockets:
        poll.register(fd, select.EPOLLIN)
    while True:
        for fd, _ in poll.poll():
            try:
                conn, _ = sockets[fd].accept()
            except BlockingIOError:
                continue
            conn.sendall(str(os.getpid()).encode())
            conn.close()


sockets = {sock.fileno(): sock for sock in (listener(socket.AF_INET, "127.0.0.1"),
                                            listener(socket.AF_INET6, "::1"))}
for _ in range(2):
    pid = os.fork()
    if not pid:
        os.close(0)
        work(sockets)
    workers.append(pid)
print("workers", *workers, flush=True)
sys.stdin.read()
for pid in workers:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
