// SPDX-License-Identifier: GPL-2.0-only
/*
 * fastsock-demo: a small epoll server or proxy to measure accepting and
 * connecting with, and little else.  It has the options of Fastsocket's demo
 * server; those that make it do by itself what fastsock does for a program that
 * knows nothing of CPUs (-m) are for comparison.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "demo.h"

static const char usage[] =
"usage: fastsock-demo [OPTIONS]\n"
"  -w WORKERS  one for each CPU that it may use, by default\n"
"  -c CPU      the first worker's; the others take those that follow (0)\n"
"  -a IP:PORT  listen there ([IP]:PORT for IPv6); may be repeated (0.0.0.0:80)\n"
"  -x IP:PORT  be a proxy of the server there; may be repeated: in turn\n"
"  -p LO-HI    as a proxy: from these ports, in a block for each CPU of the machine\n"
"              (Linux 6.3; of net.ipv4.ip_local_port_range)\n"
"  -k          keep connections alive (not as a proxy)\n"
"  -m MODE     how workers listen: shared (default), or each for itself, chosen\n"
"              by the kernel's hash (reuseport), by SO_INCOMING_CPU (incoming-cpu),\n"
"              or by a classic BPF program that returns the CPU (cbpf)\n"
"  -t          workers are threads instead of processes\n"
"  -v          statistics once a second\n"
"  -d          debug: a line for each connection\n"
"  -o FILE     append what it has to say to FILE instead of standard error\n";

FILE *demo_log;

void say(const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	/* One write each: processes share the file. */
	fprintf(demo_log, "demo: %s\n", text);
	fflush(demo_log);
}

static void __attribute__((noreturn, format(printf, 1, 2))) wrong(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "fastsock-demo: ");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n\n%s", usage);
	exit(2);
}

static int number(char option, const char *text, int low, int high)
{
	char *rest;
	long value;

	errno = 0;
	value = strtol(text, &rest, 10);
	if (errno || rest == text || *rest || value < low || value > high)
		wrong("-%c %s: a number from %d to %d is meant", option, text, low, high);
	return value;
}

static void add_address(char option, struct address *addresses, int *count, char *text)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	char copy[128], *host = copy, *port;
	struct addrinfo *found;

	if (*count == MAX_ADDRESSES)
		wrong("-%c: more than %d addresses", option, MAX_ADDRESSES);
	snprintf(copy, sizeof(copy), "%s", text);
	port = strrchr(copy, ':');
	if (port) {
		*port++ = '\0';
		if (*host == '[' && host[strlen(host) - 1] == ']') {
			host[strlen(host) - 1] = '\0';
			host++;
		} else if (strchr(host, ':')) {
			port = NULL;
		}
	}
	if (!port || !*host || atoi(port) < 1 || atoi(port) > 65535 ||
	    getaddrinfo(host, port, &hints, &found))
		wrong("-%c %s: IP:PORT or [IP]:PORT is meant", option, text);
	memcpy(&addresses[*count].socket, found->ai_addr, found->ai_addrlen);
	addresses[*count].length = found->ai_addrlen;
	addresses[*count].text = text;
	++*count;
	freeaddrinfo(found);
}

static void set_ports(struct options *options, const char *text)
{
	unsigned int low, high;
	char rest;

	if (sscanf(text, "%u-%u%c", &low, &high, &rest) != 2 ||
	    fastsock_blocks_make(&options->ports, low, high, options->last_cpu + 1))
		wrong("-p %s: LO-HI is meant, from 1 to 65535, a port for each CPU at least", text);
}

static enum sharing sharing(const char *text)
{
	static const char *const names[] = { "shared", "reuseport", "incoming-cpu", "cbpf" };

	for (int i = 0; i < 4; i++)
		if (!strcmp(text, names[i]))
			return i;
	wrong("-m %s: shared, reuseport, incoming-cpu or cbpf is meant", text);
}

static void parse(struct options *options, int argc, char **argv)
{
	static char any[] = "0.0.0.0:80";
	const char *path = NULL;
	int option;

	while ((option = getopt(argc, argv, "w:c:a:x:m:o:p:ktvdh")) != -1) {
		switch (option) {
		case 'w': options->workers = number('w', optarg, 1, MAX_WORKERS); break;
		case 'c': options->first_cpu = number('c', optarg, 0, options->last_cpu); break;
		case 'a': add_address('a', options->listen, &options->listen_count, optarg); break;
		case 'x': add_address('x', options->backend, &options->backend_count, optarg); break;
		case 'm': options->sharing = sharing(optarg); break;
		case 'o': path = optarg; break;
		case 'p': set_ports(options, optarg); break;
		case 'k': options->keep_alive = true; break;
		case 't': options->threads = true; break;
		case 'v': options->verbose = true; break;
		case 'd': options->debug = true; break;
		case 'h': fputs(usage, stdout); exit(0);
		default: wrong("unknown option, or one without its value");
		}
	}
	if (optind < argc)
		wrong("'%s': options only", argv[optind]);
	if (options->keep_alive && options->backend_count)
		wrong("-k and -x: a proxy does not keep connections alive");
	if (options->ports.count && !options->backend_count)
		wrong("-p without -x: only a proxy makes connections");
	if (!options->listen_count)
		add_address('a', options->listen, &options->listen_count, any);
	if (path) {
		demo_log = fopen(path, "ae");
		if (!demo_log) {
			fprintf(stderr, "fastsock-demo: %s: %s\n", path, strerror(errno));
			exit(1);
		}
	}
}

static struct worker *make_worker(const struct options *options, int number,
				  struct counters *counters)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker) {
		say("no memory for worker %d", number);
		exit(1);
	}
	worker->options = options;
	worker->number = number;
	worker->cpu = worker_cpu(options, number);
	worker->counters = &counters[number];
	return worker;
}

