// SPDX-License-Identifier: GPL-2.0-only
/* What a clone is: address, group, owner, limits; and what a failure leaves. */
#include "util.h"

#include <linux/filter.h>
#include <linux/xfrm.h>
#include <net/if.h>

#define NOBODY	65534
#define WWW	33

static int dev;

/* Connect from CPU 0: the clone for CPU 0 must be the one that gets it. */
static int connect_cpu0(const char *ip, int port, const int *fds, int n)
{
	int fd = tcp(ip), conn, who;
	cpu_set_t was;

	must(sched_getaffinity(0, sizeof(was), &was));
	pin(0);
	who = connect_to(fd, ip, port);
	if (!who)
		who = accept_any(fds, n, &conn);
	if (who >= 0)
		close(conn);
	close(fd);
	must(sched_setaffinity(0, sizeof(was), &was));
	return who;
}

static void clone__family(const char *name, const char *bound, const char *ip, int port, int v6only)
{
	int fds[2], err, fd = tcp(bound);
	char desc[128];
	union addr a = { 0 }, b = { 0 };
	socklen_t len = sizeof(a), len2 = sizeof(b);

	must(set(fd, SOL_SOCKET, SO_REUSEADDR, 1));
	if (v6only >= 0)
		must(set(fd, IPPROTO_IPV6, IPV6_V6ONLY, v6only));
	errno = -bind_to(fd, bound, port);
	must(-errno);
	must(listen(fd, 77));
	fds[0] = fd;
	fds[1] = clone_of(dev, fd, 0);
	snprintf(desc, sizeof(desc), "%s: cloned", name);
	if (!ok(fds[1] >= 0, "%s", desc)) {
		printf("# %s\n", strerrorname_np(-fds[1]));
		close(fd);
		return;
	}
	must(getsockname(fd, &a.sa, &len));
	must(getsockname(fds[1], &b.sa, &len2));
	ok(len == len2 && !memcmp(&a, &b, len), "%s: same address", name);
	snprintf(desc, sizeof(desc), "%s: connection on CPU 0 comes to its clone", name);
	is(desc, connect_cpu0(ip, port, fds, 2), 1);
	if (v6only == 1) {
		int four = tcp("127.0.0.1");

		err = connect_to(four, "127.0.0.1", port);
		is("v6only: IPv4 stays refused", err, -ECONNREFUSED);
		close(four);
	}
	close(fds[1]);
	snprintf(desc, sizeof(desc), "%s: the original serves on without it", name);
	is(desc, connect_cpu0(ip, port, fds, 1), 0);
	close(fd);
}

