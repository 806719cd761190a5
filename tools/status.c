// SPDX-License-Identifier: GPL-2.0-only
/*
 * status: one JSON tree, printed as it is or as a table (status_table.c).  Reads the pinned maps
 * for what the program does, sock_diag for the sockets as the kernel has them,
 * the module for which of them are clones, /proc for whose they are.  What could
 * not be read is named in the tree, not passed over.
 */
#define _GNU_SOURCE
#include <bpf/libbpf.h>
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>

#include "address.h"
#include "clones.h"
#include "counters.h"
#include "diag.h"
#include "fastsock.h"
#include "fsctl.h"
#include "module.h"
#include "netns.h"
#include "notes.h"
#include "outgoing.h"
#include "owners.h"
#include "pins.h"
#include "rows.h"
#include "state.h"
#include "status_table.h"
#include "unserved.h"

struct view {
	struct rows rows;
	__u64 netns;
	struct diag tcp, udp;
	struct owners owners;
	struct clones clones;
	bool clones_known;
	struct notes notes;
	struct json_object *not_read;
};

#define ADD(object, name, kind, value) \
	json_object_object_add(object, name, json_object_new_##kind(value))

static void not_read(const struct view *view, const char *what, int error)
{
	char text[160];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(error));
	json_object_array_add(view->not_read, json_object_new_string(text));
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
		ADD(each, "this_netns", boolean, state_here(&state, i));
		json_object_array_add(list, each);
	}
	return list;
}

static void describe_owner(const struct view *view, struct json_object *each, __u64 cookie,
			   unsigned int inode)
{
	const struct owner *owner = inode ? owners_find(&view->owners, inode) : NULL;
	const struct clone *clone = clones_find(&view->clones, cookie);

	if (owner) {
		ADD(each, "pid", int, owner->pid);
		ADD(each, "program", string, owner->comm);
	} else if (clone && clone->pid) {
		ADD(each, "pid", int, clone->pid);
	}
	if (clone && clone->tid)
		ADD(each, "tid", int, clone->tid);
	/* A clone outlives the module, so without it nobody knows. */
	json_object_object_add(each, "clone",
			       view->clones_known ? json_object_new_boolean(clone != NULL) : NULL);
}

/* NULL: the slot is empty. */
static struct json_object *describe_slot(const struct view *view, __u32 slot)
{
	const struct diag_socket *found;
	__u64 cookie = rows_cookie(&view->rows, slot);
	struct json_object *each;

	if (!cookie)
		return NULL;
	each = json_object_new_object();
	ADD(each, "cookie", uint64, cookie);
	found = diag_find(&view->tcp, cookie);
	if (!found)
		found = diag_find(&view->udp, cookie);
	if (found) {
		ADD(each, "queue", int, found->queue);
		ADD(each, "backlog", int, found->backlog);
	}
	describe_owner(view, each, cookie, found ? found->inode : 0);
	return each;
}

static struct json_object *describe_cpus(const struct view *view, __u32 row)
{
	struct fastsock_counters *counters = calloc(view->rows.config.cpus, sizeof(*counters));
	struct json_object *list = json_object_new_array();

	if (counters)
		counters_read(view->rows.counters, row, counters);
	for (__u32 cpu = 0; counters && cpu < view->rows.config.cpus; cpu++) {
		struct json_object *each = json_object_new_object();
		struct json_object *sockets = json_object_new_array();

		for (__u32 lane = 0; lane < FASTSOCK_LANES; lane++) {
			struct json_object *socket = describe_slot(view,
				fastsock_slot(row, view->rows.config.cpus, cpu, lane));

			if (socket)
				json_object_array_add(sockets, socket);
		}
		ADD(each, "cpu", int, cpu);
		json_object_object_add(each, "listeners", sockets);
		json_object_object_add(each, "selected", counters_json(&counters[cpu]));
		json_object_array_add(list, each);
	}
	free(counters);
	return list;
}

static struct json_object *describe_groups(const struct view *view)
{
	struct json_object *list = json_object_new_array(), *original;
	struct fastsock_group group;
	char address[ADDRESS_TEXT];

