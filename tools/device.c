// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"
#include "ethtool.h"

/*
 * A sysfs shows the devices of the namespace it was mounted in, which under
 * `nsenter --net` is not ours.  So one that nobody else sees is mounted for us;
 * /sys serves where that is refused.
 */
static int open_sysfs(void)
{
	int fs = fsopen("sysfs", FSOPEN_CLOEXEC), mounted = -1;

	if (fs >= 0 && !fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		mounted = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				  MOUNT_ATTR_NOEXEC);
	if (fs >= 0)
		close(fs);
	return mounted >= 0 ? mounted : open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static bool is_this(int directory, unsigned int ifindex)
{
	char *text = file_read(directory, "ifindex");
	bool same = text && strtoul(text, NULL, 10) == ifindex;

	free(text);
	return same;
}

bool device_open(struct device *device, unsigned int ifindex)
{
	char path[32];
	int sysfs;

	device->ifindex = ifindex;
	device->directory = -1;
	device->socket = -1;
	if (!if_indextoname(ifindex, device->name)) {
		errno = ENODEV;
		return false;
	}
	device->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (device->socket < 0)
		return false;
	snprintf(path, sizeof(path), "class/net/%s", device->name);
	sysfs = open_sysfs();
	if (sysfs < 0)
		return true;
	device->directory = openat(sysfs, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(sysfs);
	/* /sys of another namespace may have one of the same name. */
	if (device->directory >= 0 && !is_this(device->directory, ifindex)) {
		close(device->directory);
		device->directory = -1;
	}
	return true;
}

void device_close(struct device *device)
{
	if (device->socket >= 0)
		close(device->socket);
	if (device->directory >= 0)
		close(device->directory);
}

char *file_read(int directory, const char *path)
{
	int fd = openat(directory, path, O_RDONLY | O_CLOEXEC), error;
	size_t used = 0, size = 4096;
	char *text, *more;
	ssize_t got = -1;

	if (fd < 0)
		return NULL;
	text = malloc(size);
	while (text && (got = read(fd, text + used, size - used - 1)) > 0) {
		used += got;
		if (size - used > 1)
			continue;
		more = realloc(text, size *= 2);
		if (!more)
			got = -1;
		if (!more)
			break;
		text = more;
	}
	error = errno;
	close(fd);
	if (!text || got < 0) {
		free(text);
		errno = error;
		return NULL;
	}
	if (used && text[used - 1] == '\n')
		used--;
	text[used] = '\0';
	return text;
}

/* In one write(), and not an empty one, which sysfs and sysctl pass over. */
bool file_write(int directory, const char *path, const char *value)
{
	int fd = openat(directory, path, O_WRONLY | O_CLOEXEC), error;
	size_t length = strlen(value);
	bool written;

	if (fd < 0)
		return false;
	written = length ? write(fd, value, length) == (ssize_t)length : write(fd, "\n", 1) == 1;
	error = errno;
	close(fd);
	errno = error;
	return written;
}

char *device_read(const struct device *device, const char *path)
{
	if (device->directory < 0) {
		errno = ENXIO;
		return NULL;
	}
	return file_read(device->directory, path);
}

bool device_write(const struct device *device, const char *path, const char *value)
{
	if (device->directory < 0) {
		errno = ENOENT;
		return false;
	}
	return file_write(device->directory, path, value);
}

unsigned int device_queues(const struct device *device, const char *kind)
{
	unsigned int count = 0;
	char path[48];

	if (device->directory < 0)
		return 0;
	for (;; count++) {
		snprintf(path, sizeof(path), "queues/%s-%u", kind, count);
		if (faccessat(device->directory, path, F_OK, 0))
			return count;
	}
}

#define LINK 256

/* The last part of where a link leads. */
static const char *link_end(int directory, const char *path, char target[LINK])
{
	ssize_t length = readlinkat(directory, path, target, LINK - 1);
	const char *slash;

	if (length < 0)
		return NULL;
	target[length] = '\0';
	slash = strrchr(target, '/');
	return slash ? slash + 1 : target;
}

static unsigned long inode_at(int directory, const char *path)
{
	struct stat status;

	return directory < 0 || fstatat(directory, path, &status, 0) ? 0 : status.st_ino;
}

void device_identify(const struct device *device, struct device_identity *identity)
{
	char to[LINK], of[LINK];
	const char *name = NULL, *bus = NULL;

	identity->inode = inode_at(device->directory, ".");
	identity->interfaces = inode_at(device->directory, "device/net");
	if (device->directory >= 0) {
		name = link_end(device->directory, "device", to);
		bus = link_end(device->directory, "device/subsystem", of);
	}
	if (!name || !bus ||
	    snprintf(identity->parent, DEVICE_PARENT, "%s/%s", bus, name) >= DEVICE_PARENT)
		identity->parent[0] = '\0';
}

bool device_hidden(const struct device_identity *identity)
{
	const char *slash = strchr(identity->parent, '/');
	int sysfs = slash ? open_sysfs() : -1;
	char path[160];
	bool hidden;

	if (sysfs < 0)
		return false;
	snprintf(path, sizeof(path), "bus/%.*s/devices%s/net", (int)(slash - identity->parent),
		 identity->parent, slash);
	hidden = identity->interfaces && inode_at(sysfs, path) == identity->interfaces;
	close(sysfs);
	return hidden;
}

bool device_find(struct device *device, unsigned long inode)
{
	int sysfs = inode ? open_sysfs() : -1, fd;
	struct dirent *entry;
	unsigned int ifindex = 0;
	DIR *interfaces = NULL;

	if (sysfs >= 0) {
		fd = openat(sysfs, "class/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(sysfs);
		interfaces = fd < 0 ? NULL : fdopendir(fd);
	}
	while (interfaces && !ifindex && (entry = readdir(interfaces)))
		if (entry->d_name[0] != '.' && inode_at(dirfd(interfaces), entry->d_name) == inode)
			ifindex = if_nametoindex(entry->d_name);
	if (interfaces)
		closedir(interfaces);
	if (!ifindex)
		return false;
	if (device_open(device, ifindex) && inode_at(device->directory, ".") == inode)
		return true;
	device_close(device);
	return false;
}

bool device_exists(const struct device *device)
{
	char name[IFNAMSIZ];

	return if_indextoname(device->ifindex, name);
}

bool device_present(const struct device *device)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	return ethtool_ask(device, &info) || errno != ENODEV;
}

void device_driver(const struct device *device, char name[32])
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	name[0] = '\0';
	if (ethtool_ask(device, &info))
		snprintf(name, 32, "%.31s", info.driver);
}
