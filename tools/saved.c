// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsctl.h"
#include "restore.h"
#include "saved.h"
#include "state.h"

struct saved {
	const struct device *device;
	int fd;
};

/* A file by its name. */
struct file {
	unsigned int ifindex;
	unsigned long long netns;
};

static void path_of(unsigned int ifindex, __u64 netns, char path[96])
{
	snprintf(path, 96, STATE_DIR "/saved-%llu-%u", (unsigned long long)netns, ifindex);
}

static int open_file(unsigned int ifindex, __u64 netns, int flags)
{
	char path[96];

	path_of(ifindex, netns, path);
	return open(path, O_RDWR | O_APPEND | O_CLOEXEC | flags, 0600);
}

struct saved *saved_open(const struct device *device, __u64 netns)
{
	struct saved *saved = malloc(sizeof(*saved));
	struct device_identity identity;
	char number[16], text[192];

	if (!saved)
		return NULL;
	snprintf(number, sizeof(number), "%u", device->ifindex);
	saved->device = device;
	device_identify(device, &identity);
	snprintf(text, sizeof(text), "%lu %lu %s", identity.inode, identity.interfaces,
		 identity.parent);
	saved->fd = open_file(device->ifindex, netns, O_CREAT | O_EXCL);
	if (saved->fd >= 0 && record_write(saved->fd, "device", number, device->name, text))
		return saved;
	complain("%s: cannot write down its settings below " STATE_DIR ": %s", device->name,
		 strerror(errno));
	saved_close(saved);
	return NULL;
}

void saved_close(struct saved *saved)
{
	if (saved->fd >= 0)
		close(saved->fd);
	free(saved);
}

static bool keep(struct saved *saved, const struct setting *setting, const char *target,
		 const char *value)
{
	/* Text of another shape than a line's could not be read again. */
	if (strpbrk(value, "\t\n")) {
		errno = EINVAL;
		return false;
	}
	return record_write(saved->fd, "was", setting->kind, target, value);
}

bool saved_keep(struct saved *saved, const char *kind, const char *target)
{
	const struct setting *setting = setting_find(kind);
	char *value = setting->get(saved->device, target);
	bool done = value && keep(saved, setting, target, value);

	free(value);
	return done;
}

bool saved_change(struct saved *saved, const char *kind, const char *target, const char *value)
{
	const struct setting *setting = setting_find(kind);
	char *was = setting->get(saved->device, target), *now;
	bool done = false;
	int error;

	if (!was)
		return false;
	if (setting_same(setting, target, was, value)) {
		free(was);
		return true;
	}
	if (keep(saved, setting, target, was)) {
		done = setting->set(saved->device, target, value);
		error = errno;
		now = setting->get(saved->device, target);
		if (now)
			record_write(saved->fd, "now", kind, target, now);
		free(now);
		errno = error;
	}
	free(was);
	return done;
}

/* Its driver takes it away for a moment while it resets it. */
static bool wait_for(const struct device *device)
{
	for (int i = 0; i < 20; i++) {
		if (device_present(device) || !device_exists(device))
			return true;
		usleep(100000);
	}
	complain("%s: is being reset by its driver: repeat this when that is over", device->name);
	return false;
}

/* All back by this file, which is of this device. */
static bool undo_by(const char *path, const struct device *device)
{
	int fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	struct records records;
	bool done;

	if (fd >= 0 && !wait_for(device)) {
		close(fd);
		return false;
	}
	if (fd < 0 || !records_read(fd, &records) ||
	    (!records.undoing && !restore_mark(device, &records, fd))) {
		complain("%s: cannot read %s: %s", device->name, path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	done = restore_all(device, &records);
	records_free(&records);
	close(fd);
	/* What failed because it was away meanwhile is worth another try; the rest was told. */
	if (done || (device_present(device) && device->directory >= 0))
		unlink(path);
	return done;
}

static bool identity_in(const char *path, struct device_identity *identity)
{
	int fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	struct records records;
	bool read;

	if (fd < 0)
		return false;
	read = records_read(fd, &records);
	*identity = records.identity;
	records_free(&records);
	close(fd);
	return read;
}

static bool parse(const char *name, struct file *file)
{
	int end = 0;

	return sscanf(name, "saved-%llu-%u%n", &file->netns, &file->ifindex, &end) == 2 &&
	       !name[end];
}

static int is_saved(const struct dirent *entry)
{
	struct file file;

	return parse(entry->d_name, &file);
}

/* All that there are, to be freed.  They may be removed meanwhile. */
static size_t list_files(struct file **files)
{
	struct dirent **entries;
	int count = scandir(STATE_DIR, &entries, is_saved, alphasort);
	size_t listed = 0;

	*files = count > 0 ? calloc(count, sizeof(**files)) : NULL;
	for (int i = 0; i < count; i++) {
		if (*files && parse(entries[i]->d_name, &(*files)[listed]))
			listed++;
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return listed;
}

bool saved_each(bool (*visit)(unsigned int ifindex, __u64 netns))
{
	struct file *files;
	size_t count = list_files(&files);
	bool done = true;

	for (size_t i = 0; i < count; i++)
		done &= visit(files[i].ifindex, files[i].netns);
	free(files);
	return done;
}

/*
 * The device's own file: by what it is, for it may have been elsewhere and have come back
 * with another number, and another may have got its number; by number where sysfs cannot tell.
 */
static bool find_file(const struct device *device, __u64 netns, char path[96])
{
	struct device_identity own, there;
	struct file *files;
	size_t count = list_files(&files);
	bool found = false;

	device_identify(device, &own);
	for (size_t i = 0; i < count && !found && own.inode; i++) {
		path_of(files[i].ifindex, files[i].netns, path);
		found = identity_in(path, &there) && there.inode == own.inode;
	}
	free(files);
	if (found)
		return true;
	path_of(device->ifindex, netns, path);
	return identity_in(path, &there) && (!there.inode || !own.inode);
}

bool saved_undo(const struct device *device, __u64 netns)
{
	char path[96];

	return !find_file(device, netns, path) || undo_by(path, device);
}

void saved_settle(struct saved *saved)
{
	struct records records;
	struct record *record;
	char *now;

	if (!records_read(saved->fd, &records))
		return;
	for (size_t i = 0; i < records.count; i++) {
		record = &records.record[i];
		now = record->now ? NULL : record->setting->get(saved->device, record->target);
		if (now && !strpbrk(now, "\t\n"))
			record_write(saved->fd, "now", record->setting->kind, record->target, now);
		free(now);
	}
	records_free(&records);
}

bool saved_forget(unsigned int ifindex, __u64 netns)
{
	struct device_identity identity;
	struct device device;
	char path[96];
	bool done;

	path_of(ifindex, netns, path);
	if (access(path, F_OK))
		return true;
	if (!identity_in(path, &identity)) {
		complain("cannot read %s: %s", path, strerror(errno));
		return false;
	}
	if (device_find(&device, identity.inode)) {
		done = undo_by(path, &device);
		device_close(&device);
		return done;
	}
	if (device_hidden(&identity)) {
		complain("the interface that had index %u is in another network namespace, but for its "
			 "hardware (%s): bring it back and run 'fsctl disable --all', else its former "
			 "settings are lost; they are in %s", ifindex, identity.parent, path);
		return false;
	}
	done = !unlink(path);
	complain(done ? "the interface with index %u is gone, and its former settings with it" :
			"the interface with index %u is gone, and the file of its settings cannot be "
			"removed", ifindex);
	return done;
}
