// SPDX-License-Identifier: GPL-2.0-only
/*
 * fastsock: per-CPU listening sockets for servers that opened just one.
 *
 * Order of initialisation: the device comes last, because it is what lets user
 * space in; unloading goes the other way round.  Nothing here outlives the
 * module: clones are ordinary sockets that hold no reference to it, and it
 * holds none to them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include "clone.h"
#include "compat/compat.h"
#include "device.h"
#include "fastsock.h"
#include "netlink.h"
#include "registry.h"

static int __init fs_init(void)
{
	int err;

	fs_clone_init();

	err = fs_registry_init();
	if (err)
		goto err_registry;
	err = fs_netlink_init();
	if (err)
		goto err_netlink;
	err = fs_device_init();
	if (err)
		goto err_device;

	pr_info("loaded, ABI %u\n", FASTSOCK_ABI);
	return 0;

err_device:
	fs_netlink_exit();
err_netlink:
	fs_registry_exit();
err_registry:
	pr_err("not loaded: cannot register the device, the netlink family or the view of network namespaces: error %d\n",
	       err);
	return err;
}

static void __exit fs_exit(void)
{
	fs_device_exit();
	fs_netlink_exit();
	fs_registry_exit();
	pr_info("unloaded\n");
}

module_init(fs_init);
module_exit(fs_exit);
MODULE_DESCRIPTION("Per-CPU clones of listening TCP sockets");
MODULE_LICENSE("GPL");