static void clone__flags(void)
{
	int fd = listener("127.0.0.1", 7201), plain, both;

	plain = clone_flags(dev, fd, 0, 0);
	both = clone_flags(dev, fd, 1, FASTSOCK_CLONE_CLOEXEC | FASTSOCK_CLONE_NONBLOCK);
	must(plain);
	must(both);
	is("no flag: kept over exec", fcntl(plain, F_GETFD), 0);
	is("no flag: blocking", fcntl(plain, F_GETFL) & O_NONBLOCK, 0);
	is("CLOEXEC", fcntl(both, F_GETFD), FD_CLOEXEC);
	is("NONBLOCK", fcntl(both, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	is("SO_INCOMING_CPU of the second", get(both, SOL_SOCKET, SO_INCOMING_CPU), 1);
	is("SO_ACCEPTCONN", get(both, SOL_SOCKET, SO_ACCEPTCONN), 1);
	close(plain);
	close(both);
	close(fd);
}

static int www_port;

static void as_www(void *arg)
{
	int fds[3] = { *(int *)arg }, my, again;
	struct stat st;

	become(WWW);
	my = device();
	fds[1] = clone_of(my, fds[0], 0);
	if (!ok(fds[1] >= 0, "uid 33 clones root's listener on port 80")) {
		printf("# %s\n", strerrorname_np(-fds[1]));
		return;
	}
	must(fstat(fds[1], &st));
	is("the clone belongs to root", st.st_uid, 0);
	is("it gets its CPU's connections", connect_cpu0("127.0.0.1", www_port, fds, 2), 1);
	again = clone_of(my, fds[1], 1);
	ok(again >= 0, "uid 33 clones the clone");
	close(again);
	is("uid 33 still cannot bind there itself", try_listen("127.0.0.2", www_port, true), -EACCES);
	close(fds[1]);
	close(my);
}

static void try_as_nobody(void *arg)
{
	int port = *(int *)arg;

	become(NOBODY);
	is("another user, plain, in vain", try_listen("127.0.0.1", port, false), -EADDRINUSE);
	is("another user, SO_REUSEPORT, in vain", try_listen("127.0.0.1", port, true), -EADDRINUSE);
}

static void clone__strangers(void)
{
	int port = 7202, fd = listener("127.0.0.1", port), clone;

	clone = must(clone_of(dev, fd, 0));
	in_child(try_as_nobody, &port);
	is("the same user, plain, in vain", try_listen("127.0.0.1", port, false), -EADDRINUSE);
	is("SO_REUSEPORT of the original is set", get(fd, SOL_SOCKET, SO_REUSEPORT), 1);
	close(clone);
	in_child(try_as_nobody, &port);
	close(fd);
	is("the port is free when all are closed", try_listen("127.0.0.1", port, false), 0);
}

/* With neither option an accepted child forbids any further bind; but not ours. */
static void clone__live_child(void)
{
	int fd = tcp("127.0.0.1"), peer = tcp("127.0.0.1"), conn, clone;

	must(bind_to(fd, "127.0.0.1", 7203));
	must(listen(fd, 5));
	must(connect_to(peer, "127.0.0.1", 7203));
	must(accept_any(&fd, 1, &conn));
	clone = clone_of(dev, fd, 0);
	ok(clone >= 0, "a listener without SO_REUSEADDR is cloned while a connection lives");
	is("the clone has no SO_REUSEADDR either", get(clone, SOL_SOCKET, SO_REUSEADDR), 0);
	is("the connection forbids SO_REUSEPORT binds as before",
	   try_listen("127.0.0.1", 7203, true), -EADDRINUSE);
	close(clone);
	close(conn);
	close(peer);
	close(fd);
}

static void clone__original_first(void)
{
	int fd = listener("127.0.0.1", 7204), clone;

	clone = must(clone_of(dev, fd, 0));
	close(fd);
	is("a clone serves on when the original is closed",
	   connect_cpu0("127.0.0.1", 7204, &clone, 1), 0);
	close(clone);
}

static void clone__chown(void)
{
	int fd = listener("127.0.0.1", 7205), clone;
	struct stat st;

	must(fchown(fd, WWW, WWW));
	clone = clone_of(dev, fd, 0);
	ok(clone >= 0, "a listener that was given away is cloned");
	must(fstat(clone, &st));
	is("the clone has the new owner", st.st_uid, WWW);
	close(clone);
	close(fd);
}

static void untouched(const char *what, int fd, const char *ip, int port)
{
	char desc[128];

	snprintf(desc, sizeof(desc), "%s: SO_REUSEPORT is as before", what);
	is(desc, get(fd, SOL_SOCKET, SO_REUSEPORT), 0);
	snprintf(desc, sizeof(desc), "%s: nobody can join", what);
	is(desc, try_listen(ip, port, true), -EADDRINUSE);
}

static void fail__rlimit(void)
{
	struct rlimit was, now;
	int fd = listener("127.0.0.1", 7206), probe;

	probe = must(dup(0));
	close(probe);
	must(getrlimit(RLIMIT_NOFILE, &was));
	now = was;
	now.rlim_cur = probe;
	must(setrlimit(RLIMIT_NOFILE, &now));
	is("no descriptor left", clone_of(dev, fd, 0), -EMFILE);
	must(setrlimit(RLIMIT_NOFILE, &was));
	untouched("no descriptor left", fd, "127.0.0.1", 7206);
	probe = must(clone_of(dev, fd, 0));
	close(probe);
	close(fd);
}

static void fail__bind(void)
{
	int fd, clone;

	must(system("ip addr add 10.99.0.1/32 dev lo"));
	fd = listener("10.99.0.1", 7207);
	must(system("ip addr del 10.99.0.1/32 dev lo"));
	is("the address is gone", clone_of(dev, fd, 0), -EADDRNOTAVAIL);
	is("the address is gone: SO_REUSEPORT is as before", get(fd, SOL_SOCKET, SO_REUSEPORT), 0);
	must(system("ip addr add 10.99.0.1/32 dev lo"));
	untouched("the address is back", fd, "10.99.0.1", 7207);
	clone = clone_of(dev, fd, 0);
	ok(clone >= 0, "the address is back: cloned");
	must(system("ip addr del 10.99.0.1/32 dev lo"));
	close(clone);
	close(fd);
}

/* What must not get lost on the way is refused. */
static void refuse__uncopyable(void)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, 0xffffffff);
	struct sock_fprog prog = { .len = 1, .filter = &all };
	struct tcp_md5sig md5 = { .tcpm_keylen = 3, .tcpm_key = "key" };
	struct xfrm_userpolicy_info policy = {
		.sel.family = AF_INET, .dir = XFRM_POLICY_IN, .action = XFRM_POLICY_ALLOW,
	};
	int fd = listener("127.0.0.1", 7208), clone;

	must(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)));
	is("a socket filter", clone_of(dev, fd, 0), -EOPNOTSUPP);
	must(set(fd, SOL_SOCKET, SO_DETACH_FILTER, 0));

	addr_of((union addr *)&md5.tcpm_addr, "127.0.0.9", 0);
	must(setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &md5, sizeof(md5)));
	is("an MD5 key", clone_of(dev, fd, 0), -EOPNOTSUPP);
	md5.tcpm_keylen = 0;
	must(setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &md5, sizeof(md5)));
	untouched("refused twice", fd, "127.0.0.1", 7208);
	clone = clone_of(dev, fd, 0);
	ok(clone >= 0, "cloned when filter and key are gone");
	close(clone);

	must(system("modprobe xfrm_user"));
	must(setsockopt(fd, IPPROTO_IP, IP_XFRM_POLICY, &policy, sizeof(policy)));
	is("an IPsec policy", clone_of(dev, fd, 0), -EOPNOTSUPP);
	close(fd);
}

