// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "expect.h"
#include "headroom.h"
#include "outgoing.h"
#include "pins.h"
#include "queues.h"
#include "rfd.h"
#include "state.h"

#define ADD(object, name, kind, value) \
	json_object_object_add(object, name, json_object_new_##kind(value))

static int queue_of(const struct queues *queues, int cpu)
{
	for (unsigned int i = 0; i < queues->rx; i++)
		if (queues->queue[i].cpu == cpu)
			return i;
	return -1;
}

static struct json_object *describe_ports(const struct fastsock_rfd *entry, int cpu)
{
	__u32 lo = entry->port_lo, hi = entry->port_hi;
	char text[16];

	if (entry->mode == FASTSOCK_RFD_BLOCKS) {
		lo = fastsock_block_first(&entry->blocks, entry->block_of_cpu[cpu]);
		hi = fastsock_block_last(&entry->blocks, entry->block_of_cpu[cpu]);
	}
	snprintf(text, sizeof(text), "%u-%u", lo, hi);
	return json_object_new_string(text);
}

static struct json_object *describe_cpus(const struct fastsock_rfd *entry,
					 const struct queues *queues)
{
	struct json_object *list = json_object_new_array(), *each;
	static struct headroom headroom;
	int queue;

	headroom_read(entry, &headroom);
	for (__u32 cpu = 0; cpu < FASTSOCK_RFD_CPUS; cpu++) {
		if (!expect_takes_part(entry, cpu))
			continue;
		each = json_object_new_object();
		queue = queue_of(queues, cpu);
		ADD(each, "cpu", int, cpu);
		if (queue >= 0)
			ADD(each, "queue", int, queue);
		json_object_object_add(each, "ports", describe_ports(entry, cpu));
		ADD(each, "headroom", int, headroom.ports[cpu]);
		json_object_array_add(list, each);
	}
	return list;
}

static struct json_object *describe_interface(const struct state *state, int at)
{
	struct json_object *object = json_object_new_object();
	struct queues *queues = calloc(1, sizeof(*queues));
	static struct fastsock_rfd entry;
	struct device device;

	ADD(object, "name", string, state->interface[at].name);
	ADD(object, "mode", string, state->interface[at].mode);
	if (!rfd_read(state->interface[at].ifindex, state->interface[at].netns_cookie, &entry)) {
		ADD(object, "error", string, strerror(errno));
	} else if (queues) {
		if (device_open(&device, state->interface[at].ifindex))
			queues_read(&device, queues);
		device_close(&device);
		json_object_object_add(object, "cpus", describe_cpus(&entry, queues));
	}
	free(queues);
	return object;
}

static struct json_object *describe_counters(void)
{
	int cpus = libbpf_num_possible_cpus(), fd = pins_open("rfd_counters");
	struct json_object *list = json_object_new_array(), *each;
	struct fastsock_rfd_counters counters;

	for (__u32 cpu = 0; fd >= 0 && (int)cpu < cpus; cpu++) {
		if (bpf_map_lookup_elem(fd, &cpu, &counters))
			break;
		each = json_object_new_object();
		ADD(each, "cpu", int, cpu);
		ADD(each, "chosen", uint64, counters.chosen);
		ADD(each, "exhausted", uint64, counters.exhausted);
		ADD(each, "no_queue", uint64, counters.no_queue);
		json_object_array_add(list, each);
	}
	if (fd >= 0)
		close(fd);
	return list;
}

struct json_object *outgoing_describe(void)
{
	struct json_object *object, *list;
	static struct state state;

	if (!state_read(&state))
		return NULL;
	list = json_object_new_array();
	for (int at = 0; at < state.interfaces; at++)
		if (*state.interface[at].mode && strcmp(state.interface[at].mode, "off") &&
		    state_here(&state, at))
			json_object_array_add(list, describe_interface(&state, at));
	if (!json_object_array_length(list)) {
		json_object_put(list);
		return NULL;
	}
	object = json_object_new_object();
	json_object_object_add(object, "interfaces", list);
	json_object_object_add(object, "cpus", describe_counters());
	return object;
}

static struct json_object *get(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(object, name, &value);
	return value;
}

static void print_interface(struct json_object *each)
{
	struct json_object *cpus = get(each, "cpus"), *cpu;
	size_t count = cpus ? json_object_array_length(cpus) : 0;

	printf("\n%s  replies of outgoing connections: %s%s%s\n",
	       json_object_get_string(get(each, "name")), json_object_get_string(get(each, "mode")),
	       get(each, "error") ? ": no entry: " : "",
	       get(each, "error") ? json_object_get_string(get(each, "error")) : "");
	if (count)
		printf("  %-9s %-6s %-12s %s\n", "", "queue", "ports", "for each destination");
	for (size_t i = 0; i < count; i++) {
		cpu = json_object_array_get_idx(cpus, i);
		printf("  CPU %-5s %-6s %-12s %s\n", json_object_get_string(get(cpu, "cpu")),
		       get(cpu, "queue") ? json_object_get_string(get(cpu, "queue")) : "-",
		       json_object_get_string(get(cpu, "ports")),
		       json_object_get_string(get(cpu, "headroom")));
	}
}

void outgoing_print(struct json_object *outgoing)
{
	struct json_object *list = get(outgoing, "interfaces"), *cpus = get(outgoing, "cpus"), *each;

	for (size_t i = 0; i < json_object_array_length(list); i++)
		print_interface(json_object_array_get_idx(list, i));
	printf("\noutgoing connections by the CPU that made them\n  %-9s %10s %10s %10s\n", "", "chosen",
	       "exhausted", "no queue");
	for (size_t i = 0; i < json_object_array_length(cpus); i++) {
		each = json_object_array_get_idx(cpus, i);
		printf("  CPU %-5s %10s %10s %10s\n", json_object_get_string(get(each, "cpu")),
		       json_object_get_string(get(each, "chosen")),
		       json_object_get_string(get(each, "exhausted")),
		       json_object_get_string(get(each, "no_queue")));
	}
}
