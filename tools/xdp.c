// SPDX-License-Identifier: GPL-2.0-only
/*
 * What keeps the program on the interface is one pinned bpf_link,
 * FASTSOCK_PINS/xdp-NETNS-IFINDEX.  Program, cpumap and counters live by it:
 *
 *   killed before the pin is made: the link ends with the process, and the kernel
 *   takes the program off;
 *   pin removed, by whomever: the same, a moment later;
 *   interface gone: the kernel empties the link, the pin is swept up later;
 *   somebody else attaches or detaches: refused while the link is there.
 *
 * So there is no state to be restored, and nothing foreign can be hit: a
 * link has no way to touch another's program.
 *
 * A foreign program is refused, not chained.  libxdp's dispatcher could do it
 * if that program came through libxdp too; otherwise it would have to be taken
 * off and loaded anew by its owner, which is not ours to ask for.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fastsock_slots.h"
#include "netns.h"
#include "redirect.h"
#include "steering_program.h"
#include "uppers.h"
#include "xdp.h"

static bool because(char *why, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool because(char *why, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, size, format, args);
	va_end(args);
	return false;
}

/* A namespace's cookie is never used again; its inode is. */
static bool pin_path(unsigned int ifindex, char *path, size_t size)
{
	__u64 cookie = netns_cookie();

	snprintf(path, size, FASTSOCK_PINS "/" XDP_PIN "%llu-%u", cookie, ifindex);
	return cookie;
}

/* Asks a driver; false if it does not know the question. */
static bool ethtool(unsigned int ifindex, void *request)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_data = request };
	bool answered;

	answered = fd >= 0 && if_indextoname(ifindex, ifr.ifr_name) &&
		   ioctl(fd, SIOCETHTOOL, &ifr) == 0;
	if (fd >= 0)
		close(fd);
	return answered;
}

static bool driver_is(unsigned int ifindex, const char *const *names)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	if (!ethtool(ifindex, &info))
		return false;
	for (; *names; names++)
		if (!strcmp(info.driver, *names))
			return true;
	return false;
}

/* Devices that may hand over frames whose checksum is yet to be computed. */
static bool may_lack_checksums(unsigned int ifindex)
{
	static const char *const drivers[] = { "veth", "virtio_net", "tun", "vif", NULL };

	return driver_is(ifindex, drivers);
}

/* Might it hand over a frame's VLAN tag beside the frame, where XDP loses it? */
static bool takes_tags_out(unsigned int ifindex)
{
	static const char *const veth[] = { "veth", NULL };
	struct ethtool_value flags = { .cmd = ETHTOOL_GFLAGS };

	/* It is the peer who decides, perhaps in a namespace out of reach. */
	if (driver_is(ifindex, veth))
		return true;
	return ethtool(ifindex, &flags) && flags.data & ETH_FLAG_RXVLAN;
}

static bool link_info(int fd, struct bpf_link_info *info)
{
	__u32 length = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_obj_get_info_by_fd(fd, info, &length) == 0 && info->type == BPF_LINK_TYPE_XDP;
}

/* An fd of our link on the interface, or -1. */
static int open_link(unsigned int ifindex, struct bpf_link_info *info)
{
	char path[128];
	int fd;

	if (!pin_path(ifindex, path, sizeof(path)))
		return -1;
	fd = bpf_obj_get(path);
	if (fd >= 0 && link_info(fd, info) && info->xdp.ifindex == ifindex)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/*
 * Pins of links that ended (interface gone, killed while detaching) keep a program
 * and its threads in memory.
 */
static void sweep(void)
{
	DIR *directory = opendir(FASTSOCK_PINS);
	struct bpf_link_info info;
	struct dirent *entry;
	char path[512];
	int fd;

	while (directory && (entry = readdir(directory))) {
		if (strncmp(entry->d_name, XDP_PIN, strlen(XDP_PIN)))
			continue;
		snprintf(path, sizeof(path), FASTSOCK_PINS "/%s", entry->d_name);
		fd = bpf_obj_get(path);
		if (fd < 0)
			continue;
		if (link_info(fd, &info) && !info.xdp.ifindex)
			unlink(path);
		close(fd);
	}
	if (directory)
		closedir(directory);
}

static __u32 attached(unsigned int ifindex, bool *generic)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	/* An error: let attaching say what is the matter. */
	if (bpf_xdp_query(ifindex, 0, &query))
		return 0;
	*generic = !query.drv_prog_id && !query.hw_prog_id;
	return query.drv_prog_id ? query.drv_prog_id :
	       query.hw_prog_id ? query.hw_prog_id : query.skb_prog_id;
}

/*
 * Called when we have no link there.  So a program of ours is on its way out: a
 * link whose pin is removed by somebody else is freed by a kernel worker, later.
 */
static bool no_other_program(unsigned int ifindex, char *why, size_t size)
{
	struct bpf_prog_info info;
	__u32 id, length;
	bool generic;
	int fd;

	for (int patience = 200; patience; patience--) {
		id = attached(ifindex, &generic);
		if (!id)
			return true;
		memset(&info, 0, sizeof(info));
		length = sizeof(info);
		fd = bpf_prog_get_fd_by_id(id);
		if (fd >= 0) {
			bpf_obj_get_info_by_fd(fd, &info, &length);
			close(fd);
		}
		if (strcmp(info.name, "fastsock_steer"))
			break;
		usleep(10000);
	}
	return because(why, size, "another XDP program is attached: '%s', id %u%s; detach it first "
		       "('bpftool net' tells more)", info.name, id,
		       generic ? ", in generic mode" : "");
}