struct start {
	struct worker *worker;
	const int *fds;
};

static void *start_thread(void *argument)
{
	struct start *start = argument;

	worker_run(start->worker, start->fds);
}

static void make_threads(const struct options *options, int *fds, struct counters *counters)
{
	for (int i = 0; i < options->workers; i++) {
		struct start *start = malloc(sizeof(*start));
		pthread_t thread;

		if (!start)
			exit(1);
		start->worker = make_worker(options, i, counters);
		start->fds = &fds[i * options->listen_count];
		if (pthread_create(&thread, NULL, start_thread, start)) {
			say("cannot make thread %d", i);
			exit(1);
		}
	}
}

/* A worker keeps no other's socket: its queue would be served by nobody. */
static void close_others(const struct options *options, const int *fds, int number)
{
	int count = options->listen_count;

	if (options->sharing == SHARED)
		return;
	for (int i = 0; i < options->workers * count; i++)
		if (i / count != number)
			close(fds[i]);
}

static void make_processes(const struct options *options, int *fds, struct counters *counters,
			   const sigset_t *waited)
{
	pid_t master = getpid(), pid;

	for (int i = 0; i < options->workers; i++) {
		pid = fork();
		if (pid < 0) {
			say("fork: %s", strerror(errno));
			exit(1);
		}
		if (pid > 0)
			continue;
		/* ^C reaches the whole group: the master decides. */
		signal(SIGINT, SIG_IGN);
		pthread_sigmask(SIG_UNBLOCK, waited, NULL);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != master)
			exit(1);
		close_others(options, fds, i);
		worker_run(make_worker(options, i, counters), &fds[i * options->listen_count]);
	}
	if (options->sharing == SHARED)
		return;
	for (int i = 0; i < options->workers * options->listen_count; i++)
		close(fds[i]);
}

static void add(struct counters *sum, const struct counters *each)
{
	sum->accepted += each->accepted;
	sum->answered += each->answered;
	sum->failed += each->failed;
	sum->sampled += each->sampled;
	sum->local += each->local;
	sum->out_sampled += each->out_sampled;
	sum->out_local += each->out_local;
}

static void tell(const char *what, const struct counters *now, const struct counters *before)
{
	uint64_t sampled = now->sampled - before->sampled;
	uint64_t out = now->out_sampled - before->out_sampled;
	char local[32] = "", out_local[32] = "";

	if (sampled)
		snprintf(local, sizeof(local), ", %.1f %% local",
			 100.0 * (now->local - before->local) / sampled);
	if (out)
		snprintf(out_local, sizeof(out_local), ", outgoing %.1f %% local",
			 100.0 * (now->out_local - before->out_local) / out);
	say("%s: %llu accepted, %llu answered, %llu failed%s%s", what,
	    (unsigned long long)(now->accepted - before->accepted),
	    (unsigned long long)(now->answered - before->answered),
	    (unsigned long long)(now->failed - before->failed), local, out_local);
}

/* Until told to stop, or until a worker is gone, which is an error. */
static bool oversee(const struct options *options, const struct counters *counters,
		    const sigset_t *waited)
{
	const struct timespec second = { .tv_sec = 1 };
	struct counters before[options->workers];
	int caught = 0, status;
	char name[32];

	memset(before, 0, sizeof(before));
	while (caught <= 0) {
		caught = sigtimedwait(waited, NULL, &second);
		for (int i = 0; options->verbose && caught < 0 && i < options->workers; i++) {
			struct counters now = counters[i];

			snprintf(name, sizeof(name), "worker %d", i);
			tell(name, &now, &before[i]);
			before[i] = now;
		}
	}
	if (caught == SIGCHLD && wait(&status) > 0)
		say("a worker is gone (%s %d): the others end, too",
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	if (!options->threads) {
		kill(0, SIGTERM);
		while (wait(NULL) > 0 || errno == EINTR)
			;
	}
	return caught != SIGCHLD;
}

int main(int argc, char **argv)
{
	static const struct sigaction ends_only = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP };
	static const struct counters none;
	struct options options = { .last_cpu = sysconf(_SC_NPROCESSORS_CONF) - 1 };
	struct counters sum = { 0 }, *counters;
	struct rlimit files;
	cpu_set_t cpus;
	sigset_t waited;
	bool well;
	int *fds;

	demo_log = stderr;
	sched_getaffinity(0, sizeof(cpus), &cpus);
	options.workers = CPU_COUNT(&cpus);
	parse(&options, argc, argv);
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	fds = calloc(options.workers * options.listen_count, sizeof(*fds));
	counters = mmap(NULL, options.workers * sizeof(*counters), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!fds || counters == MAP_FAILED) {
		say("no memory");
		return 1;
	}
	if (open_listeners(&options, fds))
		return 1;
	/* A group of its own, to end the workers and nobody else. */
	setpgid(0, 0);
	sigemptyset(&waited);
	sigaddset(&waited, SIGTERM);
	sigaddset(&waited, SIGINT);
	sigaddset(&waited, SIGCHLD);
	pthread_sigmask(SIG_BLOCK, &waited, NULL);
	/* A worker that is stopped for a while, as skew-stall does, is not gone. */
	sigaction(SIGCHLD, &ends_only, NULL);
	if (options.threads)
		make_threads(&options, fds, counters);
	else
		make_processes(&options, fds, counters, &waited);
	well = oversee(&options, counters, &waited);
	for (int i = 0; i < options.workers; i++)
		add(&sum, &counters[i]);
	tell("in all", &sum, &none);
	return well ? 0 : 1;
}
