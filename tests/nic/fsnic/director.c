// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flow director: rules that put a packet on a queue before the hash is asked.
 *
 * The rules of a device are one array, sorted by location, and the first that
 * matches wins.  Any change makes a new array (RTNL); transmitters read the
 * current one under RCU.
 */
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "ability.h"
#include "director.h"

struct fsnic_rule {
	u8				version;
	u8				proto;
	struct fsnic_tuple		value;
	struct fsnic_tuple		mask;
	struct ethtool_rx_flow_spec	spec;	/* as it was given */
};

struct fsnic_rules {
	struct rcu_head		rcu;
	u32			count;
	struct fsnic_rule	rule[];
};

static bool fsnic_rule_matches(const struct fsnic_rule *rule, const struct fsnic_flow *flow)
{
	const u32 *value = (const u32 *)&rule->value;
	const u32 *mask = (const u32 *)&rule->mask;
	const u32 *packet = (const u32 *)&flow->tuple;
	unsigned int i;

	BUILD_BUG_ON(sizeof(struct fsnic_tuple) % sizeof(u32));
	if (rule->version != flow->version || rule->proto != flow->proto)
		return false;
	if (!flow->ports && (rule->mask.sport || rule->mask.dport))
		return false;
	for (i = 0; i < sizeof(struct fsnic_tuple) / sizeof(u32); i++)
		if ((packet[i] ^ value[i]) & mask[i])
			return false;
	return true;
}

/**
 * fsnic_director_find() - which rule holds for a packet?
 * @rules: rules, under RCU
 * @flow: what was read of the packet
 * Return: a queue, FSNIC_DISCARD or FSNIC_NO_RULE
 */
int fsnic_director_find(const struct fsnic_rules *rules, const struct fsnic_flow *flow)
{
	u32 i;

	for (i = 0; i < rules->count; i++) {
		if (!fsnic_rule_matches(&rules->rule[i], flow))
			continue;
		if (rules->rule[i].spec.ring_cookie == RX_CLS_FLOW_DISC)
			return FSNIC_DISCARD;
		return rules->rule[i].spec.ring_cookie;
	}
	return FSNIC_NO_RULE;
}

static void fsnic_tuple_ipv4(struct fsnic_tuple *tuple, const struct ethtool_tcpip4_spec *from)
{
	tuple->saddr[0] = from->ip4src;
	tuple->daddr[0] = from->ip4dst;
	tuple->sport = from->psrc;
	tuple->dport = from->pdst;
}

static void fsnic_tuple_ipv6(struct fsnic_tuple *tuple, const struct ethtool_tcpip6_spec *from)
{
	memcpy(tuple->saddr, from->ip6src, sizeof(tuple->saddr));
	memcpy(tuple->daddr, from->ip6dst, sizeof(tuple->daddr));
	tuple->sport = from->psrc;
	tuple->dport = from->pdst;
}

