#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# fsctl adopt: arguments, and servers that know nothing of fastsock.
set -u
. tests/lib/private.sh
. tests/lib/tap.sh
. tests/adopt/adopt.sh

check "without a port" says 2 "--port N is missing" fsctl adopt
for bad in 0 65536 x ''; do
	check "--port '$bad'" says 2 "is no port" fsctl adopt --port "$bad"
done
check "--pid 0" says 2 "is no process number" fsctl adopt --port 80 --pid 0
check "--address x" says 2 "is no IPv4 or IPv6 address" fsctl adopt --port 80 --address x
check "--release --dry-run" says 2 "either" fsctl adopt --port 80 --release --dry-run
check "a word too many" says 2 "one word too many" fsctl adopt --port 80 x
check "not enabled: said, and what to do" says 1 "fsctl enable" fsctl adopt --port 80

adopt_begin
serves "threads" tcp 127.0.0.1 "$cpus" threads pinned
serves "threads that block, IPv6" tcp ::1 "$cpus" threads pinned blocking
serves "processes" tcp 127.0.0.1 "$cpus" pinned
serves "two for each CPU" tcp 127.0.0.1 $((2 * cpus)) pinned
[ "$cpus" -lt 3 ] || serves "fewer than CPUs" tcp 127.0.0.1 2 threads
refusals
own_program
if iterators; then
	serves "UDP" udp 127.0.0.1 "$cpus" threads pinned
	serves "UDP, processes, IPv6" udp ::1 "$cpus" pinned
fi
ends
elsewhere
nginx_reuseport
flipped 20
adopt_end
finish
