// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fsctl.h"
#include "pins.h"
#include "rfd.h"
#include "rfd.skel.h"
#include "select.skel.h"
#include "xdp.h"

#define BPFFS		"/sys/fs/bpf"
/* No dot: bpffs reserves them. */
#define PINS_ASIDE	FASTSOCK_PINS "-aside"

static bool verbose;

void pins_be_verbose(void)
{
	verbose = true;
}

static int libbpf_says(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	return verbose ? vfprintf(stderr, format, args) : 0;
}

bool pins_mounted(void)
{
	struct statfs fs;

	return statfs(BPFFS, &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
}

bool pins_mount(void)
{
	if (mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME,
		  "mode=0755") == 0)
		return true;
	complain("cannot mount bpffs on " BPFFS ": %s (a kernel with CONFIG_BPF_SYSCALL, and root, "
		 "are needed)", strerror(errno));
	return false;
}

/*
 * A pin holds no file open, so the mount is not busy by it: look.  Names with a
 * dot are the kernel's own (maps.debug); nobody else can make one.
 */
static bool bpffs_is_empty(void)
{
	DIR *directory = opendir(BPFFS);
	struct dirent *entry;
	bool empty = true;

	if (!directory)
		return false;
	while (empty && (entry = readdir(directory)))
		empty = strchr(entry->d_name, '.');
	closedir(directory);
	return empty;
}

void pins_unmount(void)
{
	if (!pins_mounted())
		return;
	if (!bpffs_is_empty())
		printf("bpffs: left on " BPFFS ", where others have pinned objects by now\n");
	else if (umount2(BPFFS, 0))
		printf("bpffs: left on " BPFFS ": %s\n", strerror(errno));
}

bool pins_exist(void)
{
	return access(FASTSOCK_PINS, F_OK) == 0;
}

int pins_open(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), FASTSOCK_PINS "/%s", name);
	return bpf_obj_get(path);
}

bool pins_config(struct fastsock_config *config)
{
	int fd = pins_open("config"), error;
	__u32 zero = 0;
	bool found;

	if (fd < 0)
		return false;
	found = bpf_map_lookup_elem(fd, &zero, config) == 0;
	error = errno;
	close(fd);
	errno = error;
	return found;
}

static bool program_tag(int fd, __u8 tag[BPF_TAG_SIZE])
{
	struct bpf_prog_info info = { 0 };
	__u32 length = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &length))
		return false;
	memcpy(tag, info.tag, BPF_TAG_SIZE);
	return true;
}

/* The program and its maps, in the kernel but nowhere pinned; NULL: told. */
static struct select_bpf *load(void)
{
	int cpus = libbpf_num_possible_cpus();
	struct fastsock_config config = {
		.abi = FASTSOCK_PINS_ABI,
		.cpus = cpus,
		.groups = FASTSOCK_GROUPS,
		.enabled = FASTSOCK_ENABLED | FASTSOCK_SPILLS,
	};
	struct select_bpf *select;
	__u32 zero = 0;

	libbpf_set_print(libbpf_says);
	if (cpus <= 0) {
		complain("cannot tell how many CPUs there can be: %s (is /sys mounted?)",
			 strerror(-cpus));
		return NULL;
	}
	select = select_bpf__open();
	if (!select) {
		complain("cannot prepare the selection program: %s", strerror(errno));
		return NULL;
	}
	select->rodata->cpus = cpus;
	bpf_map__set_max_entries(select->maps.groups, FASTSOCK_GROUPS);
	bpf_map__set_max_entries(select->maps.counters, FASTSOCK_GROUPS);
	bpf_map__set_max_entries(select->maps.slots, fastsock_slots(FASTSOCK_GROUPS, cpus));
	bpf_map__set_max_entries(select->maps.loads, fastsock_slots(FASTSOCK_GROUPS, cpus));
	bpf_map__set_max_entries(select->maps.members, fastsock_slots(FASTSOCK_GROUPS, cpus));
	if (!select_bpf__load(select) &&
	    !bpf_map_update_elem(bpf_map__fd(select->maps.config), &zero, &config, 0))
		return select;
	complain("cannot load the selection program: %s (CAP_BPF and CAP_NET_ADMIN are needed; "
		 "'fsctl enable --verbose' shows what the kernel says)", strerror(errno));
	select_bpf__destroy(select);
	return NULL;
}

/* The maps of fastsock_rfd.h, nowhere pinned either; NULL: told. */
static struct rfd_bpf *load_rfd(__u32 cpus)
{
	struct rfd_bpf *rfd = rfd_bpf__open();

	if (rfd && !bpf_map__set_max_entries(rfd->maps.rfd_counters, cpus) && !rfd_bpf__load(rfd))
		return rfd;
	complain("cannot make the maps for outgoing connections: %s", strerror(errno));
	rfd_bpf__destroy(rfd);
	return NULL;
}

/*
 * The ABI says whether library and maps agree; the tag, whether the program does
 * what this version's does.  Only the kernel can compute it: so load ours.
 */
static enum pins compare_program(void)
{
	__u8 theirs[BPF_TAG_SIZE], ours[BPF_TAG_SIZE];
	enum pins result = PINS_FOREIGN;
	struct select_bpf *select;
	int fd = pins_open("select");