/* From ethtool's words; the traffic class is not looked at. */
static int fsnic_rule_read(struct fsnic_rule *rule, const struct ethtool_rx_flow_spec *spec)
{
	memset(rule, 0, sizeof(*rule));
	rule->spec = *spec;
	switch (spec->flow_type) {
	case TCP_V4_FLOW:
	case UDP_V4_FLOW:
		if (spec->m_u.tcp_ip4_spec.tos)
			return -EOPNOTSUPP;
		rule->version = 4;
		rule->proto = spec->flow_type == TCP_V4_FLOW ? IPPROTO_TCP : IPPROTO_UDP;
		fsnic_tuple_ipv4(&rule->value, &spec->h_u.tcp_ip4_spec);
		fsnic_tuple_ipv4(&rule->mask, &spec->m_u.tcp_ip4_spec);
		return 0;
	case TCP_V6_FLOW:
	case UDP_V6_FLOW:
		if (spec->m_u.tcp_ip6_spec.tclass)
			return -EOPNOTSUPP;
		rule->version = 6;
		rule->proto = spec->flow_type == TCP_V6_FLOW ? IPPROTO_TCP : IPPROTO_UDP;
		fsnic_tuple_ipv6(&rule->value, &spec->h_u.tcp_ip6_spec);
		fsnic_tuple_ipv6(&rule->mask, &spec->m_u.tcp_ip6_spec);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static bool fsnic_all_or_nothing(const void *mask, size_t size)
{
	return !memchr_inv(mask, 0x00, size) || !memchr_inv(mask, 0xff, size);
}

static bool fsnic_rule_is_exact(const struct fsnic_rule *rule)
{
	const size_t address = rule->version == 6 ? 16 : 4;

	return fsnic_all_or_nothing(rule->mask.saddr, address) &&
	       fsnic_all_or_nothing(rule->mask.daddr, address) &&
	       fsnic_all_or_nothing(&rule->mask.sport, sizeof(rule->mask.sport)) &&
	       fsnic_all_or_nothing(&rule->mask.dport, sizeof(rule->mask.dport));
}

/* The rule at @except is about to be replaced. */
static bool fsnic_mask_is_the_one(const struct fsnic_rules *rules, const struct fsnic_rule *rule,
				  u32 except)
{
	u32 i;

	for (i = 0; i < rules->count; i++)
		if (rules->rule[i].spec.location != except &&
		    memcmp(&rules->rule[i].mask, &rule->mask, sizeof(rule->mask)))
			return false;
	return true;
}

static int fsnic_rule_check(const struct fsnic *nic, const struct fsnic_rules *rules,
			    const struct fsnic_rule *rule)
{
	const u64 cookie = rule->spec.ring_cookie;

	if (!(nic->dev->features & NETIF_F_NTUPLE))
		return -EOPNOTSUPP;
	if (cookie != RX_CLS_FLOW_DISC && cookie >= nic->channels)
		return -EINVAL;

	switch (fsnic_ntuple()) {
	case FSNIC_NTUPLE_NONE:
		return -EOPNOTSUPP;
	case FSNIC_NTUPLE_EXACT:
		return fsnic_rule_is_exact(rule) ? 0 : -EOPNOTSUPP;
	case FSNIC_NTUPLE_ONE:
		if (rule->version != 4)
			return -EOPNOTSUPP;
		return fsnic_mask_is_the_one(rules, rule, rule->spec.location) ? 0 : -EINVAL;
	case FSNIC_NTUPLE_MASKED:
		break;
	}
	return 0;
}

/* The first rule at or behind a location: its index, count if there is none. */
static u32 fsnic_rules_at(const struct fsnic_rules *rules, u32 location)
{
	u32 i = 0;

	while (i < rules->count && rules->rule[i].spec.location < location)
		i++;
	return i;
}

static bool fsnic_rules_have(const struct fsnic_rules *rules, u32 location)
{
	u32 i = fsnic_rules_at(rules, location);

	return i < rules->count && rules->rule[i].spec.location == location;
}

static int fsnic_rules_place(const struct fsnic_rules *rules, u32 *location)
{
	const enum fsnic_location ability = fsnic_location();
	const u32 max = fsnic_rules_max();
	u32 i;

	if (!(*location & RX_CLS_LOC_SPECIAL))
		return ability != FSNIC_LOCATION_ANY && *location < max ? 0 : -EINVAL;
	if (*location != RX_CLS_LOC_ANY || ability == FSNIC_LOCATION_NAMED)
		return -EINVAL;
	for (i = 0; i < max; i++) {
		if (!fsnic_rules_have(rules, i)) {
			*location = i;
			return 0;
		}
	}
	return -ENOSPC;
}

/*
 * Publish a copy without the rule at @location, if there is one, and with @rule
 * there unless that is NULL.
 */
static int fsnic_rules_replace(struct fsnic *nic, u32 location, const struct fsnic_rule *rule)
{
	struct fsnic_rules *old = rtnl_dereference(nic->rules), *new;
	const u32 before = fsnic_rules_at(old, location);
	const u32 after = before + fsnic_rules_have(old, location);
	const u32 added = rule ? 1 : 0;

	new = kvzalloc(struct_size(new, rule, before + added + old->count - after), GFP_KERNEL);
	if (!new)
		return -ENOMEM;
	new->count = before + added + old->count - after;
	memcpy(new->rule, old->rule, before * sizeof(*rule));
	if (rule)
		new->rule[before] = *rule;
	memcpy(new->rule + before + added, old->rule + after,
	       (old->count - after) * sizeof(*rule));
	rcu_assign_pointer(nic->rules, new);
	kvfree_rcu(old, rcu);
	return 0;
}

/**
 * fsnic_director_insert() - add a rule, or replace the one at its location
 * @nic: device
 * @spec: rule; the location chosen is written to it
 *
 * Context: RTNL.
 */
int fsnic_director_insert(struct fsnic *nic, struct ethtool_rx_flow_spec *spec)
{
	const struct fsnic_rules *rules = rtnl_dereference(nic->rules);
	struct fsnic_rule rule;
	u32 location = spec->location;
	int err;

	err = fsnic_rule_read(&rule, spec);
	if (err)
		return err;
	err = fsnic_rule_check(nic, rules, &rule);
	if (err)
		return err;
	err = fsnic_rules_place(rules, &location);
	if (err)
		return err;
	rule.spec.location = location;
	err = fsnic_rules_replace(nic, location, &rule);
	if (!err)
		spec->location = location;
	return err;
}

int fsnic_director_delete(struct fsnic *nic, u32 location)
{
	if (!fsnic_rules_have(rtnl_dereference(nic->rules), location))
		return -ENOENT;
	return fsnic_rules_replace(nic, location, NULL);
}

int fsnic_director_get(struct fsnic *nic, struct ethtool_rx_flow_spec *spec)
{
	const struct fsnic_rules *rules = rtnl_dereference(nic->rules);

	if (!fsnic_rules_have(rules, spec->location))
		return -ENOENT;
	*spec = rules->rule[fsnic_rules_at(rules, spec->location)].spec;
	return 0;
}

int fsnic_director_list(struct fsnic *nic, struct ethtool_rxnfc *info, u32 *locations)
{
	const struct fsnic_rules *rules = rtnl_dereference(nic->rules);
	u32 i;

	if (info->rule_cnt < rules->count)
		return -EMSGSIZE;
	for (i = 0; i < rules->count; i++)
		locations[i] = rules->rule[i].spec.location;
	info->rule_cnt = rules->count;
	info->data = fsnic_rules_max();
	return 0;
}

u32 fsnic_director_count(struct fsnic *nic)
{
	return rtnl_dereference(nic->rules)->count;
}

/* Does every rule name one of so many queues? */
bool fsnic_director_fits(struct fsnic *nic, unsigned int channels)
{
	const struct fsnic_rules *rules = rtnl_dereference(nic->rules);
	u32 i;

	for (i = 0; i < rules->count; i++)
		if (rules->rule[i].spec.ring_cookie != RX_CLS_FLOW_DISC &&
		    rules->rule[i].spec.ring_cookie >= channels)
			return false;
	return true;
}

int fsnic_director_flush(struct fsnic *nic)
{
	struct fsnic_rules *old = rtnl_dereference(nic->rules);
	int err = fsnic_director_create(nic);

	if (!err)
		kvfree_rcu(old, rcu);
	return err;
}

int fsnic_director_create(struct fsnic *nic)
{
	struct fsnic_rules *rules = kvzalloc(sizeof(*rules), GFP_KERNEL);

	if (!rules)
		return -ENOMEM;
	rcu_assign_pointer(nic->rules, rules);
	return 0;
}

/* Nobody reads them any more. */
void fsnic_director_destroy(struct fsnic *nic)
{
	kvfree(rcu_dereference_protected(nic->rules, true));
}
