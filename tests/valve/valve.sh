# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scripts of this directory share. Source it after tap.sh.

mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf

# selected NAME: how often, on all CPUs
selected() {
	fsctl status --json | python3 -c '
import json, sys
print(sum(cpu["selected"][sys.argv[1]] for each in json.load(sys.stdin)["listeners"]
          for cpu in each["cpus"]))' "$1"
}
