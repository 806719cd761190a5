// SPDX-License-Identifier: GPL-2.0-only
/* adopt: a running server's own SO_REUSEPORT sockets, into the slots of their CPUs. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adoption.h"
#include "fsctl.h"
#include "group_pins.h"
#include "netns.h"
#include "pins.h"

struct wanted {
	struct address_filter only;
	int pid;
	bool udp, release, dry_run;
};

static bool same_address(const struct diag_socket *a, const struct diag_socket *b)
{
	return a->family == b->family && a->port == b->port && a->ifindex == b->ifindex &&
	       a->uid == b->uid && !memcmp(a->addr, b->addr, sizeof(a->addr));
}

static bool is_first(const struct diag *diag, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (same_address(&diag->sockets[j], &diag->sockets[i]))
			return false;
	return true;
}

/* All sockets on the address of @first. */
static bool collect(struct adoption *adoption, const struct diag *diag, size_t first)
{
	adoption->sockets = calloc(diag->count, sizeof(*adoption->sockets));
	if (!adoption->sockets) {
		complain("out of memory");
		return false;
	}
	for (size_t i = first; i < diag->count; i++)
		if (same_address(&diag->sockets[first], &diag->sockets[i]))
			adoption->sockets[adoption->count++] = (struct adopted_socket){
				.diag = &diag->sockets[i], .fd = -1, .slot = FASTSOCK_NO_SLOT,
			};
	address_format(adoption->address, diag->sockets[first].family, diag->sockets[first].addr,
		       diag->sockets[first].port);
	return true;
}

static bool release(struct adoption *adoption, const struct owners *owners,
		    const struct attached_list *programs)
{
	int done = adoption_release(adoption, owners, programs);

	if (done >= 0)
		printf("%s: %s\n", adoption->address, done ? "released" : "was not adopted");
	return done >= 0;
}

static bool adopt(struct adoption *adoption, const struct owners *owners,
		  const struct attached_list *programs, bool dry_run)
{
	if (!adoption_check(adoption, owners, programs))
		return false;
	adoption_plan(adoption, owners);
	if (!dry_run && !adoption_apply(adoption))
		return false;
	adoption_print(adoption);
	printf("%s: %s, %zu sockets\n", adoption->address, dry_run ? "would be adopted" : "adopted",
	       adoption->count);
	return true;
}

static bool each_address(const struct wanted *wanted, const struct fastsock_config *config,
			 const struct diag *diag, const struct owners *owners)
{
	int protocol = wanted->udp ? IPPROTO_UDP : IPPROTO_TCP;
	struct attached_list programs;
	bool known = attached_read(&programs, protocol), any = false, done = true;

	for (size_t i = 0; i < diag->count; i++) {
		const struct diag_socket *socket = &diag->sockets[i];
		struct adoption adoption = {
			.protocol = protocol, .pid = wanted->pid, .cpus = config->cpus,
		};

		if (!address_matches(&wanted->only, socket->family, socket->addr, socket->port) ||
		    !is_first(diag, i))
			continue;
		any = true;
		done &= collect(&adoption, diag, i) && adoption_fetch(&adoption, owners) &&
			(wanted->release ?
			 release(&adoption, owners, known ? &programs : NULL) :
			 adopt(&adoption, owners, known ? &programs : NULL, wanted->dry_run));
		adoption_close(&adoption);
	}
	attached_free(&programs);
	if (!any)
		complain("no %s socket %s port %u%s in %s network namespace",
			 wanted->udp ? "UDP" : "listening TCP", "on", ntohs(wanted->only.port),
			 wanted->only.family ? " of this address" : "",
			 wanted->pid ? "the process's" : "this");
	return any && done;
}

/* Sockets are looked up where the process has them; pins and /proc stay ours. */
static bool join_netns(int pid)
{
	char path[64];
	int fd;
	bool done;

	if (!pid)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		complain("there is no process %d", pid);
		return false;
	}
	done = fd >= 0 && netns_join(fd);
	if (!done)
		complain("cannot enter the network namespace of %d: %s (CAP_SYS_PTRACE and "
			 "CAP_SYS_ADMIN are needed)", pid, strerror(errno));
	if (fd >= 0)
		close(fd);
	return done;
}

static bool open_pins(struct fastsock_config *config)
{
	if (pins_config(config)) {
		if (config->abi != FASTSOCK_PINS_ABI)
			complain("enabled by another version: ABI %u, fsctl has %u; run 'fsctl disable "
				 "--all' and enable anew", config->abi, FASTSOCK_PINS_ABI);
		else if (config->enabled && group_pins_open(config))
			return true;
		else
			complain(FASTSOCK_PINS ": %s", config->enabled ? strerror(errno) :
				 "a disable was interrupted: run it again");
		return false;
	}
	complain(FASTSOCK_PINS ": %s%s", strerror(errno), errno == ENOENT ?
		 " (not enabled; run 'fsctl enable --iface IF' first)" : "");
	return false;
}

static int run(const struct wanted *wanted)
{
	struct fastsock_config config;
	struct owners owners = { 0 };
	struct diag diag = { 0 };
	bool done = false;

	if (!open_pins(&config) || !join_netns(wanted->pid))
		return EXIT_FAILURE;
	if (!(wanted->udp ? diag_unconnected(&diag) : diag_listeners(&diag)))
		complain("cannot list sockets (sock_diag): %s", strerror(errno));
	else if (!owners_read(&owners))
		complain("cannot read /proc: %s", strerror(errno));
	else
		done = each_address(wanted, &config, &diag, &owners);
	owners_free(&owners);
	diag_free(&diag);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool parse_number(const char *text, long most, int *number)
{
	char *end;
	long value = strtol(text, &end, 10);

	*number = value;
	return end != text && !*end && value >= 1 && value <= most;
}

int command_adopt(int argc, char **argv)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "pid", required_argument, NULL, 'P' },
		{ "address", required_argument, NULL, 'a' },
		{ "udp", no_argument, NULL, 'u' },
		{ "release", no_argument, NULL, 'r' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ 0 },
	};
	struct wanted wanted = { 0 };
	int option, port = 0;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":p:P:a:urn", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			if (!parse_number(optarg, 65535, &port))
				return usage_error("'%s' is no port from 1 to 65535", optarg);
			break;
		case 'P':
			if (!parse_number(optarg, 1 << 22, &wanted.pid))
				return usage_error("'%s' is no process number", optarg);
			break;
		case 'a':
			if (!address_parse_host(optarg, &wanted.only))
				return usage_error("'%s' is no IPv4 or IPv6 address", optarg);
			break;
		case 'u':
			wanted.udp = true;
			break;
		case 'r':
			wanted.release = true;
			break;
		case 'n':
			wanted.dry_run = true;
			break;
		case ':':
			return usage_error("%s needs a value", argv[optind - 1]);
		default:
			return usage_error("unknown option '%s'", argv[optind - 1]);
		}
	}
	if (optind < argc)
		return usage_error("'%s' is one word too many", argv[optind]);
	if (!port)
		return usage_error("--port N is missing: on which port does the server listen?");
	if (wanted.release && wanted.dry_run)
		return usage_error("either --release or --dry-run");
	wanted.only.port = htons(port);
	libbpf_set_print(NULL);
	return run(&wanted);
}
