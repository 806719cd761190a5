// SPDX-License-Identifier: GPL-2.0-only
/* fork, vfork, posix_spawn, exec: what children have of a worker, and do to it. */
#define _GNU_SOURCE
#include <spawn.h>
#include <sys/resource.h>

#include "case.h"

extern char **environ;

static cpu_set_t all;		/* of this machine, that the case may use */

/* The CPU that a process is bound to, or -1. */
static int only_cpu(pid_t pid)
{
	cpu_set_t its;
	int cpu = 0;

	need(sched_getaffinity(pid, sizeof(its), &its) == 0);
	if (CPU_COUNT(&its) != 1)
		return -1;
	while (!CPU_ISSET(cpu, &its))
		cpu++;
	return cpu;
}

static void worker__two_hundred_of_two_hundred(void)
{
	int fd = listener(), port = port_of(fd), cpus = sysconf(_SC_NPROCESSORS_ONLN);
	pid_t pids[2];

	need(cpus >= 2);
	pids[0] = worker(work_plain, fd);
	pids[1] = worker(work_plain, fd);
	expect_listeners(port, 3);
	if (stock) {
		all_answered_by(port, 100, pids, 2);
		return;
	}
	for (int i = 0; i < 2; i++) {
		double end = now() + DEADLINE;
		int cpu;

		do {
			need(now() < end);
			cpu = only_cpu(pids[i]);
		} while (cpu < 0);
		run_on(cpu);
		for (int j = 0; j < 200; j++)
			need(ask(port) == pids[i]);
	}
}

/* One worker more than CPUs; one that is alone on its CPU dies. Another moves there. */
static void worker__moves_to_a_vacant_cpu(void)
{
	int fd = listener(), port = port_of(fd), cpus = sysconf(_SC_NPROCESSORS_ONLN), vacant;
	double end;
	pid_t pids[sizeof(case_workers) / sizeof(*case_workers)] = { 0 }, who;

	need(cpus >= 2 && cpus + 1 < (int)(sizeof(pids) / sizeof(*pids)));
	for (int i = 0; i <= cpus; i++) {
		pids[i] = worker(work_plain, fd);
		expect_listeners(port, i + 2);
		/* It listens first; it has its place when it is pinned. */
		for (end = now() + DEADLINE; !stock && only_cpu(pids[i]) < 0; nap())
			need(now() < end);
	}
	if (stock) {
		kill_worker(pids[0]);
		all_answered_by(port, 100, pids + 1, cpus);
		return;
	}
	vacant = only_cpu(pids[1]);
	for (int i = 0; i <= cpus; i++)
		need(only_cpu(pids[i]) >= 0 && (i == 1 || only_cpu(pids[i]) != vacant));
	kill_worker(pids[1]);
	/* A pause of a second between two connections begins the vacancy anew. */
	end = now() + 2 * DEADLINE;
	pids[1] = pids[cpus];
	run_on(vacant);
	/* Its affinity comes first, its sockets after: who answers once more has moved both. */
	do {
		need(now() < end);
		who = ask(port);
		need(who);
		nap();
	} while (only_cpu(who) != vacant || ask(port) != who || only_cpu(who) != vacant);
	for (int i = 0; i < 200; i++)
		need(ask(port) == who);
	/* And nobody else has: those that were alone stay, and one that came second goes back. */
	for (int i = 0; i < cpus; i++)
		for (int j = 0; j < i; j++)
			for (end = now() + DEADLINE; only_cpu(pids[i]) == only_cpu(pids[j]); nap())
				need(now() < end);
	expect_listeners(port, 1 + cpus);
	all_answered_by(port, 100, pids, cpus);
}

static void work_two_epolls(int fd)
{
	int epfds[2] = { new_epoll(), new_epoll() };
	struct epoll_event event;

	add(epfds[0], fd);
	add(epfds[1], fd);
	for (unsigned int turn = 0;; turn++)
		if (epoll_wait(epfds[turn % 2], &event, 1, 5) == 1)
			answer(fd);
}

/* It has two listeners on its CPU and is alone there: no reason to go where none is. */
static void worker__is_no_company_for_itself(void)
{
	int fd = listener(), port = port_of(fd), cpu;
	pid_t pid = worker(work_two_epolls, fd);
	double end = now() + 3;

	expect_listeners(port, 3);
	if (stock) {
		all_answered(port, 20, pid);
		return;
	}
	cpu = only_cpu(pid);
	while (now() < end) {
		all_answered(port, 5, pid);
		need(only_cpu(pid) == cpu);
	}
}

/* Pinned, one connection answered; then what the case is about. */
static int settled(int fd)
{
	int epfd = new_epoll();

	add(epfd, fd);
	wait_once(epfd);
	expect_listeners(port_of(fd), 2);
	return epfd;
}

