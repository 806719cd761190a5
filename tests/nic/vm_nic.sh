#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The test card itself, looked at with ethtool and witness.py: the hash against its
# published examples, queues and CPUs, rules of every ability, interrupts.
. "$FS_ROOT/tests/lib/tap.sh"
. "$FS_ROOT/tests/nic/nic.sh"
trap card_down EXIT

# The key of the published examples.
KEY=6d:5a:56:da:25:5b:0e:c2:41:67:25:3d:43:a3:8f:b0:d0:ca:2b:cb
KEY+=:ae:7b:30:b4:77:cb:2d:a3:80:30:f2:0c:6a:42:b7:3b:be:ac:01:fa

# witness: the cases on stdin (see there), fsnic0 to fsnic1.
witness() {
	local line failed=$TAP_FAILED status
	while IFS= read -r line; do
		case $line in
		"ok - "*) ok "${line#ok - }" ;;
		"not ok - "*) not_ok "${line#not ok - }" ;;
		"status "*) status=${line#status } ;;
		*) note "${line#\# }" ;;
		esac
	done < <("$FS_ROOT/tests/nic/witness.py" fsnic0 fsnic1 2>&1; echo "status $?")
	if [ "$status" != 0 ] && [ "$failed" = "$TAP_FAILED" ]; then
		not_ok "witness.py ends well" "exit status $status"
	fi
}

# configure ARGS...: ethtool -N, which exits with 0 after most errors.
configure() {
	local out
	out=$(ethtool -N fsnic1 "$@" 2>&1)
	printf '%s\n' "$out"
	[[ $out != *annot* ]]
}

# says DESC ERROR CMD...: CMD fails and reports this error.
says() {
	local desc=$1 error=$2 out
	shift 2
	if out=$("$@" 2>&1); then
		not_ok "$desc" "it succeeded: $*"
	elif [[ $out == *"$error"* ]]; then
		ok "$desc"
	else
		not_ok "$desc" "wanted '$error': $out"
	fi
}

rule() {
	configure flow-type "$@"
}

rules() {
	ethtool -n fsnic1 | sed -n 's/^Filter: //p' | xargs
}

no_rules() {
	local location
	for location in $(rules); do
		configure delete "$location"
	done
}

counter() {
	ethtool -S fsnic1 | sed -n "s/^ *$1: //p"
}

# One namespace, no addresses: nothing is sent but the frames of witness.py.
check "the module loads, and its own check of the hash is content" card_load queues=4
for dev in fsnic0 fsnic1; do
	echo 1 >/proc/sys/net/ipv6/conf/$dev/disable_ipv6
	ip link set $dev up
done
check "there is a link when both ends are up" wait_for 5 \
	grep -qx 1 /sys/class/net/fsnic0/carrier
is "the driver has a name" "$(ethtool -i fsnic0 | sed -n 's/^driver: //p')" fsnic

## The hash.
check "a key is set" ethtool -X fsnic1 hkey $KEY
is "and read" "$(ethtool -x fsnic1 | grep -A1 'hash key' | tail -n 1)" $KEY
is "the table spreads over the queues" \
	"$(ethtool -x fsnic1 | sed -n 's/^ *[0-9]*: *//p' | tr -s ' ' '\n' | sort | uniq -c | xargs)" \
	"32 0 32 1 32 2 32 3"
