// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdio.h>

#include "counters.h"
#include "fastsock.h"
#include "outgoing.h"
#include "status_table.h"

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

static const char *kind(struct json_object *socket)
{
	struct json_object *clone = get(socket, "clone");

	return !clone ? "-" : json_object_get_boolean(clone) ? "clone" : "socket";
}

/* The thread only where it is not the process's first. */
static void print_socket(const char *label, struct json_object *socket)
{
	struct json_object *program = get(socket, "program");
	char owner[64] = "-", queue[32] = "-";
	int used;

	if (get(socket, "pid")) {
		used = snprintf(owner, sizeof(owner), "%s/%lld",
				program ? json_object_get_string(program) : "?",
				number(socket, "pid"));
		if (get(socket, "tid") && number(socket, "tid") != number(socket, "pid"))
			snprintf(owner + used, sizeof(owner) - used, "/%lld", number(socket, "tid"));
	}
	if (get(socket, "queue"))
		snprintf(queue, sizeof(queue), "%lld/%lld", number(socket, "queue"),
			 number(socket, "backlog"));
	printf("  %-9s %-22s %-9s %-7s", label, owner, queue, kind(socket));
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
	for (size_t i = 0; i < COUNTER_KINDS; i++)
		printf(" %10lld", number(selected, counter_kinds[i].name));
	putchar('\n');
}

static bool udp(struct json_object *listener)
{
	return *json_object_get_string(get(listener, "protocol")) == 'u';
}

static void print_listeners(struct json_object *list)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *each = json_object_array_get_idx(list, i);
		struct json_object *cpus = get(each, "cpus"), *original = get(each, "original");

		printf("\n%s%s  uid %lld%s\n", udp(each) ? "udp " : "", json_object_get_string(get(each, "address")),
		       number(each, "uid"),
		       json_object_get_boolean(get(each, "this_netns")) ? "" :
			       "  (another network namespace)");
		printf("  %-9s %-22s %-9s %-7s", "", "program/pid[/tid]", "queue", "kind");
		for (size_t kind = 0; kind < COUNTER_KINDS; kind++)
			printf(" %10s", counter_kinds[kind].name);
		putchar('\n');
		for (size_t cpu = 0; cpu < json_object_array_length(cpus); cpu++)
			print_cpu(json_object_array_get_idx(cpus, cpu));
		if (original) {
			print_socket("original", original);
			putchar('\n');
		}
	}
}

static void print_unserved(struct json_object *list)
{
	char owner[40];

	if (json_object_array_length(list))
		printf("\nnot served\n");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *each = json_object_array_get_idx(list, i);

		snprintf(owner, sizeof(owner), "-");
		if (get(each, "pid"))
			snprintf(owner, sizeof(owner), "%s/%lld",
				 json_object_get_string(get(each, "program")), number(each, "pid"));
		printf("  %-22s %-22s %s%s\n", json_object_get_string(get(each, "address")), owner,
		       get(each, "only_this_worker") ? "this worker only: " : "",
		       json_object_get_string(get(each, "why")));
	}
}

static void print_module(struct json_object *module)
{
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
}

static void print_selection(struct json_object *root)
{
	struct json_object *enabled = get(root, "enabled");

	printf("selection   %s", !enabled ? "not to be seen by this user" :
	       json_object_get_boolean(enabled) ? "enabled" : "not enabled");
	if (get(root, "spill") && json_object_get_boolean(enabled) &&
	    !json_object_get_boolean(get(root, "spill")))
		printf(", nothing spills");
	if (get(root, "pins_abi") && number(root, "pins_abi") != FASTSOCK_PINS_ABI)
		printf(", by another version: ABI %lld, fsctl has %u; run 'fsctl disable --all' and "
		       "enable anew", number(root, "pins_abi"), FASTSOCK_PINS_ABI);
	putchar('\n');
}

void status_print(struct json_object *root)
{
	struct json_object *list = get(root, "interfaces"), *missing = get(root, "not_read");

	print_module(get(root, "module"));
	print_selection(root);
	printf("interfaces ");
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *each = json_object_array_get_idx(list, i);

		printf(" %s%s", json_object_get_string(get(each, "name")),
		       json_object_get_boolean(get(each, "this_netns")) ? "" : " (other netns)");
	}
	printf("%s\n", json_object_array_length(list) ? "" : " none");
	for (size_t i = 0; i < json_object_array_length(missing); i++)
		printf("not read    %s\n",
		       json_object_get_string(json_object_array_get_idx(missing, i)));
	if (get(root, "listeners"))
		print_listeners(get(root, "listeners"));
	if (get(root, "not_served"))
		print_unserved(get(root, "not_served"));
	if (get(root, "outgoing"))
		outgoing_print(get(root, "outgoing"));
}

