# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the connect scripts of this directory share: source it after tap.sh and
# net.sh. Connections go from here over a veth pair to servers in NS_CLI.

PATH=$FS_BUILD/bin:$FS_BUILD/tests/rfd:$PATH
KEY=6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa

# servers: TCP on ports 9001 to 9008 of the other end, and an HTTP page on 9000
servers() {
	cli timeout 900 python3 -c '
import http.server, selectors, socket, threading
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"hello\n")
    def log_message(self, *unused):
        pass
poll = selectors.DefaultSelector()
for host, family in ("0.0.0.0", socket.AF_INET), ("::", socket.AF_INET6):
    for port in range(9001, 9009):
        s = socket.socket(family)
        if family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((host, port))
        s.listen(1024)
        s.setblocking(False)
        poll.register(s, selectors.EVENT_READ)
web = http.server.ThreadingHTTPServer(("0.0.0.0", 9000), Page)
threading.Thread(target=web.serve_forever, daemon=True).start()
while True:
    for key, _ in poll.select():
        s = key.fileobj
        if s.getsockname()[1] < 9009 and key.data is None:
            c, _ = s.accept()
            c.setblocking(False)
            poll.register(c, selectors.EVENT_READ, "connection")
        else:
            try:
                if s.recv(4096):
                    continue
            except OSError:
                pass
            poll.unregister(s)
            s.close()' >"$dir/servers" 2>&1 &
	wait_for 60 curl -sf -o /dev/null "http://$IP4_CLI:9000/"
}

# made JUDGE... -- CONNECT...: connections with the library are as JUDGE wants them
made() {
	local judge=()
	while [ "$1" != -- ]; do
		judge+=("$1")
		shift
	done
	shift
	fsctl run -- connect "$@" >"$dir/made" || { echo "connect: $?"; return 1; }
	python3 -I -S tests/rfd/ports.py "${judge[@]}" <"$dir/made"
}

# counted NAME: sum over all CPUs
counted() {
	entry count | awk -v name="$1" '{ for (i = 2; i < NF; i++) if ($i == name) sum += $(i + 1) }
		END { print sum }'
}

# adds NAME N COMMAND...: the counter goes up by N meanwhile
adds() {
	local before name=$1 n=$2
	before=$(counted "$name")
	shift 2
	"$@" || return
	[ $(($(counted "$name") - before)) -eq "$n" ] && return
	echo "$name: $before, then $(counted "$name"), wanted $n more"
	return 1
}

# hazard_cases LABEL COMMAND...: unless $hazards says that it is not for this machine
hazard_cases() {
	local label=$1 case
	shift
	[[ " ${hazards-$label} " == *" $label "* ]] || return 0
	for case in $(hazards --list); do
		check "$label: $case" timeout 30 "$@" hazards "$case"
	done
}
