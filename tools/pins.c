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
#include "select.skel.h"

#define BPFFS		"/sys/fs/bpf"
/* No dot: bpffs reserves them. */
#define PINS_NEW	FASTSOCK_PINS "-new"

int pins_mount(void)
{
	struct statfs fs;

	if (statfs(BPFFS, &fs) == 0 && fs.f_type == BPF_FS_MAGIC)
		return 0;
	if (mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME,
		  "mode=0755") == 0)
		return 1;
	complain("cannot mount bpffs on " BPFFS ": %s (a kernel with CONFIG_BPF_SYSCALL, and root, "
		 "are needed)", strerror(errno));
	return -1;
}

void pins_unmount(void)
{
	/* EBUSY: somebody else has come to use it; it is theirs then. */
	umount2(BPFFS, 0);
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

static bool pin_one(int fd, const char *name, gid_t group)
{
	char path[128];

	snprintf(path, sizeof(path), PINS_NEW "/%s", name);
	return bpf_obj_pin(fd, path) == 0 &&
	       (group == (gid_t)-1 ? chmod(path, 0600) == 0 :
				     chown(path, 0, group) == 0 && chmod(path, 0660) == 0);
}

static bool pin_all(struct select_bpf *select, gid_t group)
{
	struct bpf_map *map;

	if (!remove_directory(PINS_NEW) || mkdir(PINS_NEW, 0700))
		return false;
	if (group != (gid_t)-1 && (chown(PINS_NEW, 0, group) || chmod(PINS_NEW, 0750)))
		return false;
	bpf_object__for_each_map(map, select->obj)
		if (!bpf_map__is_internal(map) && !pin_one(bpf_map__fd(map), bpf_map__name(map), group))
			return false;
	return pin_one(bpf_program__fd(select->progs.fastsock_select), "select", group) &&
	       rename(PINS_NEW, FASTSOCK_PINS) == 0;
}

static int libbpf_warnings(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

bool pins_create(gid_t group)
{
	int cpus = libbpf_num_possible_cpus(), error;
	struct fastsock_config config = {
		.abi = FASTSOCK_PINS_ABI,
		.cpus = cpus,
		.groups = FASTSOCK_GROUPS,
		.enabled = 1,
	};
	struct select_bpf *select = NULL;
	__u32 zero = 0;
	bool made;

	libbpf_set_print(libbpf_warnings);
	if (cpus > 0)
		select = select_bpf__open();
	if (!select) {
		complain("cannot prepare the selection program: %s", strerror(errno));
		return false;
	}
	select->rodata->cpus = cpus;
	bpf_map__set_max_entries(select->maps.slots, fastsock_slots(FASTSOCK_GROUPS, cpus));
	bpf_map__set_max_entries(select->maps.members, fastsock_slots(FASTSOCK_GROUPS, cpus));
	made = !select_bpf__load(select) &&
	       !bpf_map_update_elem(bpf_map__fd(select->maps.config), &zero, &config, 0);
	if (!made)
		complain("cannot load the selection program: %s (CAP_BPF and CAP_NET_ADMIN are needed)",
			 strerror(errno));
	if (made && !pin_all(select, group)) {
		error = errno;
		made = false;
		remove_directory(PINS_NEW);
		complain("cannot pin below " FASTSOCK_PINS ": %s", strerror(error));
	}
	select_bpf__destroy(select);
	return made;
}

bool pins_remove(void)
{
	struct fastsock_config config;
	__u32 zero = 0;
	int fd;

	if (pins_config(&config) && config.abi == FASTSOCK_PINS_ABI) {
		config.enabled = 0;
		fd = pins_open("config");
		bpf_map_update_elem(fd, &zero, &config, 0);
		close(fd);
	}
	if (remove_directory(PINS_NEW) && remove_directory(FASTSOCK_PINS))
		return true;
	complain("cannot remove " FASTSOCK_PINS ": %s", strerror(errno));
	return false;
}
