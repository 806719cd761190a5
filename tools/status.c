// SPDX-License-Identifier: GPL-2.0-only
/*
 * status: one JSON tree, printed as it is or as a table.  Reads the pinned maps
 * for what the program does, sock_diag for the sockets as the kernel has them,
 * the module for which of them are clones, /proc for whose they are.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clones.h"
#include "diag.h"
#include "fastsock.h"
#include "fsctl.h"
#include "module.h"
#include "pins.h"
#include "state.h"

struct view {
	struct fastsock_config config;
	int groups, slots, counters;
	__u64 netns;
	struct diag diag;
	struct clones clones;
};

#define ADD(object, name, kind, value) \
	json_object_object_add(object, name, json_object_new_##kind(value))

static __u64 netns_cookie(void)
{
	__u64 cookie = 0;
	socklen_t length = sizeof(cookie);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0) {
		getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length);
		close(fd);
	}
	return cookie;
}

static struct json_object *describe_module(void)
{
	struct json_object *module = json_object_new_object();
	int abi;

	ADD(module, "loaded", boolean, module_loaded());
	if (!module_loaded())
		return module;
	abi = module_abi();
	if (abi < 0) {
		ADD(module, "error", string, strerror(errno));
	} else {
		ADD(module, "abi", int, abi);
		ADD(module, "usable", boolean, abi == FASTSOCK_ABI);
	}
	return module;
}

static struct json_object *describe_interfaces(void)
{
	struct json_object *list = json_object_new_array();
	struct state state;

	if (!state_read(&state))
		return list;
	for (int i = 0; i < state.interfaces; i++) {
		struct json_object *each = json_object_new_object();

		ADD(each, "name", string, state.interface[i].name);
		ADD(each, "this_netns", boolean, state.interface[i].netns == state_netns());
		json_object_array_add(list, each);
	}
	return list;
}

static struct json_object *describe_address(const struct fastsock_group_key *key)
{
	char address[INET6_ADDRSTRLEN] = "?", text[INET6_ADDRSTRLEN + 10];

	inet_ntop(key->family, key->addr, address, sizeof(address));
	snprintf(text, sizeof(text), key->family == AF_INET6 ? "[%s]:%u" : "%s:%u", address,
		 ntohs(key->port));
	return json_object_new_string(text);
}

/* NULL: the slot is empty. */
static struct json_object *describe_slot(const struct view *view, __u32 slot)
{
	const struct diag_socket *found;
	struct json_object *each;
	char comm[32];
	__u64 cookie;
	int pid;

	if (bpf_map_lookup_elem(view->slots, &slot, &cookie))
		return NULL;
	each = json_object_new_object();
	ADD(each, "cookie", uint64, cookie);
	ADD(each, "clone", boolean, clones_have(&view->clones, cookie));
	found = diag_find(&view->diag, cookie);
	if (!found)
		return each;
	ADD(each, "queue", int, found->queue);
	ADD(each, "backlog", int, found->backlog);
	if (diag_owner(found->inode, &pid, comm, sizeof(comm))) {
		ADD(each, "pid", int, pid);
		ADD(each, "program", string, comm);
	}
	return each;
}

static struct json_object *describe_counters(const struct fastsock_counters *count)
{
	struct json_object *each = json_object_new_object();

	ADD(each, "local", uint64, count->local);
	ADD(each, "neighbour", uint64, count->neighbour);
	ADD(each, "original", uint64, count->original);
	ADD(each, "hashed", uint64, count->hashed);
	ADD(each, "migrated", uint64, count->migrated);
	return each;
}

static struct json_object *describe_cpus(const struct view *view, __u32 row)
{
	struct fastsock_counters *counters = calloc(view->config.cpus, sizeof(*counters));
	struct json_object *list = json_object_new_array();

	if (counters)
		bpf_map_lookup_elem(view->counters, &row, counters);
	for (__u32 cpu = 0; counters && cpu < view->config.cpus; cpu++) {
		struct json_object *each = json_object_new_object();
		struct json_object *sockets = json_object_new_array();

		for (__u32 lane = 0; lane < FASTSOCK_LANES; lane++) {
			struct json_object *socket = describe_slot(view,
				fastsock_slot(row, view->config.cpus, cpu, lane));

			if (socket)
				json_object_array_add(sockets, socket);
		}
		ADD(each, "cpu", int, cpu);
		json_object_object_add(each, "listeners", sockets);
		json_object_object_add(each, "selected", describe_counters(&counters[cpu]));
		json_object_array_add(list, each);
	}
	free(counters);
	return list;
}

static bool row_used(const struct view *view, __u32 row)
{
	__u32 first = row * fastsock_row(view->config.cpus);
	__u64 cookie;

	for (__u32 i = 0; i < fastsock_row(view->config.cpus); i++, first++)
		if (!bpf_map_lookup_elem(view->slots, &first, &cookie))
			return true;
	return false;
}

static struct json_object *describe_groups(const struct view *view)
{
	struct json_object *list = json_object_new_array(), *original;
	struct fastsock_group group;

	for (__u32 row = 0; row < view->config.groups; row++) {
		struct json_object *each;

		/* A row outlives its last socket until somebody needs it. */
		if (bpf_map_lookup_elem(view->groups, &row, &group) || !row_used(view, row))
			continue;
		each = json_object_new_object();
		json_object_object_add(each, "address", describe_address(&group.key));
		ADD(each, "this_netns", boolean, group.key.netns == view->netns);
		ADD(each, "uid", int, group.key.uid);
		ADD(each, "ifindex", int, group.key.ifindex);
		original = describe_slot(view, fastsock_original_slot(row, view->config.cpus));
		if (original)
			json_object_object_add(each, "original", original);
		json_object_object_add(each, "cpus", describe_cpus(view, row));
		json_object_array_add(list, each);
	}
	return list;
}