witness <<'CASES'
IPv4_with_ports_1 tcp 66.9.149.187 161.142.100.80 2794 1766 51ccc178 0 -
IPv4_with_ports_2 tcp 199.92.111.2 65.69.140.83 14230 4739 c626b0ea 2 -
IPv4_with_ports_3 tcp 24.19.198.95 12.22.207.184 12898 38024 5c2b394a 2 -
IPv4_with_ports_4 tcp 38.27.205.30 209.142.163.6 48228 2217 afc7327f 3 -
IPv4_with_ports_5 tcp 153.39.163.191 202.188.127.2 44251 1303 10e828a2 2 -
IPv4_addresses_1 other 66.9.149.187 161.142.100.80 2794 1766 323e8fc2 2 -
IPv4_addresses_2 other 199.92.111.2 65.69.140.83 14230 4739 d718262a 2 -
IPv4_addresses_3 other 24.19.198.95 12.22.207.184 12898 38024 d2d0a5de 2 -
IPv4_addresses_4 other 38.27.205.30 209.142.163.6 48228 2217 82989176 2 -
IPv4_addresses_5 other 153.39.163.191 202.188.127.2 44251 1303 5d1809c5 1 -
IPv6_with_ports_1 tcp 3ffe:2501:200:1fff::7 3ffe:2501:200:3::1 2794 1766 40207d3d 1 -
IPv6_with_ports_2 tcp 3ffe:501:8::260:97ff:fe40:efab ff02::1 14230 4739 dde51bbf 3 -
IPv6_with_ports_3 tcp 3ffe:1900:4545:3:200:f8ff:fe21:67cf fe80::200:f8ff:fe21:67cf 44251 38024 02d1feef 3 -
IPv6_addresses_1 other 3ffe:2501:200:1fff::7 3ffe:2501:200:3::1 2794 1766 2cc18cd5 1 -
IPv6_addresses_2 other 3ffe:501:8::260:97ff:fe40:efab ff02::1 14230 4739 0f0c461c 0 -
IPv6_addresses_3 other 3ffe:1900:4545:3:200:f8ff:fe21:67cf fe80::200:f8ff:fe21:67cf 44251 38024 4b61e985 1 -
a_fragment_by_addresses fragment 66.9.149.187 161.142.100.80 2794 1766 323e8fc2 2 -
ports_cut_off_by_addresses short 66.9.149.187 161.142.100.80 2794 1766 323e8fc2 2 -
an_extension_header_by_addresses extended 3ffe:2501:200:1fff::7 3ffe:2501:200:3::1 2794 1766 2cc18cd5 1 -
a_VLAN_tag_is_seen_through vlan 66.9.149.187 161.142.100.80 2794 1766 51ccc178 0 -
two_VLAN_tags vlans 66.9.149.187 161.142.100.80 2794 1766 51ccc178 0 -
neither_IPv4_nor_IPv6_first_queue raw 0 0 0 0 0 0 -
UDP_by_addresses_at_first udp 66.9.149.187 161.142.100.80 2794 1766 323e8fc2 2 -
CASES
check "UDP is hashed with ports when told" configure rx-flow-hash udp4 sdfn
check "TCP without" configure rx-flow-hash tcp4 sd
says "other fields are refused" "Invalid argument" configure rx-flow-hash tcp4 sdf
witness <<'CASES'
UDP_with_ports udp 66.9.149.187 161.142.100.80 2794 1766 51ccc178 0 -
TCP_without tcp 66.9.149.187 161.142.100.80 2794 1766 323e8fc2 2 -
TCP_over_IPv6_as_before tcp 3ffe:2501:200:1fff::7 3ffe:2501:200:3::1 2794 1766 40207d3d 1 -
CASES
configure rx-flow-hash udp4 sd
configure rx-flow-hash tcp4 sdfn
check "another function is set" ethtool -X fsnic1 hfunc xor
# 66.9.149.187 ^ 161.142.100.80 ^ 2794.1766
witness <<'CASES'
and_computed tcp 66.9.149.187 161.142.100.80 2794 1766 e96df70d 1 -
CASES
ethtool -X fsnic1 hfunc toeplitz
says "an unknown function is refused" "not supported" ethtool -X fsnic1 hfunc crc32
check "a table with weights is set" ethtool -X fsnic1 weight 0 0 0 1
witness <<'CASES'
and_followed tcp 66.9.149.187 161.142.100.80 2794 1766 51ccc178 3 -
CASES
refuse "a table beyond the queues is refused" ethtool -X fsnic1 equal 5

