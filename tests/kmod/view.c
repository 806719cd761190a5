// SPDX-License-Identifier: GPL-2.0-only
/* The view: which clones the module lists, to whom, and when they go from it. */
#include "util.h"

#include <pthread.h>
#include <sys/prctl.h>

#include "genl.h"

#define MANY	1500

static int dev;
static struct seen list[MANY + 100];

static int dump(void)
{
	return genl_dump(list, sizeof(list) / sizeof(*list));
}

static const struct seen *find(uint64_t cookie, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (list[i].cookie == cookie)
			return &list[i];
	return NULL;
}

static void dump__fields(void)
{
	int fd = listener("127.0.0.1", 7500), clone, clone6, n, fd6 = listener("::1", 7500);
	const struct seen *seen;

	is("empty at first", dump(), 0);
	prctl(PR_SET_NAME, "fs-view-test");
	clone = must(clone_of(dev, fd, 1));
	clone6 = must(clone_of(dev, fd6, 0));
	n = dump();
	is("two clones", n, 2);
	seen = find(cookie_of(clone), n);
	if (ok(seen, "the IPv4 clone is listed by its cookie")) {
		ok(seen->original == cookie_of(fd), "original");
		is("CPU", seen->cpu, 1);
		is("process", seen->pid, getpid());
		is("thread", seen->tid, gettid());
		ok(!strcmp(seen->comm, "fs-view-test"), "name");
	}
	seen = find(cookie_of(clone6), n);
	ok(seen && seen->original == cookie_of(fd6), "the IPv6 clone is listed");

	must(shutdown(clone6, SHUT_RDWR));
	is("one that was shut down is not", dump(), 1);
	close(clone);
	is("nor is one that was closed", dump(), 0);
	close(clone6);
	close(fd6);
	close(fd);
}

static void *clone_in_thread(void *arg)
{
	int *fd = arg;

	fd[1] = clone_of(dev, fd[0], 0);
	fd[2] = gettid();
	return NULL;
}

static void dump__thread(void)
{
	int fd[3] = { listener("127.0.0.1", 7501) };
	pthread_t thread;

	must(-pthread_create(&thread, NULL, clone_in_thread, fd));
	must(-pthread_join(thread, NULL));
	is("one clone", dump(), 1);
	is("made by a thread: its process", list[0].pid, getpid());
	is("made by a thread: its number is gone with it, or still known",
	   list[0].tid == 0 || list[0].tid == (uint32_t)fd[2], 1);
	close(fd[1]);
	close(fd[0]);
}

/* More than one message buffer, and more than one sweep. */
static void dump__many(void)
{
	static int clones[MANY];
	int fd = listener("127.0.0.1", 7502), i, n, missing = 0, twice = 0;
	struct rlimit limit = { MANY + 64, MANY + 64 };

	must(setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 0; i < MANY; i++)
		clones[i] = must(clone_of(dev, fd, i % 2));
	n = dump();
	is("many clones are listed", n, MANY);
	for (i = 0; i < MANY; i++)
		missing += !find(cookie_of(clones[i]), n);
	is("none is missing", missing, 0);
	for (i = 1; i < n; i++)
		twice += find(list[i].cookie, n) != &list[i];
	is("none comes twice", twice, 0);
	for (i = 0; i < MANY; i++)
		if (i % 3)
			close(clones[i]);
	n = dump();
	is("two thirds closed", n, MANY / 3);
	for (i = missing = 0; i < MANY; i += 3) {
		missing += !find(cookie_of(clones[i]), n);
		close(clones[i]);
	}
	is("the right ones are left", missing, 0);
	is("none in the end", dump(), 0);
	close(fd);
}

/* Notes of the dead must not pile up where nobody ever looks. */
static long slab_bytes(void)
{
	char line[256], key[64];
	long kb = 0, sum = 0;
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63[^:]: %ld", key, &kb) == 2 && !strcmp(key, "Slab"))
			sum = kb * 1024;
	fclose(f);
	return sum;
}

static void sweep__bounded(void)
{
	enum { ROUNDS = 100000 };
	int fd = listener("127.0.0.1", 7503), i;
	long before = 0, after;

	for (i = 0; i < ROUNDS + 2000; i++) {
		if (i == 2000)
			before = slab_bytes();
		close(must(clone_of(dev, fd, 0)));
	}
	/* A note takes 96 bytes: half of what unswept ones would take is the limit. */
	for (i = 0; i < 100; i++) {
		usleep(100000);	/* sockets are freed after a grace period */
		after = slab_bytes();
		if (after - before < ROUNDS * 48L)
			break;
	}
	ok(after - before < ROUNDS * 48L, "%d clones made and closed leave %ld kB", ROUNDS,
	   (after - before) / 1024);
	close(fd);
}

static void as_nobody(void *arg)
{
	(void)arg;
	become(65534);
	is("an unprivileged user may not look", dump(), -EPERM);
}

static void in_own_net(void *arg)
{
	int fd, clone;

	(void)arg;
	must(unshare(CLONE_NEWNET));
	is("another namespace does not see ours", dump(), 0);
	fd = listener("0.0.0.0", 7504);
	clone = must(clone_of(dev, fd, 0));
	is("it sees its own", dump(), 1);
	ok(list[0].cookie == cookie_of(clone), "and that is the right one");
	is("an entry is left when the namespace goes", close(clone), 0);
}

static void reader(void *arg)
{
	(void)arg;
	is("seen from another pid namespace", dump(), 1);
	is("the process has no number there", list[0].pid, 0);
	is("nor has the thread", list[0].tid, 0);
}

static void in_own_pidns(void *arg)
{
	must(unshare(CLONE_NEWPID));
	in_child(reader, arg);
}

static void dump__who(void)
{
	int fd = listener("127.0.0.1", 7504), clone, i;

	clone = must(clone_of(dev, fd, 0));
	in_child(as_nobody, NULL);
	in_child(in_own_pidns, NULL);
	for (i = 0; i < 20; i++)
		in_child(in_own_net, NULL);
	is("ours does not see theirs", dump(), 1);
	close(clone);
	close(fd);
}

static void dump__killed(void)
{
	int fd = listener("127.0.0.1", 7505), ready[2], status;
	char c;
	pid_t pid;

	must(pipe(ready));
	fflush(stdout);
	pid = must(fork());
	if (!pid) {
		must(clone_of(dev, fd, 0));
		must(clone_of(dev, fd, 1));
		must(write(ready[1], "x", 1));
		pause();
	}
	must(read(ready[0], &c, 1));
	is("two clones of a child", dump(), 2);
	is("its number", list[0].pid, pid);
	must(kill(pid, SIGKILL));
	must(waitpid(pid, &status, 0));
	is("none when it was killed", dump(), 0);
	close(ready[0]);
	close(ready[1]);
	close(fd);
}

int main(void)
{
	dev = device();
	dump__fields();
	dump__thread();
	dump__who();
	dump__killed();
	dump__many();
	sweep__bounded();
	return t_exit();
}
