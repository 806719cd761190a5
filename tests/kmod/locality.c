// SPDX-License-Identifier: GPL-2.0-only
/*
 * locality [NETNS IP]: with one clone for each CPU, and no BPF program, every
 * connection lands on the clone of the CPU that received it. Clients run on one
 * CPU at a time; loopback and veth deliver on the sender's CPU. With NETNS the
 * clients are in that namespace and connect to IP.
 */
#include "util.h"

#define CONNECTIONS	25
#define PORT		7400

static const char *netns, *ip = "127.0.0.1";

static void client(void *arg)
{
	int cpu = *(int *)arg, i, fds[CONNECTIONS];

	if (netns)
		must(setns(must(open(netns, O_RDONLY)), CLONE_NEWNET));
	pin(cpu);
	for (i = 0; i < CONNECTIONS; i++) {
		fds[i] = tcp(ip);
		errno = -connect_to(fds[i], ip, PORT);
		must(-errno);
	}
}

static int take_all(int fd)
{
	int n = 0, conn;

	while ((conn = accept(fd, NULL, NULL)) >= 0) {
		close(conn);
		n++;
	}
	return n;
}

int main(int argc, char **argv)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), dev = device(), fds[64], cpu, i;
	const char *any;

	if (argc == 3) {
		netns = argv[1];
		ip = argv[2];
	}
	any = strchr(ip, ':') ? "::" : "0.0.0.0";
	if (cpus < 2) {
		skip("connections land on their CPU", "one CPU only");
		return 0;
	}
	fds[cpus] = listener(any, PORT);
	for (cpu = 0; cpu < cpus; cpu++)
		fds[cpu] = must(clone_flags(dev, fds[cpus], cpu, FASTSOCK_CLONE_NONBLOCK));

	for (cpu = 0; cpu < cpus; cpu++) {
		int mine = 0, elsewhere = 0;

		in_child(client, &cpu);
		/* The client's last handshake step may still be under way. */
		while (mine < CONNECTIONS &&
		       poll(&(struct pollfd){ .fd = fds[cpu], .events = POLLIN }, 1, 5000) > 0)
			mine += take_all(fds[cpu]);
		for (i = 0; i <= cpus; i++)
			elsewhere += take_all(fds[i]);
		ok(mine == CONNECTIONS && !elsewhere,
		   "%s, CPU %d: %d connections on its clone, %d elsewhere", ip, cpu, mine, elsewhere);
	}
	return t_exit();
}
