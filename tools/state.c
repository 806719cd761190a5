// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"
#include "fsctl.h"
#include "netns.h"
#include "state.h"

#define STATE_FILE	STATE_DIR "/state.json"
#define STATE_NEW	STATE_DIR "/state.json.new"

static unsigned long netns_inode(void)
{
	struct stat status;

	return stat("/proc/self/ns/net", &status) ? 0 : status.st_ino;
}

static int lock = -1;

/*
 * Only the one that is locked: where it has been removed already, another process may
 * have made and locked the next, which is empty until it has written something.
 */
static void remove_if_empty(void)
{
	struct stat locked, named;

	if (fstat(lock, &locked) == 0 && stat(STATE_DIR, &named) == 0 &&
	    named.st_dev == locked.st_dev && named.st_ino == locked.st_ino)
		rmdir(STATE_DIR);
}

/*
 * The lock is on the directory, which goes when nothing is enabled.  So one that
 * was waited for may have gone meanwhile: look whether it still has its name.
 * Others may not open it (0711), and so cannot hold fsctl up.
 */
bool state_lock(void)
{
	struct stat locked, named;
	static bool registered;
	int fd;

	for (;;) {
		if (mkdir(STATE_DIR, 0711) && errno != EEXIST)
			break;
		fd = open(STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0 || flock(fd, LOCK_EX) || fstat(fd, &locked))
			break;
		if (stat(STATE_DIR, &named) == 0 && named.st_ino == locked.st_ino) {
			/* Most never unlock: it goes with the process, however that ends. */
			if (!registered)
				registered = !atexit(remove_if_empty);
			lock = fd;
			return true;
		}
		close(fd);
	}
	complain("cannot lock " STATE_DIR ": %s%s", strerror(errno),
		 errno == EACCES || errno == EPERM ? " (needs root)" : "");
	return false;
}

void state_unlock(void)
{
	remove_if_empty();
	close(lock);
	lock = -1;
}

static void read_text(struct json_object *object, const char *name, char *text, size_t size)
{
	struct json_object *value;

	if (json_object_object_get_ex(object, name, &value))
		snprintf(text, size, "%s", json_object_get_string(value));
}

bool state_read(struct state *state)
{
	struct json_object *root, *list, *value;
	int fd = open(STATE_FILE, O_RDONLY | O_CLOEXEC);

	memset(state, 0, sizeof(*state));
	if (fd < 0) {
		if (errno == ENOENT)
			return true;
		complain("cannot read " STATE_FILE ": %s", strerror(errno));
		return false;
	}
	root = json_object_from_fd(fd);
	close(fd);
	if (!root || !json_object_object_get_ex(root, "interfaces", &list)) {
		complain(STATE_FILE " is damaged; 'fsctl disable --all' removes it");
		json_object_put(root);
		return false;
	}
	for (size_t i = 0; i < json_object_array_length(list) && i < STATE_INTERFACES; i++) {
		struct json_object *each = json_object_array_get_idx(list, i);

		if (!json_object_object_get_ex(each, "name", &value))
			continue;
		snprintf(state->interface[i].name, IFNAMSIZ, "%s", json_object_get_string(value));
		if (json_object_object_get_ex(each, "netns", &value))
			state->interface[i].netns = json_object_get_int64(value);
		if (json_object_object_get_ex(each, "ifindex", &value))
			state->interface[i].ifindex = json_object_get_int64(value);
		if (json_object_object_get_ex(each, "netns_cookie", &value))
			state->interface[i].netns_cookie = json_object_get_uint64(value);
		if (json_object_object_get_ex(each, "inode", &value))
			state->interface[i].inode = json_object_get_uint64(value);
		read_text(each, "mode", state->interface[i].mode, STATE_MODE);
		read_text(each, "cpus", state->interface[i].cpus, CPUS_TEXT);
		if (json_object_object_get_ex(each, "port_lo", &value))
			state->interface[i].port_lo = json_object_get_int64(value);
		if (json_object_object_get_ex(each, "port_hi", &value))
			state->interface[i].port_hi = json_object_get_int64(value);
		state->interfaces = i + 1;
	}
	if (json_object_object_get_ex(root, "mounted_bpffs", &value))
		state->mounted_bpffs = json_object_get_boolean(value);
	if (json_object_object_get_ex(root, "loaded_module", &value))
		state->loaded_module = json_object_get_boolean(value);
	json_object_put(root);
	return true;
}

