/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A network device of this network namespace: what ethtool's requests and its
 * directory in sysfs need.  By index, which outlives a renaming.
 */
#ifndef FSCTL_DEVICE_H
#define FSCTL_DEVICE_H

#include <net/if.h>
#include <stdbool.h>

struct device {
	char name[IFNAMSIZ];
	unsigned int ifindex;
	int socket;
	int directory;		/* its own in sysfs; -1: there is no sysfs */
};

/* false with errno; ENODEV: no such device in this namespace. */
bool device_open(struct device *device, unsigned int ifindex);
void device_close(struct device *device);

/* A file below its directory, without the last newline; NULL with errno. */
char *device_read(const struct device *device, const char *path);
bool device_write(const struct device *device, const char *path, const char *value);

/* How many directories queues/rx-N (kind "rx") or queues/tx-N there are. */
unsigned int device_queues(const struct device *device, const char *kind);

#define DEVICE_PARENT 96

/* Which interface it is, wherever it is moved to and whatever number it gets there. */
struct device_identity {
	unsigned long inode;		/* of its directory in sysfs; 0: there is no sysfs */
	unsigned long interfaces;	/* of that with all interfaces of its hardware; or 0 */
	char parent[DEVICE_PARENT];	/* "BUS/NAME", such as pci/0000:01:00.0; or "" */
};

void device_identify(const struct device *device, struct device_identity *identity);

/*
 * Its driver still has the hardware that it had, and so it is in another namespace, if it
 * is not in this one.
 */
bool device_hidden(const struct device_identity *identity);

/* As device_open(), the one with that inode. */
bool device_find(struct device *device, unsigned long inode);

/* Is there still one with this index in this namespace? */
bool device_exists(const struct device *device);

/* false: there is, but its driver is resetting it, and it answers no request. */
bool device_present(const struct device *device);

/* The driver's name, or "" when it does not tell. */
void device_driver(const struct device *device, char name[32]);

/* The same for a file anywhere. */
char *file_read(int directory, const char *path);
bool file_write(int directory, const char *path, const char *value);

#endif
