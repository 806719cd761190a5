// SPDX-License-Identifier: GPL-2.0-only
/*
 * fsnic: a network card to test against; see ../README.md.  Devices come last
 * and go first; nothing else has to be undone.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include "hash.h"
#include "nic.h"

static unsigned int pairs = 1;
module_param(pairs, uint, 0444);
MODULE_PARM_DESC(pairs, "pairs of devices, at most 16");

static unsigned int queues = 4;
module_param(queues, uint, 0444);
MODULE_PARM_DESC(queues, "queues of each device, at most 128");

static int __init fsnic_init(void)
{
	unsigned int i;
	int err;

	if (!pairs || pairs > 16 || !queues || queues > FSNIC_QUEUES) {
		pr_err("pairs=%u queues=%u: 1 to 16 and 1 to %u are meant\n", pairs, queues,
		       FSNIC_QUEUES);
		return -EINVAL;
	}
	err = fsnic_hash_check();
	for (i = 0; !err && i < pairs; i++)
		err = fsnic_pair_create(queues);
	if (err)
		fsnic_destroy_all();
	return err;
}

static void __exit fsnic_exit(void)
{
	fsnic_destroy_all();
}

module_init(fsnic_init);
module_exit(fsnic_exit);
MODULE_DESCRIPTION("Pairs of virtual network cards with RSS and a flow director");
MODULE_LICENSE("GPL");
