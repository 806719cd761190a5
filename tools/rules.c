// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ethtool.h"
#include "rules.h"

struct rule {
	__u32 place, flow, port, mask, queue;
	bool any;
};

static bool rule_parse(const char *target, struct rule *rule)
{
	char place[16];

	if (sscanf(target, "%15s %u %u %x %u", place, &rule->flow, &rule->port, &rule->mask,
		   &rule->queue) != 5) {
		errno = EINVAL;
		return false;
	}
	rule->any = !strcmp(place, RULE_ANY);
	rule->place = rule->any ? (__u32)RX_CLS_LOC_ANY : strtoul(place, NULL, 10);
	return true;
}

static void rule_spec(const struct rule *rule, struct ethtool_rx_flow_spec *spec)
{
	memset(spec, 0, sizeof(*spec));
	spec->flow_type = rule->flow;
	spec->location = rule->place;
	spec->ring_cookie = rule->queue;
	if (rule->flow == TCP_V6_FLOW || rule->flow == UDP_V6_FLOW) {
		spec->h_u.tcp_ip6_spec.pdst = htons(rule->port);
		spec->m_u.tcp_ip6_spec.pdst = htons(rule->mask);
	} else {
		spec->h_u.tcp_ip4_spec.pdst = htons(rule->port);
		spec->m_u.tcp_ip4_spec.pdst = htons(rule->mask);
	}
}

/* Drivers fill in fields that were not asked for: what makes it ours is the rest. */
static bool rule_same(const struct ethtool_rx_flow_spec *one, const struct ethtool_rx_flow_spec *two)
{
	bool v6 = two->flow_type == TCP_V6_FLOW || two->flow_type == UDP_V6_FLOW;

	return one->flow_type == two->flow_type && one->ring_cookie == two->ring_cookie &&
	       (v6 ? one->h_u.tcp_ip6_spec.pdst == two->h_u.tcp_ip6_spec.pdst &&
		     one->m_u.tcp_ip6_spec.pdst == two->m_u.tcp_ip6_spec.pdst :
		     one->h_u.tcp_ip4_spec.pdst == two->h_u.tcp_ip4_spec.pdst &&
		     one->m_u.tcp_ip4_spec.pdst == two->m_u.tcp_ip4_spec.pdst);
}

/* The place of a rule that is the same, also where its driver picked it. */
static bool rule_place(const struct device *device, const struct ethtool_rx_flow_spec *spec,
		       __u32 *place)
{
	struct ethtool_rx_flow_spec there;
	struct rule_table table;
	bool found = false;

	if (!ethtool_rules(device, &table))
		return false;
	for (__u32 i = 0; !found && i < table.used; i++) {
		found = ethtool_rule(device, table.places[i], &there) && rule_same(&there, spec);
		if (found)
			*place = table.places[i];
	}
	free(table.places);
	if (!found)
		errno = ENOENT;
	return found;
}

char *rule_get(const struct device *device, const char *target)
{
	struct ethtool_rx_flow_spec spec, there;
	struct rule_table table;
	bool taken = false;
	struct rule rule;
	__u32 place;

	if (!rule_parse(target, &rule))
		return NULL;
	rule_spec(&rule, &spec);
	if (rule.any) {
		if (rule_place(device, &spec, &place))
			return strdup("yes");
		return errno == ENOENT ? strdup("no") : NULL;
	}
	/* Drivers disagree about the error for an empty place: look in the list. */
	if (!ethtool_rules(device, &table))
		return NULL;
	for (__u32 i = 0; i < table.used; i++)
		taken |= table.places[i] == rule.place;
	free(table.places);
	if (!taken)
		return strdup("no");
	if (!ethtool_rule(device, rule.place, &there))
		return NULL;
	return strdup(rule_same(&there, &spec) ? "yes" : "other");
}

bool rule_set(const struct device *device, const char *target, const char *value)
{
	char *there = rule_get(device, target);
	struct ethtool_rx_flow_spec spec;
	struct rule rule;
	bool ours, taken;

	if (!there)
		return false;
	ours = !strcmp(there, "yes");
	taken = ours || !strcmp(there, "other");
	free(there);
	if (!rule_parse(target, &rule))
		return false;
	rule_spec(&rule, &spec);
	if (!strcmp(value, "yes")) {
		errno = EEXIST;
		return !taken && ethtool_insert_rule(device, &spec);
	}
	/* Somebody else may have got the place meanwhile. */
	if (!ours)
		return true;
	if (rule.any && !rule_place(device, &spec, &rule.place))
		return false;
	return ethtool_delete_rule(device, rule.place);
}

bool rules_any(const struct device *device)
{
	struct rule_table table;
	bool any = ethtool_rules(device, &table);

	if (any) {
		any = table.used;
		free(table.places);
	}
	return any;
}
