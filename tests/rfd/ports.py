# SPDX-License-Identifier: GPL-2.0-only
"""Judge connections as connect.c prints them, on stdin.

ports.py blocks FIRST LENGTH CPU... [--count N]
    each from a port of its CPU's block: the blocks follow each other in this order
ports.py rss KEY CPU... [--count N] [--fields addresses|symmetric]
    each from a port for which a device with this key and this table of CPUs puts
    the reply on the CPU: an implementation of its own, bit by bit
ports.py any [--count N]
    no error
"""
import socket, sys


def toeplitz(key, data):
    bits = "".join(f"{b:08b}" for b in key) + "0" * 512
    result = 0
    for at, bit in enumerate("".join(f"{b:08b}" for b in data)):
        if bit == "1":
            result ^= int(bits[at:at + 32], 2)
    return result


def packed(text):
    text = text.removeprefix("::ffff:") if "." in text else text
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def reply_hash(key, fields, ours, port, peer, peer_port):
    one, other = packed(peer), packed(ours)
    ports = [peer_port.to_bytes(2, "big"), port.to_bytes(2, "big")]
    if fields == "addresses":
        return toeplitz(key, one + other)
    if fields == "symmetric":
        one = other = bytes(a ^ b for a, b in zip(one, other))
        ports = [bytes(a ^ b for a, b in zip(*ports))] * 2
    return toeplitz(key, one + other + ports[0] + ports[1])


def main():
    # No argparse: each run counts where the machine is emulated.
    how, *numbers = sys.argv[1:]
    options = {"--count": "1", "--fields": "ports"}
    while len(numbers) > 1 and numbers[-2] in options:
        options[numbers[-2]] = numbers[-1]
        del numbers[-2:]
    wrong, cpus, seen = [], set(), 0
    for line in sys.stdin:
        seen += 1
        words = line.split()
        if words[1] == "error":
            wrong.append(line)
            continue
        cpu, ours, port, peer, peer_port = words
        cpu, port, peer_port = int(cpu), int(port), int(peer_port)
        cpus.add(cpu)
        if how == "blocks":
            first, length, *order = map(int, numbers)
            block = (port - first) // length
            if not 0 <= block < len(order) or order[block] != cpu:
                wrong.append(line)
        elif how == "rss":
            key, table = bytes.fromhex(numbers[0]), list(map(int, numbers[1:]))
            value = reply_hash(key, options["--fields"], ours, port, peer, peer_port)
            if table[value % len(table)] != cpu:
                wrong.append(line)
    print(f"{seen} connections on CPUs {sorted(cpus)}, {len(wrong)} wrong", *wrong[:5], sep="\n")
    return 1 if wrong or seen != int(options["--count"]) else 0


sys.exit(main())
