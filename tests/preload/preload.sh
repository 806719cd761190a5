# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The cases that both the native and the guest's script run: the C programs of
# this directory, the cases of hazards.py, and programs that notice nothing.
# Source after tests/lib/tap.sh and net.sh.

PATH=$FS_BUILD/bin:$PATH
programs='descriptors accepting events processes racing turns'
bin=$FS_BUILD/tests/preload
dir=$(mktemp -d /tmp/fs-preload.XXXXXX)
trap 'rm -rf "$dir"' EXIT
hazards=tests/preload/hazards.py

# Each case as stock and with the library: the same program has to say the same.
stock_cases() {
	local program case
	for program in $programs; do
		for case in $("$bin/$program" --list); do
			check "stock: $case" timeout 60 "$bin/$program" "$case" stock
		done
	done
}

# library_cases LABEL [PROGRAM...]: not by fsctl, whose own start is half of the time
# where the machine is emulated
library_cases() {
	local label=$1 program case
	shift
	for program in ${*:-$programs}; do
		for case in $("$bin/$program" --list); do
			check "$label: $case" timeout 60 env LD_PRELOAD="$FS_BUILD/lib/libfastsock.so" \
				"$bin/$program" "$case"
		done
	done
}

# python_cases LABEL: what a server of another kind of run time does
python_cases() {
	local label=$1 case
	for case in $(python3 $hazards --list); do
		check "stock: $case" timeout 90 python3 $hazards "$case" --stock
		check "$label: $case" timeout 90 fsctl run -- python3 $hazards "$case"
	done
	check "$label: FASTSOCK_PIN=0 pins nobody" \
		env FASTSOCK_PIN=0 fsctl run -- python3 $hazards pinning
	check "$label: FASTSOCK=off does nothing" \
		env FASTSOCK=off fsctl run -- python3 $hazards forked_worker --stock
}

# says TEXT COMMAND...: succeeds, and has the text on stderr exactly once
says() {
	local text=$1
	shift
	"$@" 2>"$dir/err" >/dev/null && [ "$(grep -cF -- "$text" "$dir/err")" -eq 1 ]
}

settings() {
	check "an unknown setting is named" says "unknown setting FASTSOCK_SPEED=9" \
		env FASTSOCK_SPEED=9 fsctl run -- true
	check "a bad value is named" says "FASTSOCK=fast is not" env FASTSOCK=fast fsctl run -- true
	is "a program that is no server hears nothing" "$(fsctl run -- true 2>&1)" ""
}

# strict_refuses: when not enabled
strict_refuses() {
	check "strict refuses when not enabled" sh -c \
		"FASTSOCK=strict fsctl run -- python3 $hazards forked_worker 2>&1 | grep -q 'Operation not supported'"
}

# Transparency: what clients and servers say with the library is what they say
# without.

web_port=8123

# web COMMAND...: a page served by Python's threads, asked for by COMMAND
web() {
	local server
	"${server_run[@]}" python3 -c '
import http.server, signal
signal.alarm(30)
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"hello\n")
    def log_message(self, *unused):
        pass
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    def handle_error(self, *unused):    # a client that hangs up at the end of its time
        pass
Server(("127.0.0.1", '$web_port'), Page).serve_forever()' \
		>"$dir/server" 2>&1 &
	server=$!
	wait_for 20 curl -sf -o /dev/null "http://127.0.0.1:$web_port/" || echo "no server"
	"$@" >"$dir/said" 2>&1
	echo "exit $?"
	cat "$dir/said"
	kill $server 2>/dev/null
	wait $server 2>/dev/null
	cat "$dir/server"
}

ask_curl() {
	"${client_run[@]}" curl -sS -w '%{http_code} %{size_download} %{num_connects}\n' \
		"http://127.0.0.1:$web_port/" "http://127.0.0.1:$web_port/none"
	echo "exit $?"
	"${client_run[@]}" curl -sS "http://127.0.0.1:1/" 2>&1 | sed 's/ after [0-9]* ms//'
	return "${PIPESTATUS[0]}"
}

# Times and rates differ from run to run.
ask_ab() {
	"${client_run[@]}" ab -q -n 200 -c 8 "http://127.0.0.1:$web_port/" 2>&1 |
		grep -E '^(Server Software|Complete requests|Failed requests|Non-2xx|HTML transferred|Document Length|apr_)'
	return "${PIPESTATUS[0]}"
}

ask_wrk() {
	"${client_run[@]}" wrk -t 2 -c 4 -d 1s "http://127.0.0.1:$web_port/" 2>&1 |
		grep -E 'Running|threads and|Socket errors|Non-2xx|unable'
	return "${PIPESTATUS[0]}"
}

# A server and a client of their own kind
ask_redis() {
	local server status
	"${client_run[@]}" redis-server --port $web_port --bind 127.0.0.1 --save '' \
		>"$dir/server" 2>&1 </dev/null &
	server=$!
	wait_for 10 redis-cli -p $web_port ping
	"${client_run[@]}" redis-benchmark -p $web_port -n 2000 -c 8 -t ping_inline,set,get,lpop --csv |
		cut -d, -f1
	status=${PIPESTATUS[0]}
	"${client_run[@]}" redis-cli -p $web_port info clients | grep -v "memory\|recent"
	kill $server
	wait $server
	echo "exit $? $status"
}

ask_stress() {
	"${client_run[@]}" stress-ng "$@" --verify --timeout 20 --temp-path "$dir" 2>&1 |
		grep -oE '(dispatching.*|fail.*|error.*|warn.*|successful run|unsuccessful run)'
	echo "exit ${PIPESTATUS[0]}"
}

# alone LABEL COMMAND...: says the same with the library
alone() {
	local label=$1 want
	shift
	client_run=()
	want=$("$@")
	client_run=(fsctl run --)
	is "$label" "$("$@")" "$want"
}

# transparent LABEL: as stock, and with the library in each of the two
transparent() {
	local label=$1 tool want
	for tool in curl ab wrk; do
		if ! command -v $tool >/dev/null; then
			skip "$label: $tool" "not installed"
			continue
		fi
		server_run=() client_run=()
		want=$(web "ask_$tool")
		if [[ $want != exit* || $want != *$'\n'?* ]]; then
			not_ok "$label: $tool, stock" "$want"
			continue
		fi
		client_run=(fsctl run --)
		is "$label: $tool says the same with the library" "$(web "ask_$tool")" "$want"
		server_run=(fsctl run --) client_run=()
		is "$label: $tool says the same of a server with the library" "$(web "ask_$tool")" "$want"
	done
	alone "$label: redis-benchmark and redis say the same" ask_redis
	alone "$label: stress-ng sock says the same" ask_stress --sock 2 --sock-ops 400
	alone "$label: stress-ng epoll says the same" ask_stress --epoll 2 --epoll-ops 400
}