## Channels.
refuse "fewer channels than the table names are refused" ethtool -L fsnic1 combined 3
ethtool -X fsnic1 default
check "fewer channels" ethtool -L fsnic1 combined 2
is "the table follows" "$(ethtool -x fsnic1 | grep -o 'with [0-9]* RX')" "with 2 RX"
witness <<'CASES'
a_packet_of_the_third_queue tcp 199.92.111.2 65.69.140.83 14230 4739 c626b0ea 0 -
CASES
refuse "more channels than there are are refused" ethtool -L fsnic1 combined 5
ethtool -L fsnic1 combined 4
ethtool -X fsnic1 equal 3
check "channels that the set table fits" ethtool -L fsnic1 combined 3
is "leave it" "$(ethtool -x fsnic1 | sed -n 's/^ *0: *//p' | xargs)" "0 1 2 0 1 2 0 1"
ethtool -X fsnic1 default
ethtool -L fsnic1 combined 4
check "the ring's size is set" ethtool -G fsnic1 rx 64
is "and read" "$(ethtool -g fsnic1 | awk '/^RX:/ { print $2 }' | tail -n 1)" 64
check "coalescing is set" ethtool -C fsnic1 rx-usecs 33 rx-frames 7
is "and read" "$(ethtool -c fsnic1 | sed -n 's/^rx-usecs:[ \t]*//p')" 33
before=$(counter rx_queue_3_packets)
witness <<'CASES'
a_counter_for_each_queue tcp 38.27.205.30 209.142.163.6 48228 2217 afc7327f 3 -
CASES
is "counts" $(($(counter rx_queue_3_packets) - before)) 1