/* What could not be read is named in the tree, not passed over. */
static void describe_pins(struct json_object *root)
{
	struct view view = { .netns = netns_cookie() };

	errno = 0;
	if (!pins_config(&view.config)) {
		ADD(root, "enabled", boolean, false);
		if (errno != ENOENT)
			ADD(root, "error", string, strerror(errno));
		return;
	}
	ADD(root, "enabled", boolean, view.config.enabled);
	ADD(root, "pins_abi", int, view.config.abi);
	view.groups = pins_open("groups");
	view.slots = pins_open("slots");
	view.counters = pins_open("counters");
	if (view.config.abi == FASTSOCK_PINS_ABI && view.groups >= 0 && view.slots >= 0 &&
	    view.counters >= 0) {
		diag_listeners(&view.diag);
		if (module_loaded())
			clones_read(&view.clones);
		json_object_object_add(root, "listeners", describe_groups(&view));
		diag_free(&view.diag);
		clones_free(&view.clones);
	}
	close(view.groups);
	close(view.slots);
	close(view.counters);
}

/* The table */

static struct json_object *get(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return value;
}

static long long number(struct json_object *object, const char *name)
{
	return json_object_get_int64(get(object, name));
}

static void print_socket(const char *label, struct json_object *socket)
{
	struct json_object *program = get(socket, "program");
	char owner[64] = "-", queue[32] = "-";

	if (program)
		snprintf(owner, sizeof(owner), "%s/%lld", json_object_get_string(program),
			 number(socket, "pid"));
	if (get(socket, "queue"))
		snprintf(queue, sizeof(queue), "%lld/%lld", number(socket, "queue"),
			 number(socket, "backlog"));
	printf("  %-9s %-22s %-9s %-7s", label, owner, queue,
	       json_object_get_boolean(get(socket, "clone")) ? "clone" : "socket");
}

static void print_cpu(struct json_object *each)
{
	struct json_object *sockets = get(each, "listeners"), *selected = get(each, "selected");
	size_t count = json_object_array_length(sockets);
	char label[16];

	snprintf(label, sizeof(label), "CPU %lld", number(each, "cpu"));
	if (!count)
		printf("  %-9s %-22s %-9s %-7s", label, "none", "-", "-");
	for (size_t i = 0; i < count; i++) {
		if (i)
			putchar('\n');
		print_socket(i ? "" : label, json_object_array_get_idx(sockets, i));
	}
	printf(" %10lld %10lld %10lld %8lld %8lld\n", number(selected, "local"),
	       number(selected, "neighbour"), number(selected, "original"),
	       number(selected, "hashed"), number(selected, "migrated"));
}

static void print_listeners(struct json_object *list)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *each = json_object_array_get_idx(list, i);
		struct json_object *cpus = get(each, "cpus"), *original = get(each, "original");

		printf("\n%s  uid %lld%s\n", json_object_get_string(get(each, "address")),
		       number(each, "uid"),
		       json_object_get_boolean(get(each, "this_netns")) ? "" :
			       "  (another network namespace)");
		printf("  %-9s %-22s %-9s %-7s %10s %10s %10s %8s %8s\n", "", "program/pid", "queue",
		       "kind", "local", "neighbour", "original", "hashed", "migrated");
		for (size_t cpu = 0; cpu < json_object_array_length(cpus); cpu++)
			print_cpu(json_object_array_get_idx(cpus, cpu));
		if (original) {
			print_socket("original", original);
			putchar('\n');
		}
	}
}

static void print_table(struct json_object *root)
{
	struct json_object *module = get(root, "module"), *list = get(root, "interfaces");
	struct json_object *error = get(root, "error");

	if (!json_object_get_boolean(get(module, "loaded")))
		printf("module      not loaded: workers that could not bind the port themselves are "
		       "served only if they started as root\n");
	else if (json_object_get_boolean(get(module, "usable")))
		printf("module      loaded, ABI %lld\n", number(module, "abi"));
	else if (get(module, "error"))
		printf("module      loaded, but " FASTSOCK_DEVICE " cannot be used: %s\n",
		       json_object_get_string(get(module, "error")));
	else
		printf("module      loaded, ABI %lld; fsctl has %d: install matching versions\n",
		       number(module, "abi"), FASTSOCK_ABI);
	printf("selection   %s%s%s\n",
	       json_object_get_boolean(get(root, "enabled")) ? "enabled" : "not enabled",
	       error ? ", or not to be seen by this user: " : "",
	       error ? json_object_get_string(error) : "");
	printf("interfaces ");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *each = json_object_array_get_idx(list, i);

		printf(" %s%s", json_object_get_string(get(each, "name")),
		       json_object_get_boolean(get(each, "this_netns")) ? "" : " (other netns)");
	}
	printf("%s\n", json_object_array_length(list) ? "" : " none");
	if (get(root, "listeners"))
		print_listeners(get(root, "listeners"));
}

int command_status(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	struct json_object *root;
	bool json = false;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":j", options, NULL)) != -1) {
		if (option != 'j')
			return usage_error("unknown option '%s'", argv[optind - 1]);
		json = true;
	}
	if (optind < argc)
		return usage_error("'%s' is one word too many", argv[optind]);
	libbpf_set_print(NULL);
	root = json_object_new_object();
	json_object_object_add(root, "module", describe_module());
	json_object_object_add(root, "interfaces", describe_interfaces());
	describe_pins(root);
	if (json)
		printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	else
		print_table(root);
	json_object_put(root);
	return EXIT_SUCCESS;
}
