# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scripts of this directory share. Source it after tap.sh.

PATH=$FS_BUILD/bin:$PATH
fsctl=$FS_BUILD/bin/fsctl
pins=/sys/fs/bpf/fastsock

# says STATUS TEXT COMMAND...: exit status, and a text in what is said
says() {
	local want=$1 text=$2 out rc
	shift 2
	out=$("$@" 2>&1)
	rc=$?
	if [ $rc -ne "$want" ] || ! grep -qF -- "$text" <<<"$out"; then
		echo "exit $rc, said: $out"
		return 1
	fi
}

# silent STATUS TEXT COMMAND...: exit status, and the text is not said
silent() {
	local want=$1 text=$2 out rc
	shift 2
	out=$("$@" 2>&1)
	rc=$?
	if [ $rc -ne "$want" ] || grep -qF -- "$text" <<<"$out"; then
		echo "exit $rc, said: $out"
		return 1
	fi
}

no_pins() {
	[ ! -e $pins ] && [ ! -e $pins-aside ] && [ ! -e /run/fastsock ]
}

all_pins() {
	[ "$(echo $pins/*)" = "$(echo $pins/{config,counters,groups,loads,members,reasons,rfd,rfd_counters,select,slots})" ] &&
		fsctl status --json | python3 -c 'import json, sys
sys.exit(not json.load(sys.stdin)["enabled"])'
}

# json EXPRESSION: of the status `s`, in Python
json() {
	fsctl status --json | python3 -c "import json, sys
s = json.load(sys.stdin)
print($1)"
}

# kill_points FILE: "CALL N" for each system call of a trace by strace after which
# the machine may be in another state than before: all but those that only read.
# They are numbered by name, as strace's when= counts.
kill_points() {
	awk -F'(' '
		/^[a-z]/ { n[$1]++ }
		/^mkdir\(.*fastsock/ { begun = 1 }
		!begun || !/^[a-z]/ { next }
		$1 ~ /^(read|pread64|readlink|readlinkat|close|lseek|access|faccessat2?|getdents64)$/ ||
		$1 ~ /^(fstat|stat|lstat|newfstatat|statfs|mmap|munmap|mprotect|brk|getpid|gettid)$/ ||
		$1 ~ /^(getrandom|rt_sigprocmask|rt_sigaction|fcntl|prlimit64|futex|ioctl|uname)$/ ||
		$1 ~ /^(socket|sendto|recvmsg|recvfrom|bind|getsockname|exit_group)$/ ||
		/^openat\(/ && !/O_CREAT/ { next }
		{ print $1, n[$1] }' "$1"
}

# killed CALL N COMMAND...: run it and kill it as it enters its Nth CALL
killed() {
	strace -qq -o /dev/null -e trace="$1" -e inject="$1:signal=KILL:when=$2" "${@:3}" \
		>/dev/null 2>&1
	[ $? -eq 137 ]
}
