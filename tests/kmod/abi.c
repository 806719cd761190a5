// SPDX-License-Identifier: GPL-2.0-only
/* The device's ABI: HELLO, and every request that must be refused. */
#include "util.h"

#include <sys/un.h>

static int dev;

static void hello__mismatch(void)
{
	struct fastsock_hello hello = { .abi = FASTSOCK_ABI + 41 };
	int fd = must(device_open());

	is("another ABI is refused", ioctl(fd, FASTSOCK_IOC_HELLO, &hello) ? -errno : 0, -EPROTO);
	is("the module's ABI is told", hello.abi, FASTSOCK_ABI);
	printf("# asked for ABI %d, the module has %u\n", FASTSOCK_ABI + 41, hello.abi);

	is("a refused HELLO opens nothing", clone_of(fd, -1, 0), -EPROTO);

	hello = (struct fastsock_hello){ .abi = FASTSOCK_ABI, .reserved = { 0, 0, 1 } };
	is("a reserved word in HELLO is refused",
	   ioctl(fd, FASTSOCK_IOC_HELLO, &hello) ? -errno : 0, -EINVAL);
	is("it opens nothing either", clone_of(fd, -1, 0), -EPROTO);
	is("HELLO from nowhere is a fault",
	   ioctl(fd, FASTSOCK_IOC_HELLO, (void *)8) ? -errno : 0, -EFAULT);
	is("HELLO works after refusals", device_hello(fd), 0);
	is("HELLO may be repeated", device_hello(fd), 0);
	is("and opens the door", clone_of(fd, -1, 0), -EBADF);
	close(fd);
}

static void hello__required(void)
{
	int fd = must(device_open());

	is("CLONE before HELLO", clone_of(fd, -1, 0), -EPROTO);
	is("an unknown request before HELLO", ioctl(fd, _IO(FASTSOCK_IOC_MAGIC, 9), 0) ? -errno : 0,
	   -EPROTO);
	close(fd);
}

static void device__mode(void)
{
	struct stat st;

	must(stat(FASTSOCK_DEVICE, &st));
	is("the device is open to everyone", st.st_mode & 0777, 0666);
}

static int clone_raw(unsigned long cmd, const void *arg)
{
	int ret = ioctl(dev, cmd, arg);

	return ret < 0 ? -errno : ret;
}

static void clone__garbage(int good)
{
	struct fastsock_clone clone = { .fd = good };
	char desc[64];
	int i;

	is("a wrong magic", clone_raw(_IOW('x', 1, struct fastsock_clone), &clone), -ENOTTY);
	is("a smaller structure", clone_raw(_IOW(FASTSOCK_IOC_MAGIC, 1, struct fastsock_hello), &clone),
	   -ENOTTY);
	is("a larger structure", clone_raw(_IOC(_IOC_WRITE, FASTSOCK_IOC_MAGIC, 1, 64), &clone),
	   -ENOTTY);
	is("another direction", clone_raw(_IOR(FASTSOCK_IOC_MAGIC, 1, struct fastsock_clone), &clone),
	   -ENOTTY);
	is("an unknown request", clone_raw(_IO(FASTSOCK_IOC_MAGIC, 2), &clone), -ENOTTY);
	is("a null pointer", clone_raw(FASTSOCK_IOC_CLONE, NULL), -EFAULT);
	is("a kernel pointer", clone_raw(FASTSOCK_IOC_CLONE, (void *)0xffff888000000000UL), -EFAULT);

	for (i = 0; i < 5; i++) {
		clone.reserved[i] = 1u << 31;
		snprintf(desc, sizeof(desc), "reserved word %d", i);
		is(desc, clone_raw(FASTSOCK_IOC_CLONE, &clone), -EINVAL);
		clone.reserved[i] = 0;
	}
	for (i = 2; i < 32; i += 29) {
		snprintf(desc, sizeof(desc), "unknown flag bit %d", i);
		is(desc, clone_flags(dev, good, 0, 1u << i), -EINVAL);
	}
	is("CPU -1", clone_of(dev, good, -1), -EINVAL);
	is("the lowest CPU number there is", clone_of(dev, good, INT32_MIN), -EINVAL);
	is("the CPU behind the last", clone_of(dev, good, sysconf(_SC_NPROCESSORS_CONF)), -EINVAL);
	is("the highest CPU number there is", clone_of(dev, good, INT32_MAX), -EINVAL);
}

