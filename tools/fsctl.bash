# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Completion of fsctl's words for bash.

_fsctl() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=
	COMPREPLY=()
	case $COMP_CWORD:${COMP_WORDS[1]}:$before in
	1:*) words='enable disable status stats adopt doctor refresh watch run help --help --version' ;;
	*:enable:--iface | *:disable:--iface | *:doctor:--iface | *:refresh:--iface)
		# Not /sys/class/net, which may be another namespace's.
		while IFS=' :' read -r before _; do
			[[ $before == *'|'* || $before == Inter-* ]] || words="$words $before"
		done </proc/net/dev
		;;
	*:enable:--group)
		mapfile -t COMPREPLY < <(compgen -g -- "$word")
		return
		;;
	*:enable:--mode) words='auto rss ntuple xdp external off' ;;
	*:enable:--spill) words='on off' ;;
	*:enable:--ports | *:enable:--cpus | *:enable:--rx-usecs) ;;
	*:doctor:--peer | *:doctor:--count | *:watch:--interval) ;;
	*:enable:*) words='--iface --mode --ports --cpus --rx-usecs --spill --group --dry-run --verbose' ;;
	*:disable:*) words='--iface --all' ;;
	*:doctor:*) words='--iface --peer --count --json' ;;
	*:refresh:*) words='--iface' ;;
	*:watch:*) words='--interval' ;;
	*:status:*) words='--json' ;;
	*:adopt:*) words='--port --pid --address --udp --release --dry-run' ;;
	*:stats:*) words='--json --watch --listener' ;;
	*:run:run | *:run:--)
		mapfile -t COMPREPLY < <(compgen -c -- "$word")
		return
		;;
	2:help:*) words='enable disable status stats adopt doctor refresh watch run help' ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
# What follows the server's name is the server's: files.
complete -o default -F _fsctl fsctl
