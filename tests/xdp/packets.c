// SPDX-License-Identifier: GPL-2.0-only
/*
 * The steering program on crafted frames, one at a time (BPF_PROG_TEST_RUN), on
 * CPU 0.  Block 0 (ports 32768 ...) is CPU 0's, block 1 (40960 ...) is CPU 1's,
 * block 2 (49152 ...) nobody's.  The program finds the sockets of this network
 * namespace, so that has to be a private one, and fd77::1/64 an address of lo.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fastsock_rfd.h"
#include "steer.h"

#include "steer.skel.h"

#define HOME		33000
#define AWAY		41000
#define NOBODY		50000
#define OUTSIDE		8080
#define FRAME_MAX	70000

enum check { FULL, PARTIAL, NONE };	/* the checksum field */

/* What a frame is made of; zero is a bare TCP segment over IPv4. */
struct recipe {
	bool ip6, udp;
	int tags;		/* VLAN tags */
	int options;		/* bytes of IPv4 options, or of one IPv6 extension header */
	int extensions;		/* how many of those */
	__u8 extension;		/* which */
	__u16 port;
	__u8 flags;		/* of TCP; 0: ACK */
	enum check check;
	int payload;
};

struct frame {
	__u8 bytes[FRAME_MAX];
	int length;
	int network, transport;		/* where these headers begin */
	__u16 check;			/* where that field is */
};

static struct steer_bpf *steer;
static int program, cases, failed;