static void expect_all_cpus(pid_t pid)
{
	int status;

	need(pid > 0);
	need(waitpid(pid, &status, 0) == pid);
	need(WIFEXITED(status) && WEXITSTATUS(status) == CPU_COUNT(&all));
}

/* Exits with the number of CPUs it may use; `nproc` with other words. */
static char *count_cpus[] = { "sh", "-c", "exit $(nproc)", NULL };

static void work_fork_exec(int fd)
{
	pid_t pid;

	settled(fd);
	pid = fork();
	if (!pid) {
		execvp("sh", count_cpus);
		_exit(127);
	}
	expect_all_cpus(pid);
}

static void work_vfork_exec(int fd)
{
	pid_t pid;

	settled(fd);
	pid = vfork();
	if (!pid) {
		execvp("sh", count_cpus);
		_exit(127);
	}
	expect_all_cpus(pid);
}

/* The worker itself stays where it is. */
static void need_one_cpu(void)
{
	cpu_set_t mine = my_cpus();

	need(stock || CPU_COUNT(&mine) == 1);
}

static void work_exec_list(int fd)
{
	char *none[] = { "PATH=/usr/bin:/bin", NULL };
	pid_t pid;

	settled(fd);
	for (int way = 0; way < 3; way++) {
		pid = vfork();
		if (!pid) {
			if (way == 0)
				execlp("sh", "sh", "-c", "exit $(nproc)", NULL);
			else if (way == 1)
				execl("/bin/sh", "sh", "-c", "exit $(nproc)", NULL);
			else
				execle("/bin/sh", "sh", "-c", "exit $(nproc)", NULL, none);
			_exit(127);
		}
		expect_all_cpus(pid);
	}
	need(execl("/nonexistent", "x", NULL) == -1 && errno == ENOENT);
	need_one_cpu();
}

static void work_popen(int fd)
{
	int count = 0;
	FILE *stream;

	settled(fd);
	stream = popen("nproc", "r");
	need(stream && fscanf(stream, "%d", &count) == 1);
	pclose(stream);
	need(count == CPU_COUNT(&all));
	need_one_cpu();
}

static void work_spawn(int fd)
{
	pid_t pid;

	settled(fd);
	need(posix_spawnp(&pid, "sh", NULL, NULL, count_cpus, environ) == 0);
	expect_all_cpus(pid);
	need_one_cpu();
}

static void work_system(int fd)
{
	int status;

	settled(fd);
	status = system("exit $(nproc)");
	need(WIFEXITED(status) && WEXITSTATUS(status) == CPU_COUNT(&all));
	need_one_cpu();
}

static void in_worker(void (*work)(int fd))
{
	all = my_cpus();
	expect_success(worker(work, listener()));
}

static void affinity__after_fork_and_exec(void)
{
	in_worker(work_fork_exec);
}

static void affinity__after_vfork_and_exec(void)
{
	in_worker(work_vfork_exec);
}

static void affinity__after_exec_of_a_list(void)
{
	in_worker(work_exec_list);
}

static void affinity__after_popen(void)
{
	in_worker(work_popen);
}

static void affinity__after_posix_spawn(void)
{
	in_worker(work_spawn);
}

static void affinity__after_system(void)
{
	in_worker(work_system);
}

/* Its memory is the parent's, its descriptors are not. */
static void work_vfork_closes(int fd)
{
	int epfd = settled(fd);
	pid_t pid = vfork();

	if (!pid) {
		close(fd);
		close(epfd);
		_exit(0);
	}
	need(waitpid(pid, NULL, 0) == pid);
	serve(epfd, fd);
}

static void vfork__child_closes_the_listener(void)
{
	int fd = listener();
	pid_t pid = worker(work_vfork_closes, fd);

	expect_listeners(port_of(fd), 2);
	all_answered(port_of(fd), 20, pid);
	need(listeners(port_of(fd)) == (stock ? 1 : 2));
}

static void work_vfork_closes_all(int fd)
{
	int epfd = settled(fd);
	pid_t pid = vfork();

	if (!pid) {
		for (int i = 3; i < 8192; i++)
			close(i);
		close_range(3, ~0u, 0);
		closefrom(3);
		_exit(0);
	}
	need(waitpid(pid, NULL, 0) == pid);
	serve(epfd, fd);
}

static void vfork__child_closes_all(void)
{
	int fd = listener();
	pid_t pid = worker(work_vfork_closes_all, fd);

	expect_listeners(port_of(fd), 2);
	all_answered(port_of(fd), 20, pid);
	need(listeners(port_of(fd)) == (stock ? 1 : 2));
}

