# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A server for status to look at. Source it after fsctl.sh and tests/lib/net.sh.

# server_start [LAUNCHER...] -- [USER]: WORKERS are its workers' numbers.
server_start() {
	local launcher=()
	while [ "$1" != -- ]; do
		launcher+=("$1")
		shift
	done
	shift
	coproc SERVER { "${launcher[@]}" fsctl run -- python3 tests/fsctl/server.py "$@" 2>&1; }
	SERVER_JOB=$SERVER_PID
	# Lines before that are the library's.
	while read -r -t 30 line <&"${SERVER[0]}"; do
		if [[ $line == workers\ * ]]; then
			WORKERS=${line#workers }
			return
		fi
		note "$line"
	done
	return 1
}

server_stop() {
	local input=${SERVER[1]}
	exec {input}>&-
	wait "$SERVER_JOB"
}

# connections COUNT HOST: how many were answered
connections() {
	python3 -c 'import socket, sys
answered = 0
for _ in range(int(sys.argv[1])):
    with socket.create_connection((sys.argv[2], 8000), timeout=10) as conn:
        answered += conn.recv(16) != b""
print(answered)' "$@"
}

# served HOW_MANY: so many local listeners are in slots
served() {
	[ "$(json 'sum(len(c["listeners"]) for l in s.get("listeners", []) for c in l["cpus"])')" -eq "$1" ]
}