	if (fd < 0 || !program_tag(fd, theirs)) {
		complain(FASTSOCK_PINS "/select cannot be used: %s", strerror(errno));
		goto out;
	}
	select = load();
	if (!select) {
		result = PINS_ERROR;
		goto out;
	}
	if (!program_tag(bpf_program__fd(select->progs.fastsock_select), ours)) {
		complain("cannot ask the kernel for the program's tag: %s", strerror(errno));
		result = PINS_ERROR;
	} else if (memcmp(theirs, ours, BPF_TAG_SIZE)) {
		complain(FASTSOCK_PINS "/select is the program of another version of fastsock");
	} else {
		result = PINS_OURS;
	}
	select_bpf__destroy(select);
out:
	if (fd >= 0)
		close(fd);
	return result;
}

enum pins pins_look(void)
{
	struct fastsock_config config;

	if (!pins_exist())
		return PINS_NONE;
	if (!pins_config(&config)) {
		complain(FASTSOCK_PINS "/config cannot be read: %s", strerror(errno));
		return PINS_FOREIGN;
	}
	if (config.abi != FASTSOCK_PINS_ABI) {
		complain(FASTSOCK_PINS " has ABI %u, this fsctl %u", config.abi, FASTSOCK_PINS_ABI);
		return PINS_FOREIGN;
	}
	return config.enabled ? compare_program() : PINS_DISABLED;
}

static bool remove_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	if (!directory)
		return errno == ENOENT;
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(directory), entry->d_name, 0);
	closedir(directory);
	return rmdir(path) == 0;
}

static bool pin_one(int fd, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), PINS_ASIDE "/%s", name);
	return bpf_obj_pin(fd, path) == 0 && chmod(path, 0600) == 0;
}

/* The directory last: until then it keeps the group out of what is half done. */
static bool share(const char *path, gid_t group)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	bool done = directory;

	while (done && (entry = readdir(directory)))
		if (entry->d_name[0] != '.' && strncmp(entry->d_name, XDP_PIN, strlen(XDP_PIN)))
			done = !fchownat(dirfd(directory), entry->d_name, 0, group, 0) &&
			       !fchmodat(dirfd(directory), entry->d_name, 0660, 0);
	if (directory)
		closedir(directory);
	return done && !chown(path, 0, group) && !chmod(path, 0750);
}

/* bpffs as systemd mounts it is closed to all but root; opening it is not ours to do. */
static void tell_if_out_of_reach(gid_t group)
{
	struct stat status;

	if (stat(BPFFS, &status) == 0 && !(status.st_mode & S_IXOTH) &&
	    !(status.st_gid == group && status.st_mode & S_IXGRP))
		complain("the group cannot get at its pins yet: " BPFFS " is closed to it (mode %04o); "
			 "'chmod o+x " BPFFS "' opens the way (what is pinned there keeps its own "
			 "mode)", status.st_mode & 0777);
}

static bool pin_maps(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
		if (!bpf_map__is_internal(map) && !pin_one(bpf_map__fd(map), bpf_map__name(map)))
			return false;
	return true;
}

static bool pin_all(struct select_bpf *select, struct rfd_bpf *rfd, gid_t group)
{
	return remove_directory(PINS_ASIDE) && mkdir(PINS_ASIDE, 0700) == 0 &&
	       pin_maps(select->obj) && pin_maps(rfd->obj) &&
	       pin_one(bpf_program__fd(select->progs.fastsock_select), "select") &&
	       (group == (gid_t)-1 || share(PINS_ASIDE, group)) &&
	       rename(PINS_ASIDE, FASTSOCK_PINS) == 0;
}

bool pins_create(gid_t group)
{
	struct select_bpf *select = load();
	struct rfd_bpf *rfd = select ? load_rfd(select->rodata->cpus) : NULL;
	bool made;

	if (!rfd) {
		select_bpf__destroy(select);
		return false;
	}
	made = pin_all(select, rfd, group);
	if (!made) {
		complain("cannot pin below " FASTSOCK_PINS ": %s", strerror(errno));
		remove_directory(PINS_ASIDE);
	} else if (group != (gid_t)-1) {
		tell_if_out_of_reach(group);
	}
	rfd_bpf__destroy(rfd);
	select_bpf__destroy(select);
	return made;
}

bool pins_spill(bool on)
{
	struct fastsock_config config;
	int fd = pins_open("config");
	__u32 zero = 0;
	bool done;

	done = fd >= 0 && !bpf_map_lookup_elem(fd, &zero, &config);
	if (done) {
		config.enabled = FASTSOCK_ENABLED | (on ? FASTSOCK_SPILLS : 0);
		done = !bpf_map_update_elem(fd, &zero, &config, 0);
	}
	if (!done)
		complain(FASTSOCK_PINS "/config: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return done;
}

bool pins_share(gid_t group)
{
	if (!share(FASTSOCK_PINS, group)) {
		complain("cannot give the group " FASTSOCK_PINS ": %s", strerror(errno));
		return false;
	}
	tell_if_out_of_reach(group);
	return true;
}

/* Out of everybody's sight in one step: a kill leaves pins that are whole or gone. */
bool pins_remove(void)
{
	struct fastsock_config config;
	__u32 zero = 0;
	int fd;

	if (pins_config(&config) && config.abi == FASTSOCK_PINS_ABI) {
		rfd_gone();
		config.enabled = 0;
		fd = pins_open("config");
		bpf_map_update_elem(fd, &zero, &config, 0);
		close(fd);
	}
	if (remove_directory(PINS_ASIDE) &&
	    (!pins_exist() || rename(FASTSOCK_PINS, PINS_ASIDE) == 0) &&
	    remove_directory(PINS_ASIDE))
		return true;
	complain("cannot remove " FASTSOCK_PINS ": %s", strerror(errno));
	return false;
}
