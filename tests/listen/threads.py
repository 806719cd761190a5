# SPDX-License-Identifier: GPL-2.0-only
"""threads.py PORT SECONDS: which thread of HAProxy answers (header x-thread), asked
from each CPU by four clients at a time. Prints, in per cent of all, how many were
answered by the thread that answered most from their CPU."""
import collections, os, socket, sys, threading, time

port, seconds = int(sys.argv[1]), float(sys.argv[2])
end = time.monotonic() + seconds
seen = collections.defaultdict(collections.Counter)


def client(cpu):
    os.sched_setaffinity(0, {cpu})
    while time.monotonic() < end:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            reply = b""
            while part := sock.recv(4096):
                reply += part
        seen[cpu][reply.split(b"x-thread: ")[1].split(b"\r")[0]] += 1


threads = [threading.Thread(target=client, args=(cpu,))
           for cpu in os.sched_getaffinity(0) for _ in range(4)]
for each in threads:
    each.start()
for each in threads:
    each.join()
print(100 * sum(max(by.values()) for by in seen.values()) //
      sum(sum(by.values()) for by in seen.values()))
