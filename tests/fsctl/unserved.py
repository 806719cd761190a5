# SPDX-License-Identifier: GPL-2.0-only
"""Servers that the library leaves as they are, one kind for each reason: KIND PORT.

Nobody connects to them.  They end with the namespace of the test.
"""
import ctypes, os, select, socket, struct, sys, time

kind, port = sys.argv[1], int(sys.argv[2])
SO_ATTACH_FILTER, SO_ATTACH_REUSEPORT_CBPF = 26, 51


def listener(reuseport=False):
    sock = socket.socket()
    if reuseport:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen()
    sock.setblocking(kind == "blocking")
    return sock


def attach(sock, option):
    """A classic program that accepts all."""
    code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0xffffffff))
    sock.setsockopt(socket.SOL_SOCKET, option,
                    struct.pack("HxxxxxxP", 1, ctypes.addressof(code)))


def watch(sock, events=select.EPOLLIN):
    poll = select.epoll()
    poll.register(sock, events)
    poll.poll(0)    # who waits is the worker
    return poll


def fork(children=1):
    """In each child."""
    for _ in range(children):
        if not os.fork():
            return True
    return False


polls = []
sockets = [listener(kind in ("twice", "program"))]
if kind == "twice":
    sockets.append(listener(True))
elif kind == "epoll":
    polls = [watch(sockets[0])]
elif kind == "oneshot" and fork():
    polls = [watch(sockets[0], select.EPOLLIN | select.EPOLLONESHOT)]
elif kind == "blocking" and fork():
    polls = [watch(sockets[0])]
elif kind == "turns" and fork():
    polls = [select.epoll()]
    for _ in range(5):
        polls[0].register(sockets[0], select.EPOLLIN)
        polls[0].poll(0.01)
        polls[0].unregister(sockets[0])
        polls[0].poll(0.01)
elif kind == "filter":
    attach(sockets[0], SO_ATTACH_FILTER)
    if fork():
        polls = [watch(sockets[0])]
elif kind == "program":
    attach(sockets[0], SO_ATTACH_REUSEPORT_CBPF)
elif kind == "crowd" and fork(4 * os.cpu_count() + 1):
    polls = [watch(sockets[0])]
# Who waits for it is the worker.
for poll in polls:
    poll.poll(600)
time.sleep(600)
