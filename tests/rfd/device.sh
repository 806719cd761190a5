# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What a device and its surroundings are like, to be compared before and after.

# private_sys: /sys and bpffs of this network namespace; after private.sh
private_sys() {
	mount -t sysfs sysfs /sys && mount -t bpf bpf /sys/fs/bpf
}

# snapshot IF: all that fsctl might have changed, as text
snapshot() {
	local irq option file
	for option in -l -x -n -c -k; do
		echo "ethtool $option"
		ethtool $option "$1" 2>&1
	done
	for option in tcp4 tcp6 udp4 udp6; do
		ethtool -n "$1" rx-flow-hash $option 2>&1
	done
	for file in "/sys/class/net/$1"/queues/*/{xps_cpus,xps_rxqs,rps_cpus,rps_flow_cnt}; do
		[ ! -e "$file" ] || echo "$file $(cat "$file" 2>&1)"
	done
	for irq in $(irqs_of "$1"); do
		echo "irq $irq $(cat /proc/irq/"$irq"/smp_affinity)"
	done
	ip -o link show "$1" | grep -o ' xdp[a-z]*' | sed 's/^ xdp.*/xdp/'
	sysctl net.ipv4.ip_local_port_range net.ipv4.ip_local_reserved_ports \
		net.core.rps_sock_flow_entries 2>&1
	ls -R /sys/fs/bpf /run/fastsock 2>&1
}

irqs_of() {
	local dir
	for dir in "/sys/class/net/$1"/device/msi_irqs "/sys/class/net/$1"/device/../msi_irqs; do
		[ ! -d "$dir" ] || ls "$dir"
	done | sort -nu
}

# restored IF BEFORE: is it as it was?
restored() {
	diff <(echo "$2") <(snapshot "$1")
}
