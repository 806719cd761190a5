// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parameters that may change at run time, for all devices at once.  Their
 * values are single words, read without a lock; each request looks once.
 */
#include <linux/moduleparam.h>
#include <linux/rtnetlink.h>
#include <linux/string.h>

#include "ability.h"
#include "nic.h"

struct fsnic_choice {
	const char *const *names;
	size_t count;
	unsigned int chosen;
};

/* In the order of their enums. */
static const char *const fsnic_ntuple_names[] = { "none", "exact", "masked-one", "masked" };
static const char *const fsnic_location_names[] = { "named", "any", "both" };
static const char *const fsnic_rss_names[] = { "settable", "readonly", "hidden" };

#define FSNIC_CHOICE(_names, _chosen) \
	{ .names = (_names), .count = ARRAY_SIZE(_names), .chosen = (_chosen) }

static struct fsnic_choice fsnic_ntuple_choice =
	FSNIC_CHOICE(fsnic_ntuple_names, FSNIC_NTUPLE_MASKED);
static struct fsnic_choice fsnic_location_choice =
	FSNIC_CHOICE(fsnic_location_names, FSNIC_LOCATION_NAMED);
static struct fsnic_choice fsnic_rss_choice =
	FSNIC_CHOICE(fsnic_rss_names, FSNIC_RSS_SETTABLE);
static unsigned int fsnic_rules_wanted = 64;

/* Devices show in their features whether they take rules. */
static void fsnic_ability_apply(void)
{
	struct fsnic *nic;

	rtnl_lock();
	list_for_each_entry(nic, &fsnic_list, list) {
		if (fsnic_ntuple() == FSNIC_NTUPLE_NONE)
			nic->dev->hw_features &= ~NETIF_F_NTUPLE;
		else
			nic->dev->hw_features |= NETIF_F_NTUPLE;
		netdev_update_features(nic->dev);
	}
	rtnl_unlock();
}

static int fsnic_choice_set(const char *text, const struct kernel_param *param)
{
	struct fsnic_choice *choice = param->arg;
	int found = __sysfs_match_string(choice->names, choice->count, text);

	if (found < 0)
		return found;
	WRITE_ONCE(choice->chosen, found);
	fsnic_ability_apply();
	return 0;
}

static int fsnic_choice_get(char *text, const struct kernel_param *param)
{
	const struct fsnic_choice *choice = param->arg;

	return sysfs_emit(text, "%s\n", choice->names[READ_ONCE(choice->chosen)]);
}

static const struct kernel_param_ops fsnic_choice_ops = {
	.set = fsnic_choice_set,
	.get = fsnic_choice_get,
};

module_param_cb(ntuple, &fsnic_choice_ops, &fsnic_ntuple_choice, 0644);
MODULE_PARM_DESC(ntuple, "rules that are taken: none, exact, masked-one, masked");
module_param_cb(location, &fsnic_choice_ops, &fsnic_location_choice, 0644);
MODULE_PARM_DESC(location, "who chooses the place of a rule: named (the caller), any (the device), both");
module_param_cb(rss, &fsnic_choice_ops, &fsnic_rss_choice, 0644);
MODULE_PARM_DESC(rss, "hash key, table, function and fields: settable, readonly, hidden");
module_param_named(rules, fsnic_rules_wanted, uint, 0644);
MODULE_PARM_DESC(rules, "places for rules");

enum fsnic_ntuple fsnic_ntuple(void)
{
	return READ_ONCE(fsnic_ntuple_choice.chosen);
}

enum fsnic_location fsnic_location(void)
{
	return READ_ONCE(fsnic_location_choice.chosen);
}

enum fsnic_rss fsnic_rss(void)
{
	return READ_ONCE(fsnic_rss_choice.chosen);
}

/* The rules are searched one by one and copied as a whole: no more than this. */
u32 fsnic_rules_max(void)
{
	return min(READ_ONCE(fsnic_rules_wanted), 4096u);
}
