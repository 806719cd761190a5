// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: do replies arrive where the library was told, and if not, why.  Findings
 * are looked for first and told in any case: they explain what the probe shows.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "expect.h"
#include "fsctl.h"
#include "hazards.h"
#include "interface.h"
#include "netns.h"
#include "probe.h"
#include "refresh.h"
#include "rfd.h"
#include "state.h"
#include "steering.h"

#define ADD(object, name, kind, value) \
	json_object_object_add(object, name, json_object_new_##kind(value))

struct patient {
	const char *interface;
	const struct mode *mode;
	struct device device;
	struct fastsock_rfd entry;
	struct json_object *findings;
};

static void find(void *data, const char *sentence)
{
	json_object_array_add(((struct patient *)data)->findings, json_object_new_string(sentence));
}

/* Does the device still do what the library was told? */
static void compare(struct patient *patient, const struct state *state, int at)
{
	static struct fastsock_rfd now;
	char text[512], why[REFRESH_WHY];

	switch (refresh_compare(state, at, &patient->entry, &now, why)) {
	case REFRESH_SAME:
		break;
	case REFRESH_CHANGED:
		snprintf(text, sizeof(text), "the device has changed since: %s; 'fsctl refresh' tells "
			 "the library", why);
		find(patient, text);
		break;
	case REFRESH_BROKEN:
		snprintf(text, sizeof(text), "mode %s does not work any more: %s", patient->mode->name,
			 why);
		find(patient, text);
		break;
	}
}

/* "ADDRESS:PORT", "[ADDRESS]:PORT"; false: it is neither. */
static bool parse_peer(const char *text, struct sockaddr_storage *peer)
{
	struct sockaddr_in6 *six = (void *)peer;
	struct sockaddr_in *four = (void *)peer;
	struct address_filter address;

	if (!address_parse(text, &address) || !address.family || !address.port)
		return false;
	memset(peer, 0, sizeof(*peer));
	peer->ss_family = address.family;
	if (address.family == AF_INET6)
		memcpy(&six->sin6_addr, address.addr, 16);
	else
		memcpy(&four->sin_addr, address.addr, 4);
	address_set_port(peer, ntohs(address.port));
	return true;
}

static struct json_object *describe_cpus(const struct patient *patient, const struct probe *probe)
{
	struct json_object *list = json_object_new_array(), *each;

	for (__u32 cpu = 0; cpu < FASTSOCK_RFD_CPUS; cpu++) {
		if (!expect_takes_part(&patient->entry, cpu))
			continue;
		each = json_object_new_object();
		ADD(each, "cpu", int, cpu);
		ADD(each, "home", int, probe->home[cpu]);
		ADD(each, "away", int, probe->away[cpu]);
		if (probe->away[cpu])
			ADD(each, "seen_on", int, probe->seen_on[cpu]);
		json_object_array_add(list, each);
	}
	return list;
}

static void print(const struct patient *patient, const struct probe *probe, bool connected)
{
	for (size_t i = 0; i < json_object_array_length(patient->findings); i++)
		printf("%s: %s\n", patient->interface,
		       json_object_get_string(json_object_array_get_idx(patient->findings, i)));
	for (__u32 cpu = 0; cpu < FASTSOCK_RFD_CPUS; cpu++) {
		if (!expect_takes_part(&patient->entry, cpu))
			continue;
		printf("  CPU %-4u %6u home %6u elsewhere", cpu, probe->home[cpu], probe->away[cpu]);
		if (probe->away[cpu])
			printf(", such as on CPU %d", probe->seen_on[cpu]);
		putchar('\n');
	}
	if (probe->failed)
		printf("%s: %u connections failed: %s\n", patient->interface, probe->failed,
		       strerror(probe->error));
	if (!probe->connections)
		printf("%s: no reply was seen%s\n", patient->interface, connected ? "" :
		       ": there is no connection to look at; --peer ADDRESS:PORT makes some");
	else
		printf("%s: %u of %u replies arrived where they should\n", patient->interface,
		       probe->connections - probe->strays, probe->connections);
	if (probe->strays && !json_object_array_length(patient->findings))
		printf("%s: no reason found: does the device hash as it says? does a tunnel, a bond "
		       "or a program (tc, XDP) stand before it?\n", patient->interface);
}

static void print_json(const struct patient *patient, const struct probe *probe, bool healthy)
{
	struct json_object *root = json_object_new_object();

	ADD(root, "interface", string, patient->interface);
	ADD(root, "mode", string, patient->mode->name);
	ADD(root, "healthy", boolean, healthy);
	ADD(root, "replies", int, probe->connections);
	ADD(root, "home", int, probe->connections - probe->strays);
	ADD(root, "failed", int, probe->failed);
	if (probe->failed)
		ADD(root, "error", string, strerror(probe->error));
	json_object_object_add(root, "cpus", describe_cpus(patient, probe));
	json_object_object_add(root, "findings", json_object_get(patient->findings));
	printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
}

static int examine(struct patient *patient, const struct sockaddr_storage *peer,
		   unsigned int count, bool json)
{
	static struct probe probe;
	bool healthy;

	hazards_look(&patient->device, patient->mode->layout == MODE_QUEUES, find, patient);
	if (peer)
		probe_connect(&patient->device, &patient->entry, peer, count, &probe);
	else
		probe_look(&patient->device, &patient->entry, &probe);
	healthy = probe.connections && !probe.strays && !probe.failed;
	if (json)
		print_json(patient, &probe, healthy);
	else
		print(patient, &probe, peer);
	return healthy ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool elsewhere(const struct state *state, const char *name)
{
	for (int i = 0; i < state->interfaces; i++)
		if (!strcmp(state->interface[i].name, name))
			return true;
	return false;
}

static int doctor(const char *interface, const struct sockaddr_storage *peer, unsigned int count,
		  bool json)
{
	static struct patient patient;
	struct state state;
	int at, status;

	if (!state_read(&state))
		return EXIT_FAILURE;
	at = state_find(&state, interface);
	if (at < 0) {
		complain(elsewhere(&state, interface) ?
			 "%s is enabled in another network namespace: run fsctl there (nsenter --net)" :
			 "%s is not enabled: 'fsctl enable --iface %s --mode auto' first", interface,
			 interface);
		return EXIT_FAILURE;
	}
	patient.interface = interface;
	patient.mode = mode_find(state.interface[at].mode);
	if (!patient.mode || !strcmp(patient.mode->name, "off")) {
		complain("%s: no mode brings replies home there: 'fsctl enable --iface %s --mode auto' "
			 "chooses one", interface, interface);
		return EXIT_FAILURE;
	}
	if (!rfd_read(state.interface[at].ifindex, state.interface[at].netns_cookie,
		      &patient.entry)) {
		complain("%s: what the library was told cannot be read: %s", interface,
			 errno == EAGAIN ? "fsctl was killed as it wrote; 'fsctl refresh' repairs it" :
			 strerror(errno));
		return EXIT_FAILURE;
	}
	if (!device_open(&patient.device, state.interface[at].ifindex)) {
		complain("%s is gone since it was enabled; 'fsctl disable --iface %s', then enable "
			 "anew", interface, interface);
		return EXIT_FAILURE;
	}
	patient.findings = json_object_new_array();
	compare(&patient, &state, at);
	status = examine(&patient, peer, count, json);
	json_object_put(patient.findings);
	device_close(&patient.device);
	return status;
}

int command_doctor(int argc, char **argv)
{
	static const struct option options[] = {
		{ "iface", required_argument, NULL, 'i' },
		{ "peer", required_argument, NULL, 'p' },
		{ "count", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	struct sockaddr_storage peer = { 0 };
	const char *interface = NULL;
	unsigned long count = 16;
	bool json = false;
	int option;
	char *end;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":i:p:c:j", options, NULL)) != -1) {
		switch (option) {
		case 'i':
			interface = optarg;
			break;
		case 'p':
			if (!parse_peer(optarg, &peer))
				return usage_error("--peer %s: not ADDRESS:PORT or [ADDRESS]:PORT, by "
						   "numbers", optarg);
			break;
		case 'c':
			count = strtoul(optarg, &end, 10);
			if (*optarg < '0' || *optarg > '9' || *end || !count || count > 10000)
				return usage_error("--count %s: not a number from 1 to 10000", optarg);
			break;
		case 'j':
			json = true;
			break;
		case ':':
			return usage_error("%s needs a value", argv[optind - 1]);
		default:
			return usage_error("unknown option '%s'", argv[optind - 1]);
		}
	}
	if (optind < argc)
		return usage_error("'%s' is one word too many", argv[optind]);
	if (!interface)
		return usage_error("--iface IF is missing: which interface is to be examined?");
	if (interface_check_name(interface))
		return EXIT_USAGE;
	if (interface_check_exists(interface))
		return EXIT_FAILURE;
	return doctor(interface, peer.ss_family ? &peer : NULL, count, json);
}