static void clone__wrong_fd(void)
{
	int pair[2], fd, conn, peer;

	is("descriptor -1", clone_of(dev, -1, 0), -EBADF);
	is("a descriptor that is not open", clone_of(dev, 900, 0), -EBADF);
	is("the device itself", clone_of(dev, dev, 0), -ENOTSOCK);

	fd = must(open("/proc/self/exe", O_RDONLY));
	is("a file", clone_of(dev, fd, 0), -ENOTSOCK);
	close(fd);
	fd = must(open("/proc/self/exe", O_PATH));
	is("a path", clone_of(dev, fd, 0), -EBADF);
	close(fd);
	must(pipe(pair));
	is("a pipe", clone_of(dev, pair[0], 0), -ENOTSOCK);
	close(pair[0]);
	close(pair[1]);

	fd = must(socket(AF_INET, SOCK_DGRAM, 0));
	is("a UDP socket", clone_of(dev, fd, 0), -EOPNOTSUPP);
	close(fd);
	fd = must(socket(AF_INET, SOCK_RAW, IPPROTO_TCP));
	is("a raw socket of TCP", clone_of(dev, fd, 0), -EOPNOTSUPP);
	close(fd);
	fd = must(socket(AF_NETLINK, SOCK_RAW, 0));
	is("a netlink socket", clone_of(dev, fd, 0), -EOPNOTSUPP);
	close(fd);
	fd = must(socket(AF_UNIX, SOCK_STREAM, 0));
	must(bind(fd, &(struct sockaddr){ .sa_family = AF_UNIX }, sizeof(sa_family_t)));
	must(listen(fd, 1));
	is("a listening unix socket", clone_of(dev, fd, 0), -EOPNOTSUPP);
	close(fd);

	fd = socket(AF_INET, SOCK_STREAM, 262 /* IPPROTO_MPTCP */);
	if (fd >= 0) {
		must(listen(fd, 1));
		is("a listening MPTCP socket", clone_of(dev, fd, 0), -EOPNOTSUPP);
		close(fd);
	} else {
		skip("a listening MPTCP socket", "this kernel has no MPTCP");
	}

	fd = tcp("0.0.0.0");
	is("a fresh TCP socket", clone_of(dev, fd, 0), -EINVAL);
	must(bind_to(fd, "127.0.0.1", 7101));
	is("a bound TCP socket", clone_of(dev, fd, 0), -EINVAL);
	close(fd);

	fd = listener("127.0.0.1", 7102);
	peer = tcp("127.0.0.1");
	must(connect_to(peer, "127.0.0.1", 7102));
	must(accept_any(&fd, 1, &conn));
	is("a connecting side", clone_of(dev, peer, 0), -EINVAL);
	is("an accepted connection", clone_of(dev, conn, 0), -EINVAL);
	must(shutdown(fd, SHUT_RDWR));
	is("a listener that was shut down", clone_of(dev, fd, 0), -EINVAL);
	close(conn);
	close(peer);
	close(fd);
}

int main(void)
{
	int good, fd;

	device__mode();
	hello__mismatch();
	hello__required();

	dev = device();
	good = listener("127.0.0.1", 7100);
	clone__garbage(good);
	clone__wrong_fd();
	is("after all this nothing has joined the listener", get(good, SOL_SOCKET, SO_REUSEPORT), 0);
	is("nor could it", try_listen("127.0.0.1", 7100, true), -EADDRINUSE);
	fd = clone_of(dev, good, 0);
	ok(fd >= 0, "a good request still works");
	close(fd);

	close(dev);
	is("a closed device", clone_of(dev, good, 0), -EBADF);
	return t_exit();
}