static bool verdict(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool verdict(bool good, const char *format, ...)
{
	va_list args;

	printf("%sok %d - ", good ? "" : "not ", ++cases);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	puts("");
	failed += !good;
	return good;
}

/* The plain way, byte by byte. */
static __u32 add(__u32 sum, const void *data, int length)
{
	const __u8 *bytes = data;

	for (int i = 0; i < length; i++) {
		sum += i & 1 ? bytes[i] : bytes[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static __u32 pseudo_sum(const struct frame *frame, const struct recipe *recipe)
{
	__u32 sum = recipe->udp ? IPPROTO_UDP : IPPROTO_TCP;

	sum += frame->length - frame->transport;
	return recipe->ip6 ? add(sum, frame->bytes + frame->network + 8, 32) :
			     add(sum, frame->bytes + frame->network + 12, 8);
}

static __u16 full_check(const struct frame *frame, const struct recipe *recipe)
{
	struct frame copy = *frame;
	__u16 sum;

	memset(copy.bytes + copy.check, 0, 2);
	sum = ~add(pseudo_sum(&copy, recipe), copy.bytes + copy.transport,
		   copy.length - copy.transport);
	return htons(recipe->udp && !sum ? 0xffff : sum);
}

static void put(struct frame *frame, const void *data, int length)
{
	memcpy(frame->bytes + frame->length, data, length);
	frame->length += length;
}

static void put_ip4(struct frame *frame, const struct recipe *recipe, int behind)
{
	__u8 options[40];
	struct iphdr ip = {
		.version = 4, .ihl = 5 + recipe->options / 4,
		.tot_len = htons(20 + recipe->options + behind),
		.ttl = 64, .protocol = recipe->udp ? IPPROTO_UDP : IPPROTO_TCP,
		.saddr = htonl(0x7f000002), .daddr = htonl(0x7f000001),
	};

	memset(options, 1, sizeof(options));
	put(frame, &ip, sizeof(ip));
	put(frame, options, recipe->options);
}

static void put_ip6(struct frame *frame, const struct recipe *recipe, int behind)
{
	__u8 last = recipe->udp ? IPPROTO_UDP : IPPROTO_TCP, extension[2048] = { 0 };
	struct ipv6hdr ip = {
		.version = 6, .hop_limit = 64,
		.payload_len = htons(behind + recipe->extensions * recipe->options),
		.nexthdr = recipe->extensions ? recipe->extension : last,
	};

	inet_pton(AF_INET6, "fd77::2", &ip.saddr);
	inet_pton(AF_INET6, "fd77::1", &ip.daddr);
	put(frame, &ip, sizeof(ip));
	for (int i = 0; i < recipe->extensions; i++) {
		extension[0] = i + 1 < recipe->extensions ? recipe->extension : last;
		extension[1] = recipe->options / 8 - 1;
		put(frame, extension, recipe->options);
	}
}

static struct frame *make(const struct recipe *recipe)
{
	static struct frame frame;
	struct tcphdr tcp = { .source = htons(80), .dest = htons(recipe->port), .doff = 5 };
	struct udphdr udp = { htons(80), htons(recipe->port), htons(8 + recipe->payload), 0 };
	int behind = recipe->payload + (recipe->udp ? sizeof(udp) : sizeof(tcp));
	__u16 type = htons(recipe->ip6 ? ETH_P_IPV6 : ETH_P_IP), check;

	frame.length = 12;
	memset(frame.bytes, 2, frame.length);
	for (int i = 0; i < recipe->tags; i++) {
		__u16 tag[2] = { htons(i + 1 < recipe->tags ? ETH_P_8021AD : ETH_P_8021Q), htons(7) };

		put(&frame, tag, sizeof(tag));
	}
	put(&frame, &type, sizeof(type));
	frame.network = frame.length;
	if (recipe->ip6)
		put_ip6(&frame, recipe, behind);
	else
		put_ip4(&frame, recipe, behind);
	frame.transport = frame.length;
	((__u8 *)&tcp)[13] = recipe->flags ? recipe->flags : 0x10;
	if (recipe->udp)
		put(&frame, &udp, sizeof(udp));
	else
		put(&frame, &tcp, sizeof(tcp));
	for (int i = 0; i < recipe->payload; i++)
		frame.bytes[frame.length++] = i * 7 + 1;
	frame.check = frame.transport + (recipe->udp ? 6 : 16);
	check = recipe->check == FULL ? full_check(&frame, recipe) :
		recipe->check == PARTIAL ? htons(pseudo_sum(&frame, recipe)) : 0;
	memcpy(frame.bytes + frame.check, &check, 2);
	return &frame;
}

static struct steer_counters read_counters(void)
{
	int cpus = libbpf_num_possible_cpus();
	struct steer_counters each[cpus], total = { 0 };
	__u32 zero = 0;

	bpf_map_lookup_elem(bpf_map__fd(steer->maps.steer_counters), &zero, each);
	for (int cpu = 0; cpu < cpus; cpu++)
		for (int i = 0; i < STEER_COUNTS; i++)
			total.count[i] += each[cpu].count[i];
	return total;
}

/* Run it; @out gets the frame as the program leaves it. Returns the action or -errno. */
static int run(const struct frame *frame, int length, __u8 *out, int *counted, int linear)
{
	struct xdp_md context = { .data_end = linear };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->bytes, .data_size_in = length,
		    .data_out = out, .data_size_out = FRAME_MAX);
	struct steer_counters before = read_counters(), after;
	int error;

	if (linear) {
		options.ctx_in = &context;
		options.ctx_size_in = sizeof(context);
	}
	error = bpf_prog_test_run_opts(program, &options);
	if (error)
		return error;
	after = read_counters();
	*counted = -1;
	for (int i = 0; i < STEER_COUNTS; i++)
		if (i != STEER_SUMMED && after.count[i] != before.count[i])
			*counted = *counted < 0 && after.count[i] == before.count[i] + 1 ? i : -2;
	return options.retval;
}

/* A frame that is made by @recipe is counted as @want; what moves has a right checksum. */
static bool counts(const struct recipe *recipe, int want)
{
	struct frame *frame = make(recipe);
	static __u8 out[FRAME_MAX];
	int counted, action = run(frame, frame->length, out, &counted, 0);
	int want_action = want == STEER_MOVED ? XDP_REDIRECT : XDP_PASS;
	__u16 check;

	if (action != want_action || counted != want) {
		printf("# action %d, counted as %d, wanted %d\n", action, counted, want);
		return false;
	}
	if (want == STEER_MOVED && recipe->check != NONE) {
		check = full_check(frame, recipe);
		memcpy(frame->bytes + frame->check, &check, 2);
	}
	if (memcmp(out, frame->bytes, frame->length)) {
		puts("# the frame is not what it should be");
		return false;
	}
	return true;
}

#define R(...) (&(struct recipe){ __VA_ARGS__ })

static void steer__ports(void)
{
	for (int ip6 = 0; ip6 < 2; ip6++) {
		const char *ip = ip6 ? "IPv6" : "IPv4";

		verdict(counts(R(.ip6 = ip6, .port = AWAY), STEER_MOVED), "steer__moves: %s", ip);
		verdict(counts(R(.ip6 = ip6, .port = HOME), STEER_HOME), "steer__at_home: %s", ip);
		verdict(counts(R(.ip6 = ip6, .port = NOBODY), STEER_OTHER),
			"steer__no_cpu: %s, a block without a CPU", ip);
		verdict(counts(R(.ip6 = ip6, .port = OUTSIDE), STEER_OTHER),
			"steer__outside: %s, a port of no block", ip);
		verdict(counts(R(.ip6 = ip6, .port = 40959), STEER_HOME) &&
			counts(R(.ip6 = ip6, .port = 40960), STEER_MOVED) &&
			counts(R(.ip6 = ip6, .port = 49151), STEER_MOVED) &&
			counts(R(.ip6 = ip6, .port = 32767), STEER_OTHER),
			"steer__edges: %s, first and last port of a block", ip);
		for (int tags = 1; tags < 4; tags++)
			verdict(counts(R(.ip6 = ip6, .tags = tags, .port = AWAY),
				       tags <= 2 ? STEER_MOVED : STEER_OTHER),
				"parse__vlan: %s, %d tags", ip, tags);
	}
	verdict(counts(R(.options = 4, .port = AWAY), STEER_MOVED) &&
		counts(R(.options = 40, .port = AWAY), STEER_MOVED), "parse_ip4__options");
	verdict(counts(R(.ip6 = 1, .extensions = 1, .extension = 0, .options = 8, .port = AWAY),
		       STEER_MOVED) &&
		counts(R(.ip6 = 1, .extensions = 3, .extension = 60, .options = 264, .port = AWAY),
		       STEER_MOVED) &&
		counts(R(.ip6 = 1, .extensions = 4, .extension = 60, .options = 2048, .port = AWAY),
		       STEER_MOVED), "parse_ip6__extensions: up to four, of up to 2048 bytes");
	verdict(counts(R(.ip6 = 1, .extensions = 5, .extension = 60, .options = 8, .port = AWAY),
		       STEER_OTHER), "parse_ip6__too_many_extensions: passes");
	verdict(counts(R(.ip6 = 1, .extensions = 1, .extension = 43, .options = 8, .port = AWAY),
		       STEER_OTHER) &&
		counts(R(.ip6 = 1, .extensions = 1, .extension = 44, .options = 8, .port = AWAY),
		       STEER_OTHER) &&
		counts(R(.ip6 = 1, .extensions = 1, .extension = 51, .options = 16, .port = AWAY),
		       STEER_OTHER), "parse_ip6__others: routing, fragment and AH pass");
}

/* From an Ethernet header alone to one byte short of whole. */
static void steer__truncated(const char *name, const struct recipe *recipe)
{
	static __u8 out[FRAME_MAX];
	struct frame *frame = make(recipe);
	int counted, action;

	for (int length = ETH_HLEN; length < frame->length; length++) {
		action = run(frame, length, out, &counted, 0);
		if (action != XDP_PASS || (counted != STEER_SHORT && counted != STEER_OTHER) ||
		    memcmp(out, frame->bytes, length)) {
			verdict(false, "steer__truncated: %s, at %d: action %d, counted as %d", name,
				length, action, counted);
			return;
		}
	}
	verdict(true, "steer__truncated: %s, at every length to %d", name, frame->length);
}

/* One byte of the frame is something else. */
static bool spoilt(const struct recipe *recipe, int from_network, __u8 value, int want)
{
	static __u8 out[FRAME_MAX];
	struct frame *frame = make(recipe);
	int counted, action;

	frame->bytes[frame->network + from_network] = value;
	action = run(frame, frame->length, out, &counted, 0);
	if (action == XDP_PASS && counted == want && !memcmp(out, frame->bytes, frame->length))
		return true;
	printf("# byte %d: action %d, counted as %d\n", from_network, action, counted);
	return false;
}

static void steer__hostile(void)
{
	struct recipe *ip4 = R(.port = AWAY), *ip6 = R(.ip6 = 1, .port = AWAY);
	struct recipe *hop = R(.ip6 = 1, .port = AWAY, .extensions = 1, .options = 8);

	verdict(spoilt(ip4, 0, 0x65, STEER_SHORT), "hostile: IPv4 with version 6");
	verdict(spoilt(ip4, 0, 0x44, STEER_SHORT), "hostile: IPv4 header of 16 bytes");
	verdict(spoilt(ip4, 0, 0x4f, STEER_SHORT), "hostile: IPv4 header longer than the frame");
	verdict(spoilt(ip4, 3, 19, STEER_SHORT), "hostile: IPv4 total length shorter than its header");
	verdict(spoilt(ip4, 3, 39, STEER_SHORT), "hostile: IPv4 total length cuts the TCP header");
	verdict(spoilt(ip4, 3, 41, STEER_SHORT), "hostile: IPv4 total length beyond the frame");
	verdict(spoilt(ip4, 2, 0xff, STEER_SHORT), "hostile: IPv4 total length far beyond");
	verdict(spoilt(ip4, 6, 0x20, STEER_OTHER), "fragment: IPv4, the first");
	verdict(spoilt(ip4, 7, 0x08, STEER_OTHER), "fragment: IPv4, another");
	verdict(spoilt(ip4, 9, IPPROTO_ICMP, STEER_OTHER), "other: ICMP");
	verdict(spoilt(ip6, 0, 0x45, STEER_SHORT), "hostile: IPv6 with version 4");
	verdict(spoilt(ip6, 5, 0, STEER_SHORT), "hostile: IPv6 payload of 0 (jumbogram)");
	verdict(spoilt(ip6, 5, 21, STEER_SHORT), "hostile: IPv6 payload beyond the frame");
	verdict(spoilt(hop, 41, 255, STEER_SHORT), "hostile: extension header beyond the payload");
	verdict(spoilt(hop, 40, 0, STEER_SHORT), "hostile: extension header where TCP is");
}

static bool checks(bool ip6, bool udp, enum check check, int want)
{
	static const int payloads[] = { 0, 1, 2, 63, 235, 236, 237, 248, 249, 255, 256, 512, 1460,
					3000, 4000, 8960, 30001, 65000 };

	for (size_t i = 0; i < sizeof(payloads) / sizeof(*payloads); i++)
		if (!counts(R(.ip6 = ip6, .udp = udp, .port = AWAY, .check = check,
			      .payload = payloads[i]), want)) {
			printf("# payload of %d\n", payloads[i]);
			return false;
		}
	return true;
}

static int udp_socket(bool ip6, int port, bool connected)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(ip6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	int error;

	inet_pton(AF_INET6, "fd77::1", &six.sin6_addr);
	four.sin_addr.s_addr = htonl(0x7f000001);
	error = ip6 ? bind(fd, (void *)&six, sizeof(six)) : bind(fd, (void *)&four, sizeof(four));
	inet_pton(AF_INET6, "fd77::2", &six.sin6_addr);
	six.sin6_port = four.sin_port = htons(80);
	four.sin_addr.s_addr = htonl(0x7f000002);
	if (!error && connected)
		error = ip6 ? connect(fd, (void *)&six, sizeof(six)) :
			      connect(fd, (void *)&four, sizeof(four));
	if (error)
		printf("# UDP socket: %s\n", strerror(errno));
	return fd;
}

static void steer__checksums(bool complete)
{
	const char *how = complete ? "completed" : "left alone";
	int want = complete ? STEER_MOVED : STEER_UNSUMMED;
	__u64 summed = read_counters().count[STEER_SUMMED];

	for (int ip6 = 0; ip6 < 2; ip6++) {
		int fd = udp_socket(ip6, AWAY, true);

		verdict(checks(ip6, false, FULL, STEER_MOVED), "checksum: TCP over IPv%d, whole: moves",
			ip6 ? 6 : 4);
		verdict(checks(ip6, true, FULL, STEER_MOVED), "checksum: UDP over IPv%d, whole: moves",
			ip6 ? 6 : 4);
		verdict(checks(ip6, false, PARTIAL, want), "checksum: TCP over IPv%d, partial: %s",
			ip6 ? 6 : 4, how);
		verdict(checks(ip6, true, PARTIAL, want), "checksum: UDP over IPv%d, partial: %s",
			ip6 ? 6 : 4, how);
		verdict(counts(R(.ip6 = ip6, .udp = 1, .port = AWAY, .check = NONE, .payload = 9),
			       ip6 ? STEER_UNSUMMED : STEER_MOVED),
			"checksum: UDP over IPv%d without one: %s", ip6 ? 6 : 4,
			ip6 ? "passes" : "moves");
		close(fd);
	}
	summed = read_counters().count[STEER_SUMMED] - summed;
	verdict(complete ? summed == 4 * 18 : summed == 0, "checksum: %llu computed", summed);
	verdict(counts(R(.tags = 1, .options = 12, .port = AWAY, .check = PARTIAL, .payload = 77), want) &&
		counts(R(.ip6 = 1, .tags = 2, .extensions = 2, .extension = 60, .options = 24,
			 .port = AWAY, .check = PARTIAL, .payload = 77), want),
		"checksum: partial behind tags, options, extension headers: %s", how);
}

/* Headers that are not in the first buffer. */
static void header__second_buffer(void)
{
	struct recipe recipe = { .tags = 1, .options = 8, .port = AWAY, .check = PARTIAL,
				 .payload = 500 };
	static __u8 out[FRAME_MAX];
	struct frame *frame = make(&recipe);
	__u16 check = full_check(frame, &recipe);
	int counted, action;
	bool good = true;

	action = run(frame, frame->length, out, &counted, ETH_HLEN);
	if (action == -EINVAL || action == -1) {
		printf("ok %d - header__second_buffer # SKIP this kernel cannot split a test frame\n",
		       ++cases);
		return;
	}
	for (int linear = ETH_HLEN; linear < 80 && good; linear++) {
		struct frame want;

		action = run(frame, frame->length, out, &counted, linear);
		want = *frame;
		memcpy(want.bytes + want.check, &check, 2);
		good = action == XDP_REDIRECT && !memcmp(out, want.bytes, want.length);
		if (!good)
			printf("# first buffer of %d: action %d, counted as %d\n", linear, action,
			       counted);
	}
	verdict(good, "header__second_buffer: first buffers of 14 to 79 bytes");
}

static int tcp_listener(bool ip6, int port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(ip6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

	if ((ip6 ? bind(fd, (void *)&six, sizeof(six)) : bind(fd, (void *)&four, sizeof(four))) ||
	    listen(fd, 5))
		printf("# listener: %s\n", strerror(errno));
	return fd;
}

enum { SYN = 0x02, RST = 0x04, ACK = 0x10, SYN_ACK = 0x12 };

static void steer__listener(bool ip6)
{
	const char *ip = ip6 ? "IPv6" : "IPv4";
	int fd = tcp_listener(ip6, AWAY), udp = udp_socket(ip6, AWAY, false);

	verdict(counts(R(.ip6 = ip6, .port = AWAY + 1, .flags = SYN), STEER_LISTENER) &&
		counts(R(.ip6 = ip6, .port = AWAY + 1, .flags = ACK), STEER_MOVED),
		"tcp_is_reply__no_listener: %s, a SYN passes and leaves no mark", ip);
	verdict(counts(R(.ip6 = ip6, .port = AWAY, .flags = ACK), STEER_MOVED) &&
		counts(R(.ip6 = ip6, .port = AWAY, .flags = SYN), STEER_LISTENER) &&
		counts(R(.ip6 = ip6, .port = AWAY, .flags = ACK), STEER_LISTENER) &&
		counts(R(.ip6 = ip6, .port = AWAY, .flags = RST), STEER_LISTENER) &&
		counts(R(.ip6 = ip6, .port = AWAY + 1, .flags = ACK), STEER_MOVED),
		"tcp_is_reply__listener: %s, all for its port pass from the first SYN on", ip);
	close(fd);
	verdict(counts(R(.ip6 = ip6, .port = AWAY, .flags = ACK), STEER_LISTENER) &&
		counts(R(.ip6 = ip6, .port = AWAY, .flags = SYN_ACK), STEER_MOVED) &&
		counts(R(.ip6 = ip6, .port = AWAY, .flags = ACK), STEER_MOVED),
		"tcp_is_reply__unmarked: %s, a SYN-ACK shows that the listener has gone", ip);
	verdict(counts(R(.ip6 = ip6, .udp = 1, .port = AWAY), STEER_LISTENER) &&
		counts(R(.ip6 = ip6, .udp = 1, .port = AWAY + 1), STEER_LISTENER),
		"socket_is__unconnected: %s, UDP for no connected socket passes", ip);
	close(udp);
}

/* Nothing but the checksum field changes, and only in what moves. */
static void steer__random(void)
{
	static __u8 out[FRAME_MAX];
	int counted, action, moved = 0;
	const int rounds = 20000;

	srandom(20);
	for (int i = 0; i < rounds; i++) {
		struct recipe recipe = {
			.ip6 = random() & 1, .tags = random() % 3, .port = AWAY,
			.payload = random() % 40, .check = random() % 2,
			.options = random() % 5 * 8, .extension = 60,
		};
		struct frame *frame;

		recipe.extensions = recipe.options ? random() % 5 : 0;
		frame = make(&recipe);
		for (int spoil = random() % 4; spoil; spoil--)
			frame->bytes[12 + random() % (frame->length - 12)] = random();
		action = run(frame, frame->length, out, &counted, 0);
		moved += action == XDP_REDIRECT;
		for (int at = 0; at < frame->length; at++)
			if (out[at] != frame->bytes[at] &&
			    (action != XDP_REDIRECT || at < frame->network + 20))
				action = -1;
		if ((action != XDP_PASS && action != XDP_REDIRECT) || counted < 0) {
			verdict(false, "steer__random: round %d: action %d, counted as %d", i, action,
				counted);
			return;
		}
	}
	verdict(moved > rounds / 20 && moved < rounds, "steer__random: %d frames, %d moved", rounds,
		moved);
}

/*
 * The same frame is run again and again.  So that each run has a checksum to
 * compute, two bytes of the payload make it what the field holds already.
 */
static void make_lasting(struct frame *frame, const struct recipe *recipe)
{
	__u8 *filler = frame->bytes + frame->length - recipe->payload;
	__u32 sum;

	memset(filler, 0, 2);
	sum = add(pseudo_sum(frame, recipe), frame->bytes + frame->transport,
		  frame->length - frame->transport);
	filler[0] = (__u16)~sum >> 8;
	filler[1] = ~sum;
}

static void note_cost(const char *name, const struct recipe *recipe)
{
	struct frame *frame = make(recipe);
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->bytes,
		    .data_size_in = frame->length, .repeat = 50000);

	if (recipe->check == PARTIAL)
		make_lasting(frame, recipe);
	if (bpf_prog_test_run_opts(program, &options) == 0)
		printf("# %u ns: %s\n", options.duration, name);
}

static void note_costs(void)
{
	int fd = udp_socket(false, AWAY, true);

	note_cost("a port of no block", R(.port = OUTSIDE));
	note_cost("at home", R(.port = HOME));
	note_cost("moved, TCP over IPv4", R(.port = AWAY));
	note_cost("moved, TCP over IPv6", R(.ip6 = 1, .port = AWAY));
	note_cost("moved, UDP over IPv4 (socket looked up)", R(.udp = 1, .port = AWAY));
	note_cost("SYN for no listener (looked up)", R(.port = AWAY, .flags = SYN));
	close(fd);
}

static void note_size(void)
{
	struct bpf_prog_info info = { 0 };
	__u32 length = sizeof(info);

	if (bpf_obj_get_info_by_fd(program, &info, &length) == 0)
		printf("# verifier: %u instructions processed, %u in the program\n",
		       info.verified_insns, info.xlated_prog_len / 8);
}

/* The whole configuration is frozen: a program for each. */
static void load(bool complete)
{
	const struct fastsock_blocks blocks = { .first = 32768, .shift = 13, .count = 3 };
	struct bpf_cpumap_val value = { .qsize = 64 };
	__u16 *cpu_of_block;
	__u32 cpu = 1;

	steer = steer_bpf__open();
	cpu_of_block = (__u16 *)steer->rodata->cpu_of_block;
	memset(cpu_of_block, 0xff, sizeof(steer->rodata->cpu_of_block));
	cpu_of_block[0] = 0;
	cpu_of_block[1] = 1;
	memcpy((void *)&steer->rodata->blocks, &blocks, sizeof(blocks));
	steer->rodata->complete = complete;
	bpf_map__set_max_entries(steer->maps.steer_cpus, libbpf_num_possible_cpus());
	if (steer_bpf__load(steer) ||
	    bpf_map_update_elem(bpf_map__fd(steer->maps.steer_cpus), &cpu, &value, 0)) {
		printf("Bail out! cannot load the program: %s\n", strerror(errno));
		exit(1);
	}
	program = bpf_program__fd(steer->progs.fastsock_steer);
}

int main(void)
{
	cpu_set_t cpus;

	setvbuf(stdout, NULL, _IOLBF, 0);
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (libbpf_num_possible_cpus() < 2 || sched_setaffinity(0, sizeof(cpus), &cpus)) {
		puts("1..0 # SKIP needs two CPUs");
		return 0;
	}
	load(false);
	steer__checksums(false);
	note_size();
	steer_bpf__destroy(steer);

	load(true);
	steer__ports();
	steer__truncated("TCP over IPv4", R(.port = AWAY, .payload = 20));
	steer__truncated("TCP over IPv4, options, tags, partial",
			 R(.port = AWAY, .options = 40, .tags = 2, .payload = 20, .check = PARTIAL));
	steer__truncated("TCP over IPv6, extension headers",
			 R(.ip6 = 1, .port = AWAY, .extensions = 3, .extension = 60, .options = 16));
	steer__truncated("UDP over IPv4", R(.udp = 1, .port = AWAY, .payload = 20));
	steer__truncated("UDP over IPv6", R(.udp = 1, .ip6 = 1, .port = AWAY));
	steer__hostile();
	steer__checksums(true);
	header__second_buffer();
	steer__listener(false);
	steer__listener(true);
	steer__random();
	note_size();
	note_costs();
	note_cost("moved and summed, 64 bytes", R(.port = AWAY, .check = PARTIAL, .payload = 64));
	note_cost("moved and summed, 1460 bytes", R(.port = AWAY, .check = PARTIAL, .payload = 1460));
	steer_bpf__destroy(steer);
	printf("1..%d\n", cases);
	return failed != 0;
}
