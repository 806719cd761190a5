// SPDX-License-Identifier: GPL-2.0-only
/*
 * unload: the module goes and comes back while a server runs on clones.
 * Expects the module to be loaded, and leaves it loaded. FS_KO names it.
 */
#include "util.h"

#include "genl.h"

#define PORT	7600

static int module_load(void)
{
	int fd = must(open(getenv("FS_KO"), O_RDONLY | O_CLOEXEC));
	int err = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;

	close(fd);
	return err;
}

static int module_unload(void)
{
	return syscall(SYS_delete_module, "fastsock", O_NONBLOCK) ? -errno : 0;
}

/* The device node is made by devtmpfs, within a moment. */
static int device_wait(void)
{
	int i, fd = -1;

	for (i = 0; i < 100 && fd < 0; i++) {
		fd = device_open();
		if (fd < 0)
			usleep(20000);
	}
	must(fd);
	errno = -device_hello(fd);
	must(-errno);
	return fd;
}

static bool served(const int *fds, int n, int cpu, int want)
{
	int fd = tcp("127.0.0.1"), conn, who;

	pin(cpu);
	errno = -connect_to(fd, "127.0.0.1", PORT);
	must(-errno);
	who = accept_any(fds, n, &conn);
	if (who >= 0)
		close(conn);
	close(fd);
	return who == want;
}

int main(void)
{
	static struct seen list[16];
	int dev = device(), fds[4], more, i, good = 0;

	fds[0] = listener("127.0.0.1", PORT);
	fds[1] = must(clone_of(dev, fds[0], 0));
	fds[2] = must(clone_of(dev, fds[0], 1));

	is("an open device keeps the module", module_unload(), -EAGAIN);
	more = must(clone_of(dev, fds[0], 0));
	close(more);
	close(dev);
	is("clones do not keep it", module_unload(), 0);
	ok(access(FASTSOCK_DEVICE, F_OK), "the device is gone");
	is("so is the netlink family", genl_dump(list, 16), -ENOENT);

	for (i = 0; i < 20; i++)
		good += served(fds, 3, i % 2, 1 + i % 2);
	is("without the module each clone serves its CPU", good, 20);

	is("the module comes back", module_load(), 0);
	dev = device_wait();
	is("the view is empty", genl_dump(list, 16), 0);
	close(fds[1]);
	fds[1] = clone_of(dev, fds[0], 0);
	ok(fds[1] >= 0, "an old original takes a new clone");
	fds[3] = clone_of(dev, fds[2], 0);
	ok(fds[3] >= 0, "and so does an old clone");
	is("the view has the new ones", genl_dump(list, 16), 2);
	close(fds[3]);
	for (i = good = 0; i < 20; i++)
		good += served(fds, 3, i % 2, 1 + i % 2);
	is("old and new clones are one group", good, 20);
	return t_exit();
}