bool xdp_suits(unsigned int ifindex, char *why, size_t size)
{
	struct bpf_link_info info;
	struct uppers uppers;
	int fd;

	if (!redirect_works(ifindex))
		return because(why, size, "the driver's native XDP cannot redirect frames");
	if (!uppers_read(ifindex, &uppers))
		return because(why, size, "what is built on it cannot be told: %s", strerror(errno));
	if (*uppers.master)
		return because(why, size, "it is a port of %s, which may forward what must not be "
			       "touched", uppers.master);
	if (*uppers.vlan && takes_tags_out(ifindex))
		return because(why, size, "frames for %s would lose their VLAN tag, which the device "
			       "hands over beside the frame (not on a NIC after 'ethtool -K IF rxvlan "
			       "off')", uppers.vlan);
	fd = open_link(ifindex, &info);
	if (fd >= 0) {
		close(fd);
		return true;
	}
	return no_other_program(ifindex, why, size);
}

static char *kernel_said;
static size_t kernel_said_size;

static int catch_reason(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[256], *text;

	(void)level;
	vsnprintf(line, sizeof(line), format, args);
	text = strstr(line, "Kernel error message: ");
	if (text) {
		text = strchr(text, ':') + 2;
		text[strcspn(text, "\n")] = '\0';
		snprintf(kernel_said, kernel_said_size, "%s", text);
	}
	return 0;
}

/*
 * A link gives a number only; the netlink interface, tried to the same end, gives
 * the driver's words.
 */
static bool tell_refusal(unsigned int ifindex, int program, int error, char *why, size_t size)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, ours, .old_prog_fd = program);
	libbpf_print_fn_t former;
	char reason[160] = "";

	kernel_said = reason;
	kernel_said_size = sizeof(reason);
	former = libbpf_set_print(catch_reason);
	if (!bpf_xdp_attach(ifindex, program, XDP_FLAGS_DRV_MODE | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL))
		bpf_xdp_detach(ifindex, XDP_FLAGS_DRV_MODE, &ours);
	libbpf_set_print(former);
	if (!*reason)
		snprintf(reason, sizeof(reason), "%s", error == EOPNOTSUPP ?
			 "the driver has no native XDP" : strerror(error));
	return because(why, size, "the kernel refuses the program there: %s", reason);
}

static int make_link(unsigned int ifindex, int program, char *why, size_t size)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
	int fd = bpf_link_create(program, ifindex, BPF_XDP, &options), error = errno;

	/* -EBUSY for what came since we looked, too. */
	if (fd < 0 && no_other_program(ifindex, why, size))
		tell_refusal(ifindex, program, error, why, size);
	return fd;
}

bool xdp_probe(unsigned int ifindex, char *why, size_t size)
{
	struct fastsock_blocks none = { .first = 65535, .shift = 0, .count = 1 };
	static const __u16 block_of_cpu[FASTSOCK_RFD_CPUS];
	struct bpf_link_info info;
	struct steer_bpf *steer;
	int fd;

	if (!xdp_suits(ifindex, why, size))
		return false;
	fd = open_link(ifindex, &info);
	if (fd < 0) {
		steer = steer_load(&none, block_of_cpu, false, why, size);
		if (!steer)
			return false;
		fd = make_link(ifindex, bpf_program__fd(steer->progs.fastsock_steer), why, size);
		steer_bpf__destroy(steer);
	}
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* The pin is what makes it last; it comes when all else is in place. */
static bool attach_new(unsigned int ifindex, int program, char *why, size_t size)
{
	int fd = make_link(ifindex, program, why, size);
	char path[128];
	bool pinned;

	if (fd < 0)
		return false;
	pinned = pin_path(ifindex, path, sizeof(path)) && bpf_obj_pin(fd, path) == 0;
	if (!pinned)
		because(why, size, "cannot pin %s: %s", path, strerror(errno));
	else
		chmod(path, 0600);
	close(fd);
	return pinned;
}

bool xdp_attach(unsigned int ifindex, const struct fastsock_blocks *blocks,
		const __u16 *block_of_cpu, char *why, size_t size)
{
	struct bpf_link_info info;
	struct steer_bpf *steer;
	int link, program;
	bool done;

	sweep();
	if (!xdp_suits(ifindex, why, size))
		return false;
	steer = steer_load(blocks, block_of_cpu, may_lack_checksums(ifindex), why, size);
	if (!steer)
		return false;
	program = bpf_program__fd(steer->progs.fastsock_steer);
	link = open_link(ifindex, &info);
	if (link < 0) {
		done = attach_new(ifindex, program, why, size);
	} else {
		done = bpf_link_update(link, program, NULL) == 0;
		if (!done)
			because(why, size, "cannot change the program: %s", strerror(errno));
		close(link);
	}
	steer_bpf__destroy(steer);
	return done;
}

bool xdp_detach(unsigned int ifindex, char *why, size_t size)
{
	struct bpf_link_info info;
	char path[128] = "";
	int fd;

	/* To have it off by the time that this returns: the pin alone ends it later. */
	fd = open_link(ifindex, &info);
	if (fd >= 0) {
		bpf_link_detach(fd);
		close(fd);
	}
	sweep();
	if (pin_path(ifindex, path, sizeof(path)) && (unlink(path) == 0 || errno == ENOENT))
		return true;
	return because(why, size, "cannot remove %s: %s", path, strerror(errno));
}

bool xdp_look(unsigned int ifindex, struct xdp_status *status)
{
	struct bpf_link_info info;
	int fd = open_link(ifindex, &info);

	memset(status, 0, sizeof(*status));
	if (fd < 0)
		return false;
	close(fd);
	status->program = info.prog_id;
	status->completes = may_lack_checksums(ifindex);
	steer_count(info.prog_id, &status->total);
	return true;
}
