// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/fastsock: decodes requests, and knows which open files have said HELLO.
 *
 * Mode 0666: a caller can only clone a listener that it already holds, so the
 * device gives nothing that the descriptor did not.
 *
 * Lifetime: an open file pins the module (fops.owner), so rmmod answers EBUSY
 * while any process has the device open.  There is no sound way around that:
 * without the owner, code could go away below a running ioctl.  Callers are
 * told not to keep the device open.  Clones pin nothing.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "clone.h"
#include "device.h"
#include "fastsock.h"

/*
 * file->private_data: NULL until HELLO has succeeded, this afterwards.  It goes
 * one way only, so threads that share the file need no lock.
 */
static const char fs_device_greeted;

static int fs_device_open(struct inode *inode, struct file *file)
{
	/* misc_open() left its own pointer there. */
	file->private_data = NULL;
	return stream_open(inode, file);
}

static long fs_device_hello(struct file *file, void __user *arg)
{
	struct fastsock_hello hello;
	u32 abi;

	if (copy_from_user(&hello, arg, sizeof(hello)))
		return -EFAULT;

	/* The answer is given in any case: the caller prints both numbers. */
	abi = hello.abi;
	hello.abi = FASTSOCK_ABI;
	if (copy_to_user(arg, &hello, sizeof(hello)))
		return -EFAULT;

	/* First, because another ABI may use the reserved words. */
	if (abi != FASTSOCK_ABI)
		return -EPROTO;
	if (memchr_inv(hello.reserved, 0, sizeof(hello.reserved)))
		return -EINVAL;

	WRITE_ONCE(file->private_data, (void *)&fs_device_greeted);
	return 0;
}

static long fs_device_clone(const void __user *arg)
{
	struct fastsock_clone clone;

	if (copy_from_user(&clone, arg, sizeof(clone)))
		return -EFAULT;
	if (memchr_inv(clone.reserved, 0, sizeof(clone.reserved)))
		return -EINVAL;
	return fs_clone(clone.fd, clone.cpu, clone.flags);
}

static long fs_device_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *uarg = (void __user *)arg;

	if (cmd == FASTSOCK_IOC_HELLO)
		return fs_device_hello(file, uarg);
	if (!READ_ONCE(file->private_data))
		return -EPROTO;
	if (cmd == FASTSOCK_IOC_CLONE)
		return fs_device_clone(uarg);
	return -ENOTTY;
}

static const struct file_operations fs_device_fops = {
	.owner		= THIS_MODULE,
	.open		= fs_device_open,
	.unlocked_ioctl	= fs_device_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static struct miscdevice fs_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "fastsock",
	.fops	= &fs_device_fops,
	.mode	= 0666,
};

int __init fs_device_init(void)
{
	return misc_register(&fs_device);
}

void fs_device_exit(void)
{
	misc_deregister(&fs_device);
}
