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

#include "fsctl.h"
#include "state.h"

#define STATE_FILE	STATE_DIR "/state.json"
#define STATE_NEW	STATE_DIR "/state.json.new"

unsigned long state_netns(void)
{
	struct stat status;

	return stat("/proc/self/ns/net", &status) ? 0 : status.st_ino;
}

static void remove_if_empty(void)
{
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
			/* Never closed: the lock goes with the process, however that ends. */
			atexit(remove_if_empty);
			return true;
		}
		close(fd);
	}
	complain("cannot lock " STATE_DIR ": %s%s", strerror(errno),
		 errno == EACCES || errno == EPERM ? " (needs root)" : "");
	return false;
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
		complain(STATE_FILE " is damaged; remove it, then run 'fsctl disable --all'");
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
	complain("cannot remove " STATE_DIR ": %s", strerror(errno));
	return false;
}

int state_find(const struct state *state, const char *name)
{
	for (int i = 0; i < state->interfaces; i++)
		if (!strcmp(state->interface[i].name, name) &&
		    state->interface[i].netns == state_netns())
			return i;
	return -1;
}
