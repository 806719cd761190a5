# SPDX-License-Identifier: GPL-2.0-only
"""client.py PORT SECONDS THREADS: new connections without pause, one request each,
the threads spread over the CPUs. Prints `OK NOT`: answered, and not answered for
whatever reason; a line on stderr for each reason."""
import collections, os, socket, sys, threading, time

port, seconds, threads = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
end = time.monotonic() + seconds
seen = collections.Counter()
cpus = sorted(os.sched_getaffinity(0))


def ask(host, family):
    with socket.socket(family) as sock:
        sock.settimeout(10)
        try:
            sock.connect((host, port))
        except OSError as error:
            return f"connect: {type(error).__name__}"
        try:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return "answered" if sock.recv(4096).startswith(b"HTTP/1") else "closed"
        except OSError as error:
            return f"reply: {type(error).__name__}"


def client(number):
    os.sched_setaffinity(0, {cpus[number % len(cpus)]})
    ipv6 = number // len(cpus) % 2
    while time.monotonic() < end:
        seen[ask("::1", socket.AF_INET6) if ipv6 else ask("127.0.0.1", socket.AF_INET)] += 1


all_threads = [threading.Thread(target=client, args=(i,)) for i in range(threads)]
for each in all_threads:
    each.start()
for each in all_threads:
    each.join()
answered = seen.pop("answered", 0)
print(answered, sum(seen.values()))
for reason, count in seen.items():
    print(f"{count} {reason}", file=sys.stderr)