struct other_net {
	int fd;
	int home;
};

/* The socket decides about the namespace, not the caller. */
static void in_other_net(void *arg)
{
	struct other_net *other = arg;
	int clone;

	must(unshare(CLONE_NEWNET));
	is("in another namespace the port is free",
	   try_listen("0.0.0.0", 7209, false), 0);
	clone = clone_of(dev, other->fd, 0);
	ok(clone >= 0, "cloned from within another namespace");
	must(setns(other->home, CLONE_NEWNET));
	is("the clone is where its original is", connect_cpu0("127.0.0.1", 7209, &clone, 1), 0);
	close(clone);
}

static void clone__netns(void)
{
	struct other_net other = {
		.fd = listener("127.0.0.1", 7209),
		.home = must(open("/proc/self/ns/net", O_RDONLY)),
	};

	in_child(in_other_net, &other);
	close(other.fd);
	close(other.home);
}

static void clone__bindtodevice(void)
{
	int fd = tcp("0.0.0.0"), clone;
	char name[IFNAMSIZ] = "";
	socklen_t len = sizeof(name);

	must(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
	must(bind_to(fd, "0.0.0.0", 7210));
	must(listen(fd, 5));
	clone = clone_of(dev, fd, 0);
	ok(clone >= 0, "a listener bound to a device is cloned");
	must(getsockopt(clone, SOL_SOCKET, SO_BINDTODEVICE, name, &len));
	ok(!strcmp(name, "lo"), "the clone is bound to it, too");
	is("and gets connections", connect_cpu0("127.0.0.1", 7210, &clone, 1), 0);
	close(clone);
	close(fd);
}

static void clone__linklocal(void)
{
	union addr a, b = { 0 };
	socklen_t len = addr_of(&a, "fe80::77", 7211), len2 = sizeof(b);
	int fd = tcp("::"), clone;

	must(system("ip link add fskmod type dummy && ip link set fskmod up && "
		    "ip addr add fe80::77/64 dev fskmod nodad"));
	a.in6.sin6_scope_id = if_nametoindex("fskmod");
	must(bind(fd, &a.sa, len));
	must(listen(fd, 5));
	clone = clone_of(dev, fd, 0);
	ok(clone >= 0, "a link-local listener is cloned");
	must(getsockname(clone, &b.sa, &len2));
	ok(!memcmp(&a, &b, sizeof(a.in6)), "the clone has its scope");
	close(clone);
	close(fd);
	must(system("ip link del fskmod"));
}

static void clone__already_reuseport(void)
{
	int fd = tcp("127.0.0.1"), clone;

	must(set(fd, SOL_SOCKET, SO_REUSEPORT, 1));
	must(bind_to(fd, "127.0.0.1", 7212));
	must(listen(fd, 5));
	clone = clone_of(dev, fd, 0);
	ok(clone >= 0, "a listener with SO_REUSEPORT of its own is cloned");
	is("others of its user may still join", try_listen("127.0.0.1", 7212, true), 0);
	close(clone);
	close(fd);
}

int main(void)
{
	int fd;

	dev = device();
	clone__family("IPv4", "0.0.0.0", "127.0.0.1", 7220, -1);
	clone__family("IPv4 address", "127.0.0.1", "127.0.0.1", 7221, -1);
	clone__family("IPv6", "::1", "::1", 7222, -1);
	clone__family("v6only", "::", "::1", 7223, 1);
	clone__family("dual stack over IPv6", "::", "::1", 7224, 0);
	clone__family("dual stack over IPv4", "::", "127.0.0.1", 7225, 0);
	clone__family("mapped IPv4", "::ffff:127.0.0.1", "127.0.0.1", 7226, 0);
	clone__flags();

	www_port = 80;
	fd = listener("127.0.0.1", www_port);
	is("root's listener has no SO_REUSEPORT", get(fd, SOL_SOCKET, SO_REUSEPORT), 0);
	in_child(as_www, &fd);
	close(fd);

	clone__strangers();
	clone__live_child();
	clone__original_first();
	clone__chown();
	fail__rlimit();
	fail__bind();
	refuse__uncopyable();
	clone__netns();
	clone__bindtodevice();
	clone__linklocal();
	clone__already_reuseport();
	return t_exit();
}