static void work_vfork_takes(int fd)
{
	int epfd = settled(fd);
	struct rlimit limit;
	pid_t pid;

	getrlimit(RLIMIT_NOFILE, &limit);
	pid = vfork();
	if (!pid) {
		int lowest = limit.rlim_cur / 2 < 4096 ? limit.rlim_cur / 2 : 4096;

		for (int i = lowest; i < lowest + 20; i++)
			if (dup2(2, i) != i)
				_exit(1);
		_exit(0);
	}
	expect_success(pid);
	serve(epfd, fd);
}

/* The library's numbers are in the upper half of what the limit allows. */
static void vfork__child_takes_our_numbers(void)
{
	int fd = listener();
	pid_t pid = worker(work_vfork_takes, fd);

	expect_listeners(port_of(fd), 2);
	usleep(200000);
	all_answered(port_of(fd), 20, pid);
	need(listeners(port_of(fd)) == (stock ? 1 : 2));
}

/* A new image that gets a listener under an arbitrary number is a worker, too. */
static void spawned(bool use_spawn)
{
	int fd = listener();
	char number[16];
	char *arguments[] = { "/proc/self/exe", "--serve", number, NULL };
	pid_t pid, parent = getpid();

	snprintf(number, sizeof(number), "%d", fd);
	if (use_spawn) {
		need(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, arguments, environ) == 0);
	} else {
		pid = fork();
		if (!pid) {
			live_as_child(parent);
			execv("/proc/self/exe", arguments);
			_exit(127);
		}
	}
	case_workers[case_worker_count++] = pid;
	expect_listeners(port_of(fd), 2);
	all_answered(port_of(fd), 20, pid);
}

static void posix_spawn__serves(void)
{
	spawned(true);
}

static void exec__serves(void)
{
	spawned(false);
}

/* The worker itself becomes another program (nginx's binary upgrade, in short). */
static void work_exec_later(int fd)
{
	char number[16];
	char *arguments[] = { "/proc/self/exe", "--serve", number, NULL };

	settled(fd);
	snprintf(number, sizeof(number), "%d", fd);
	execv("/proc/self/exe", arguments);
	_exit(127);
}

static void exec__of_a_worker(void)
{
	int fd = listener();
	pid_t pid = worker(work_exec_later, fd);

	usleep(300000);
	expect_listeners(port_of(fd), 2);
	all_answered(port_of(fd), 20, pid);
}

/* A child of a worker is a worker, too, if it wants to be. */
static void work_fork_serves(int fd)
{
	int epfd;
	pid_t parent = getpid(), pid;

	settled(fd);
	pid = fork();
	if (!pid) {
		live_as_child(parent);
		epfd = new_epoll();
		add(epfd, fd);
		serve(epfd, fd);
	}
	need(waitpid(pid, NULL, 0) == pid);
}

/* Both are gone at once, and the next worker has everything. */
static void fork__child_of_a_worker_serves(void)
{
	int fd = listener(), port = port_of(fd), answered = 0;
	pid_t first = worker(work_fork_serves, fd);

	expect_listeners(port, 3);
	kill_worker(first);
	first = worker(work_plain, fd);
	expect_listeners(port, 2);
	for (int cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++) {
		run_on(cpu);
		for (int i = 0; i < 20; i++)
			answered += ask(port) == first;
	}
	need(answered == 20 * sysconf(_SC_NPROCESSORS_ONLN));
}

static const struct test_case cases[] = {
	{ "worker__two_hundred_of_two_hundred", worker__two_hundred_of_two_hundred },
	{ "worker__moves_to_a_vacant_cpu", worker__moves_to_a_vacant_cpu },
	{ "worker__is_no_company_for_itself", worker__is_no_company_for_itself },
	{ "affinity__after_fork_and_exec", affinity__after_fork_and_exec },
	{ "affinity__after_vfork_and_exec", affinity__after_vfork_and_exec },
	{ "affinity__after_exec_of_a_list", affinity__after_exec_of_a_list },
	{ "affinity__after_popen", affinity__after_popen },
	{ "affinity__after_posix_spawn", affinity__after_posix_spawn },
	{ "affinity__after_system", affinity__after_system },
	{ "vfork__child_closes_the_listener", vfork__child_closes_the_listener },
	{ "vfork__child_closes_all", vfork__child_closes_all },
	{ "vfork__child_takes_our_numbers", vfork__child_takes_our_numbers },
	{ "posix_spawn__serves", posix_spawn__serves },
	{ "exec__serves", exec__serves },
	{ "exec__of_a_worker", exec__of_a_worker },
	{ "fork__child_of_a_worker_serves", fork__child_of_a_worker_serves },
};

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--serve")) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(LIFE);
		case_name = argv[1];
		work_plain(atoi(argv[2]));
	}
	return case_main(argc, argv, cases, sizeof(cases) / sizeof(*cases));
}