## Interrupts.
mapfile -t irqs < <(card_irqs fsnic1)
is "an interrupt for each queue" ${#irqs[@]} 4
for queue in 0 1 2 3; do
	irq=${irqs[queue]}
	check "queue $queue is in /proc/interrupts" \
		grep -q "^ *$irq: .* fsnic .*fsnic1-TxRx-$queue\$" /proc/interrupts
	is "it is bound to one CPU" "$(cat "/proc/irq/$irq/smp_affinity_list")" "$queue"
done
flow="tcp 66.9.149.187 161.142.100.80 2794 1766 51ccc178 0"
witness <<<"received_there $flow 0"
for cpu in 3 1; do
	check "bound to CPU $cpu" eval "echo $cpu >/proc/irq/${irqs[0]}/smp_affinity_list"
	is "in effect" "$(cat "/proc/irq/${irqs[0]}/effective_affinity_list")" $cpu
	witness <<<"received_there $flow $cpu"
done
fired() {
	awk -v irq="${irqs[0]}:" '$1 == irq { print $3 }' /proc/interrupts
}
before=$(fired)
witness <<<"an_interrupt_on_CPU_1 $flow 1"
is "counted there" $(($(fired) - before)) 1
ip link set fsnic1 down
ip link set fsnic1 up
wait_for 5 grep -qx 1 /sys/class/net/fsnic0/carrier
witness <<<"down_and_up_leave_it_bound $flow 1"
echo 0 >/sys/devices/system/cpu/cpu1/online
is "a CPU goes offline: its interrupt moves" \
	"$(grep -cx 1 "/proc/irq/${irqs[0]}/effective_affinity_list")" 0
witness <<<"packets_still_arrive $flow -"
echo 1 >/sys/devices/system/cpu/cpu1/online
check "the CPU is back: bound to it again" eval "echo 1 >/proc/irq/${irqs[0]}/smp_affinity_list"
witness <<<"received_there $flow 1"

## Rules. The flow above is for queue 0 by its hash.
check "a rule with a partial mask" rule tcp4 dst-port 1024 m 0x03ff action 2 loc 5
witness <<'CASES'
within_the_block tcp 66.9.149.187 161.142.100.80 2794 1766 51ccc178 2 -
another_port_of_it tcp 66.9.149.187 161.142.100.80 2794 1024 - 2 -
and_the_last tcp 66.9.149.187 161.142.100.80 2794 2047 - 2 -
beyond_it_by_hash tcp 38.27.205.30 209.142.163.6 48228 2217 afc7327f 3 -
not_UDP udp 153.39.163.191 202.188.127.2 44251 1303 5d1809c5 1 -
not_IPv6 tcp 3ffe:2501:200:1fff::7 3ffe:2501:200:3::1 2794 1766 40207d3d 1 -
not_a_fragment fragment 153.39.163.191 202.188.127.2 44251 1303 5d1809c5 1 -
CASES
is "what came by rule is counted" "$(counter rx_queue_2_matches)" 3
check "a lower location wins" rule tcp4 src-ip 66.9.149.187 dst-port 1766 action 3 loc 2
witness <<<"it_does ${flow% 51*} - 3 -"
check "a rule is replaced" rule tcp4 dst-port 1766 action 1 loc 2
witness <<<"it_is ${flow% 51*} - 1 -"
check "a rule that discards" rule tcp4 dst-port 1766 action -1 loc 1
witness <<<"it_does ${flow% 51*} - none -"
check "a rule for IPv6" rule tcp6 dst-port 1766 action 3 loc 7
check "a rule for UDP" rule udp4 dst-port 1766 action 1 loc 8
witness <<'CASES'
found_for_IPv6 tcp 3ffe:2501:200:1fff::7 3ffe:2501:200:3::1 2794 1766 - 3 -
found_for_UDP udp 66.9.149.187 161.142.100.80 38024 1766 - 1 -
CASES
is "rules are listed" "$(rules)" "1 2 5 7 8"
says "channels that a rule names stay" "Invalid argument" ethtool -L fsnic1 combined 3
refuse "a queue that is not there" rule tcp4 dst-port 80 action 4
says "a type of service" "not supported" rule tcp4 tos 16 action 1
says "another flow type" "not supported" rule ip4 src-ip 10.0.0.1 action 1
says "no such rule" "No such file" configure delete 3
check "a rule is deleted" configure delete 1
witness <<<"its_neighbour_stands ${flow% 51*} - 1 -"
check "the director is switched off" ethtool -K fsnic1 ntuple off
is "its rules are gone" "$(rules)" ""
witness <<<"the_hash_decides $flow -"
says "and none is taken" "not supported" rule tcp4 dst-port 80 action 1
ethtool -K fsnic1 ntuple on

card_can ntuple exact
says "exact: a partial mask" "not supported" rule tcp4 dst-port 1024 m 0x03ff action 2
check "exact: a full one" rule tcp4 dst-port 1766 action 2
check "exact: another set of fields" rule tcp4 src-ip 10.0.0.1 dst-ip 10.0.0.2 action 2
no_rules
card_can ntuple masked-one
check "one mask: the first" rule tcp4 dst-port 1024 m 0x03ff action 2
check "one mask: the same" rule udp4 dst-port 2048 m 0x03ff action 1
says "one mask: another" "Invalid argument" rule tcp4 dst-port 2048 m 0x07ff action 1
says "one mask: IPv6" "not supported" rule tcp6 dst-port 2048 m 0x03ff action 1
no_rules
check "one mask: another when it is alone" rule tcp4 dst-port 2048 m 0x07ff action 1
card_can ntuple none
says "none: a rule" "not supported" rule tcp4 dst-port 80 action 1
is "none: the feature is fixed" "$(ethtool -k fsnic1 | grep ntuple)" "ntuple-filters: off [fixed]"
witness <<<"none:_the_hash_decides $flow -"
card_can ntuple masked
is "masked: the feature is back" "$(ethtool -k fsnic1 | grep ntuple)" "ntuple-filters: on"
is "without rules" "$(rules)" ""

card_can rules 3
for i in 1 2 3; do
	check "rule $i of 3" rule tcp4 dst-port $i action 1
done
refuse "a fourth" rule tcp4 dst-port 4 action 1
says "a location beyond" "Invalid argument" rule tcp4 dst-port 4 action 1 loc 3
no_rules
card_can location any
check "the device chooses" rule tcp4 dst-port 4 action 1
is "the first that is free" "$(rules)" 0
says "and nobody else" "Invalid argument" rule tcp4 dst-port 5 action 1 loc 1
rule tcp4 dst-port 5 action 1
rule tcp4 dst-port 6 action 1
says "until all are taken" "No space" rule tcp4 dst-port 7 action 1
no_rules
card_can location named
card_can rules 64

card_can rss readonly
check "readonly: the key is read" ethtool -x fsnic1
says "readonly: a table" "not supported" ethtool -X fsnic1 equal 2
says "readonly: fields" "not supported" configure rx-flow-hash udp4 sdfn
card_can rss hidden
says "hidden: the key" "not supported" ethtool -x fsnic1
says "hidden: fields" "not supported" ethtool -n fsnic1 rx-flow-hash tcp4
card_can rss settable
refuse "an ability that is not known" card_can rss perhaps

check "the module unloads" rmmod fsnic
refuse "no queue" card_load queues=0
refuse "a table that is not a power of two" card_load table=100
refuse "a key that no card has" card_load key=16
check "the log says why" sh -c "dmesg | tail -n 20 | grep 'fsnic: table=100: '"
finish
