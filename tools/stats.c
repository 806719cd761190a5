// SPDX-License-Identifier: GPL-2.0-only
/* stats: the selection program's counters, once or again and again. */
#define _GNU_SOURCE
#include <bpf/libbpf.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "address.h"
#include "counters.h"
#include "fsctl.h"
#include "netns.h"
#include "pins.h"
#include "rows.h"

struct wanted {
	struct address_filter only;
	double seconds;		/* 0: once */
	bool json;
};

/* The counters of each row and CPU at one time. */
struct sample {
	struct timespec when;
	bool *shown;		/* by row */
	struct fastsock_counters *counters;	/* by row, then CPU */
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static struct fastsock_counters *at(const struct rows *rows, const struct sample *sample,
				    __u32 row, __u32 cpu)
{
	return &sample->counters[row * rows->config.cpus + cpu];
}

static struct fastsock_counters sum_of(const struct rows *rows, const struct sample *sample,
				       __u32 row)
{
	struct fastsock_counters sum = { 0 };

	for (__u32 cpu = 0; cpu < rows->config.cpus; cpu++)
		counters_add(&sum, at(rows, sample, row, cpu));
	return sum;
}

static bool is_zero(struct fastsock_counters counters)
{
	struct fastsock_counters zero = { 0 };

	return !memcmp(&counters, &zero, sizeof(zero));
}

static bool sample_make(const struct rows *rows, struct sample *sample)
{
	sample->shown = calloc(rows->config.groups, sizeof(*sample->shown));
	sample->counters = calloc((size_t)rows->config.groups * rows->config.cpus,
				  sizeof(*sample->counters));
	if (sample->shown && sample->counters)
		return true;
	complain("out of memory");
	return false;
}

static void sample_free(struct sample *sample)
{
	free(sample->shown);
	free(sample->counters);
}

static void sample_take(const struct rows *rows, const struct wanted *wanted, struct sample *sample)
{
	struct fastsock_group group;

	clock_gettime(CLOCK_MONOTONIC, &sample->when);
	for (__u32 row = 0; row < rows->config.groups; row++) {
		sample->shown[row] = rows_read(rows, row, &group) &&
			address_matches(&wanted->only, group.key.family, group.key.addr,
					group.key.port) &&
			counters_read(rows->counters, row, at(rows, sample, row, 0));
		/* One whose server is gone is told about as long as it has something to tell. */
		sample->shown[row] = sample->shown[row] &&
			(rows_used(rows, row) || !is_zero(sum_of(rows, sample, row)));
	}
}

static double seconds_between(const struct sample *before, const struct sample *now)
{
	return now->when.tv_sec - before->when.tv_sec +
	       (now->when.tv_nsec - before->when.tv_nsec) / 1e9;
}

static void print_line(const char *label, struct fastsock_counters now,
		       struct fastsock_counters *before, double seconds)
{
	printf("  %-7s", label);
	for (size_t kind = 0; kind < COUNTER_KINDS; kind++) {
		if (before)
			printf(" %12.0f", (*counter(&now, kind) - *counter(before, kind)) / seconds);
		else
			printf(" %12llu", *counter(&now, kind));
	}
	putchar('\n');
}

static void print_row(const struct rows *rows, __u32 row, const struct sample *before,
		      const struct sample *now)
{
	double seconds = before ? seconds_between(before, now) : 1;
	struct fastsock_counters sum = sum_of(rows, now, row), was;
	struct fastsock_group group = { 0 };
	char text[ADDRESS_TEXT], label[16];
	bool here;

	rows_read(rows, row, &group);
	here = group.key.netns == netns_cookie();
	address_format(text, group.key.family, group.key.addr, group.key.port);
	printf("%s%s", group.key.protocol == IPPROTO_UDP ? "udp " : "", text);
	if (!here)
		printf("  (another network namespace, cookie %llu)", group.key.netns);
	printf("%s\n", before ? "  per second" : "");
	for (__u32 cpu = 0; cpu < rows->config.cpus; cpu++) {
		snprintf(label, sizeof(label), "CPU %u", cpu);
		print_line(label, *at(rows, now, row, cpu),
			   before ? at(rows, before, row, cpu) : NULL, seconds);
	}
	if (before)
		was = sum_of(rows, before, row);
	print_line("total", sum, before ? &was : NULL, seconds);
}

static void print_table(const struct rows *rows, const struct sample *before,
			const struct sample *now)
{
	bool any = false;

	printf("  %-7s", "");
	for (size_t kind = 0; kind < COUNTER_KINDS; kind++)
		printf(" %12s", counter_kinds[kind].name);
	putchar('\n');
	for (__u32 row = 0; row < rows->config.groups; row++) {
		if (!now->shown[row])
			continue;
		print_row(rows, row, before, now);
		any = true;
	}
	if (!any)
		printf("no listener\n");
}

static struct json_object *rates(struct fastsock_counters now, struct fastsock_counters before,
				 double seconds)
{
	struct json_object *object = json_object_new_object();

	for (size_t kind = 0; kind < COUNTER_KINDS; kind++)
		json_object_object_add(object, counter_kinds[kind].name, json_object_new_double(
			round((*counter(&now, kind) - *counter(&before, kind)) / seconds * 10) / 10));
	return object;
}

#define ADD(object, name, kind, value) \
	json_object_object_add(object, name, json_object_new_##kind(value))

static struct json_object *describe_row(const struct rows *rows, __u32 row,
					const struct sample *before, const struct sample *now)
{
	struct json_object *each = json_object_new_object(), *cpus = json_object_new_array();
	double seconds = before ? seconds_between(before, now) : 1;
	struct fastsock_counters sum = sum_of(rows, now, row);
	struct fastsock_group group = { 0 };
	struct json_object *total;
	char text[ADDRESS_TEXT];

	rows_read(rows, row, &group);
	address_format(text, group.key.family, group.key.addr, group.key.port);
	ADD(each, "address", string, text);
	ADD(each, "protocol", string, group.key.protocol == IPPROTO_UDP ? "udp" : "tcp");
	ADD(each, "uid", int, group.key.uid);
	ADD(each, "this_netns", boolean, group.key.netns == netns_cookie());
	ADD(each, "netns_cookie", uint64, group.key.netns);
	for (__u32 cpu = 0; cpu < rows->config.cpus; cpu++) {
		struct json_object *one = counters_json(at(rows, now, row, cpu));

		ADD(one, "cpu", int, cpu);
		if (before)
			json_object_object_add(one, "per_second",
				rates(*at(rows, now, row, cpu), *at(rows, before, row, cpu), seconds));
		json_object_array_add(cpus, one);
	}
	json_object_object_add(each, "cpus", cpus);
	total = counters_json(&sum);
	if (before)
		json_object_object_add(total, "per_second",
				       rates(sum, sum_of(rows, before, row), seconds));
	json_object_object_add(each, "total", total);
	return each;
}

/* With --watch one line for each time, so that a reader can tell them apart. */
static void print_json(const struct rows *rows, const struct wanted *wanted,
		       const struct sample *before, const struct sample *now)
{
	struct json_object *root = json_object_new_object(), *list = json_object_new_array();

	for (__u32 row = 0; row < rows->config.groups; row++)
		if (now->shown[row])
			json_object_array_add(list, describe_row(rows, row, before, now));
	if (before)
		ADD(root, "seconds", double, seconds_between(before, now));
	json_object_object_add(root, "listeners", list);
	printf("%s\n", json_object_to_json_string_ext(root, wanted->seconds ?
						      JSON_C_TO_STRING_PLAIN :
						      JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
}

static void print(const struct rows *rows, const struct wanted *wanted,
		  const struct sample *before, const struct sample *now)
{
	if (wanted->json)
		print_json(rows, wanted, before, now);
	else
		print_table(rows, before, now);
}

/* The maps live as long as we have them open: whether they are the pinned ones still? */
static bool still_enabled(void)
{
	struct fastsock_config config;

	return pins_config(&config) && config.enabled;
}

static int watch(const struct rows *rows, const struct wanted *wanted)
{
	struct sigaction action = { .sa_handler = on_interrupt };
	struct timespec pause = {
		.tv_sec = wanted->seconds,
		.tv_nsec = (wanted->seconds - floor(wanted->seconds)) * 1e9,
	};
	struct sample samples[2] = { 0 };
	int status = EXIT_FAILURE, now = 1;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (!sample_make(rows, &samples[0]) || !sample_make(rows, &samples[1]))
		goto out;
	sample_take(rows, wanted, &samples[0]);
	status = EXIT_SUCCESS;
	while (!interrupted && !nanosleep(&pause, NULL)) {
		if (!still_enabled()) {
			complain("fastsock was disabled meanwhile");
			status = EXIT_FAILURE;
			break;
		}
		sample_take(rows, wanted, &samples[now]);
		print(rows, wanted, &samples[!now], &samples[now]);
		if (fflush(stdout))
			break;
		now = !now;
	}
out:
	sample_free(&samples[0]);
	sample_free(&samples[1]);
	return status;
}

static int once(const struct rows *rows, const struct wanted *wanted)
{
	struct sample sample = { 0 };
	bool made = sample_make(rows, &sample);

	if (made) {
		sample_take(rows, wanted, &sample);
		print(rows, wanted, NULL, &sample);
	}
	sample_free(&sample);
	return made ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int stats(const struct wanted *wanted)
{
	struct rows rows = { 0 };
	const char *missing = NULL;
	int status;

	if (!pins_config(&rows.config))
		missing = "config";
	else if (rows.config.abi != FASTSOCK_PINS_ABI) {
		complain("enabled by another version: ABI %u, fsctl has %u; run 'fsctl disable --all' "
			 "and enable anew", rows.config.abi, FASTSOCK_PINS_ABI);
		return EXIT_FAILURE;
	}
	if (!missing)
		missing = rows_open(&rows);
	if (missing) {
		complain(FASTSOCK_PINS "/%s: %s%s", missing, strerror(errno), errno == ENOENT ?
			 " (not enabled; run 'fsctl enable --iface IF' first)" :
			 " (root may, and the group of 'fsctl enable --group')");
		return EXIT_FAILURE;
	}
	status = wanted->seconds ? watch(&rows, wanted) : once(&rows, wanted);
	rows_close(&rows);
	return status;
}

static bool parse_seconds(const char *text, double *seconds)
{
	char *end;

	*seconds = strtod(text, &end);
	return end != text && !*end && *seconds >= 0.1 && *seconds <= 86400;
}

int command_stats(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "watch", optional_argument, NULL, 'w' },
		{ "listener", required_argument, NULL, 'l' },
		{ 0 },
	};
	struct wanted wanted = { 0 };
	const char *seconds;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":jw::l:", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			wanted.json = true;
			break;
		case 'w':
			/* getopt_long() knows an optional value only behind '='. */
			seconds = optarg;
			if (!seconds && optind < argc && argv[optind][0] != '-')
				seconds = argv[optind++];
			if (!parse_seconds(seconds ? seconds : "1", &wanted.seconds))
				return usage_error("'%s' is no number of seconds from 0.1 to 86400",
						   seconds);
			break;
		case 'l':
			if (!address_parse(optarg, &wanted.only))
				return usage_error("'%s' is no ADDRESS:PORT, :PORT or PORT (IPv6: "
						   "[ADDRESS]:PORT)", optarg);
			break;
		case ':':
			return usage_error("%s needs a value", argv[optind - 1]);
		default:
			return usage_error("unknown option '%s'", argv[optind - 1]);
		}
	}
	if (optind < argc)
		return usage_error("'%s' is one word too many", argv[optind]);
	libbpf_set_print(NULL);
	return stats(&wanted);
}