	for (__u32 row = 0; row < view->rows.config.groups; row++) {
		struct json_object *each;

		/* A row outlives its last socket until somebody needs it. */
		if (!rows_read(&view->rows, row, &group) || !rows_used(&view->rows, row))
			continue;
		each = json_object_new_object();
		address_format(address, group.key.family, group.key.addr, group.key.port);
		ADD(each, "address", string, address);
		ADD(each, "family", string, group.key.family == AF_INET6 ? "inet6" : "inet");
		ADD(each, "protocol", string, group.key.protocol == IPPROTO_UDP ? "udp" : "tcp");
		ADD(each, "this_netns", boolean, group.key.netns == view->netns);
		ADD(each, "netns_cookie", uint64, group.key.netns);
		ADD(each, "uid", int, group.key.uid);
		ADD(each, "ifindex", int, group.key.ifindex);
		original = describe_slot(view, fastsock_original_slot(row, view->rows.config.cpus));
		if (original)
			json_object_object_add(each, "original", original);
		json_object_object_add(each, "cpus", describe_cpus(view, row));
		json_object_array_add(list, each);
	}
	return list;
}

/* Where there is none the kernel need not load udp_diag for us. */
static bool any_udp(const struct view *view)
{
	struct fastsock_group group;

	for (__u32 row = 0; row < view->rows.config.groups; row++)
		if (rows_read(&view->rows, row, &group) && group.key.protocol == IPPROTO_UDP)
			return true;
	return false;
}

static void read_sockets(struct view *view)
{
	if (!diag_listeners(&view->tcp))
		not_read(view, "sockets (sock_diag)", errno);
	if (any_udp(view) && !diag_unconnected(&view->udp))
		not_read(view, "UDP sockets (sock_diag)", errno);
	if (!notes_read(&view->notes) && errno != ENOENT)
		not_read(view, "what the library noted", errno);
	if (!owners_read(&view->owners))
		not_read(view, "/proc", errno);
	else if (view->owners.incomplete)
		not_read(view, "processes of other users", EACCES);
	if (!module_loaded())
		return;
	view->clones_known = clones_read(&view->clones);
	if (!view->clones_known)
		not_read(view, "which sockets are clones (needs CAP_NET_ADMIN)", errno);
}

static void describe_listeners(struct json_object *root, struct view *view)
{
	const char *missing = rows_open(&view->rows);

	if (missing) {
		not_read(view, missing, errno);
		return;
	}
	view->netns = netns_cookie();
	read_sockets(view);
	json_object_object_add(root, "listeners", describe_groups(view));
	json_object_object_add(root, "not_served", unserved_describe(&view->rows, &view->tcp,
								     &view->owners, &view->notes));
	notes_free(&view->notes);
	clones_free(&view->clones);
	owners_free(&view->owners);
	diag_free(&view->udp);
	diag_free(&view->tcp);
	rows_close(&view->rows);
}

static void describe_pins(struct json_object *root)
{
	struct view view = { .not_read = json_object_new_array() };

	if (pins_config(&view.rows.config)) {
		ADD(root, "enabled", boolean, view.rows.config.enabled);
		ADD(root, "spill", boolean, view.rows.config.enabled & FASTSOCK_SPILLS);
		ADD(root, "pins_abi", int, view.rows.config.abi);
		if (view.rows.config.abi == FASTSOCK_PINS_ABI)
			describe_listeners(root, &view);
	} else if (errno == ENOENT) {
		ADD(root, "enabled", boolean, false);
	} else {
		json_object_object_add(root, "enabled", NULL);
		not_read(&view, FASTSOCK_PINS, errno);
	}
	json_object_object_add(root, "not_read", view.not_read);
}

int command_status(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	struct json_object *root, *outgoing;
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
	outgoing = outgoing_describe();
	if (outgoing)
		json_object_object_add(root, "outgoing", outgoing);
	if (json)
		printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	else
		status_print(root);
	json_object_put(root);
	return EXIT_SUCCESS;
}