bool state_write(const struct state *state)
{
	struct json_object *root = json_object_new_object(), *list = json_object_new_array();
	bool written;

	for (int i = 0; i < state->interfaces; i++) {
		struct json_object *each = json_object_new_object();

		json_object_object_add(each, "name", json_object_new_string(state->interface[i].name));
		json_object_object_add(each, "netns", json_object_new_int64(state->interface[i].netns));
		json_object_object_add(each, "ifindex", json_object_new_int64(state->interface[i].ifindex));
		json_object_object_add(each, "netns_cookie",
				       json_object_new_uint64(state->interface[i].netns_cookie));
		json_object_object_add(each, "inode", json_object_new_uint64(state->interface[i].inode));
		json_object_object_add(each, "mode", json_object_new_string(state->interface[i].mode));
		json_object_object_add(each, "cpus", json_object_new_string(state->interface[i].cpus));
		json_object_object_add(each, "port_lo", json_object_new_int64(state->interface[i].port_lo));
		json_object_object_add(each, "port_hi", json_object_new_int64(state->interface[i].port_hi));
		json_object_array_add(list, each);
	}
	json_object_object_add(root, "interfaces", list);
	json_object_object_add(root, "mounted_bpffs", json_object_new_boolean(state->mounted_bpffs));
	json_object_object_add(root, "loaded_module", json_object_new_boolean(state->loaded_module));
	written = json_object_to_file_ext(STATE_NEW, root, JSON_C_TO_STRING_PRETTY) == 0 &&
		  rename(STATE_NEW, STATE_FILE) == 0;
	if (!written)
		complain("cannot write " STATE_FILE ": %s", strerror(errno));
	json_object_put(root);
	return written;
}

bool state_remove(void)
{
	unlink(STATE_NEW);
	unlink(STATE_FILE);
	/* Last: with it the lock ends for whoever waits. */
	if (rmdir(STATE_DIR) == 0 || errno == ENOENT)
		return true;
	complain("cannot remove " STATE_DIR ": %s", errno == ENOTEMPTY ?
		 "something in it is still wanted, or not fsctl's" : strerror(errno));
	return false;
}

static unsigned long inode_of(unsigned int ifindex)
{
	struct device_identity identity = { 0 };
	struct device device;

	if (device_open(&device, ifindex))
		device_identify(&device, &identity);
	device_close(&device);
	return identity.inode;
}

bool state_identify(struct state *state, int index, const char *name)
{
	unsigned int ifindex = if_nametoindex(name);

	if (!ifindex || !if_indextoname(ifindex, state->interface[index].name))
		return false;
	state->interface[index].ifindex = ifindex;
	state->interface[index].inode = inode_of(ifindex);
	state->interface[index].netns = netns_inode();
	state->interface[index].netns_cookie = netns_cookie();
	return true;
}

bool state_here(const struct state *state, int index)
{
	return state->interface[index].netns_cookie == netns_cookie();
}

bool state_dead(const struct state *state, int index)
{
	return state->interface[index].netns == netns_inode() && !state_here(state, index);
}

int state_find(const struct state *state, const char *name)
{
	unsigned int ifindex = if_nametoindex(name);
	unsigned long inode = ifindex ? inode_of(ifindex) : 0;
	char other[IFNAMSIZ];

	for (int i = 0; ifindex && i < state->interfaces; i++)
		if (state->interface[i].ifindex == ifindex && state_here(state, i) &&
		    (state->interface[i].inode == inode || !inode || !state->interface[i].inode))
			return i;
	for (int i = 0; i < state->interfaces; i++)
		if (!strcmp(state->interface[i].name, name) && state_here(state, i) &&
		    (!ifindex || !if_indextoname(state->interface[i].ifindex, other) ||
		     state->interface[i].inode != inode_of(state->interface[i].ifindex)))
			return i;
	return -1;
}

void state_drop(struct state *state, int index)
{
	state->interface[index] = state->interface[--state->interfaces];
}
