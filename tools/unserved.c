// SPDX-License-Identifier: GPL-2.0-only
/*
 * Why a listener is not served: what the library noted, where it did; otherwise
 * what can be seen of the process: it has no library, was told to do nothing, or
 * could not open the pins.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address.h"
#include "pins.h"
#include "process.h"
#include "unserved.h"

struct view {
	const struct rows *rows;
	const struct diag *diag;
	const struct owners *owners;
	const struct notes *notes;
	__u64 *served;		/* cookies of what is in slots */
	size_t count;
	__u32 slots_id;		/* of the pinned map */
	time_t enabled;		/* when */
};

static bool read_served(struct view *view)
{
	__u32 slots = fastsock_slots(view->rows->config.groups, view->rows->config.cpus);
	struct fastsock_group group;
	__u32 row = 0;

	view->served = calloc(slots, sizeof(*view->served));
	for (__u32 slot = 0; view->served && slot < slots; slot++) {
		if (slot % fastsock_row(view->rows->config.cpus) == 0) {
			row = slot / fastsock_row(view->rows->config.cpus);
			if (!rows_read(view->rows, row, &group)) {
				slot += fastsock_row(view->rows->config.cpus) - 1;
				continue;
			}
		}
		view->served[view->count] = rows_cookie(view->rows, slot);
		view->count += view->served[view->count] != 0;
	}
	return view->served;
}

static bool is_served(const struct view *view, __u64 cookie)
{
	for (size_t i = 0; i < view->count; i++)
		if (view->served[i] == cookie)
			return true;
	return false;
}

static bool has_siblings(const struct view *view, const struct diag_socket *socket)
{
	for (size_t i = 0; i < view->diag->count; i++) {
		const struct diag_socket *other = &view->diag->sockets[i];

		if (other != socket && other->family == socket->family &&
		    other->port == socket->port && other->ifindex == socket->ifindex &&
		    other->uid == socket->uid &&
		    !memcmp(other->addr, socket->addr, sizeof(socket->addr)))
			return true;
	}
	return false;
}

/* The library is there and noted nothing. */
static const char *why_silent(const struct view *view, int pid, const char **sentence)
{
	if (process_switched_off(pid)) {
		*sentence = "FASTSOCK=off in its environment";
		return "switched-off";
	}
	switch (process_maps(pid, view->slots_id)) {
	case PROCESS_THIS_MAP:
		*sentence = "the library knows of no worker for it";
		return "no-worker";
	case PROCESS_OTHER_MAPS:
		*sentence = "it has the pins of an earlier 'fsctl enable': restart it";
		return "earlier-pins";
	default:
		break;
	}
	if (process_older_than(pid, view->enabled)) {
		*sentence = "fastsock was not enabled when it started: restart it";
		return "not-enabled-then";
	}
	*sentence = "it may not open the pins, see 'fsctl enable --group'";
	return "no-permission";
}

static const char *why(const struct view *view, const struct diag_socket *socket,
		       const struct owner *owner, const char **sentence)
{
	if (!socket->inode) {
		*sentence = "no process has it (the kernel's, or MPTCP's)";
		return "kernel";
	}
	if (!owner) {
		*sentence = view->owners->incomplete ? "another user's process has it" :
						       "its process is not to be seen from here";
		return "not-seen";
	}
	switch (process_has_library(owner->pid)) {
	case 0:
		*sentence = has_siblings(view, socket) ?
			"without libfastsock, but with several sockets: 'fsctl adopt' can serve it" :
			"without libfastsock: start it by 'fsctl run'";
		return "no-library";
	case 1:
		return why_silent(view, owner->pid, sentence);
	default:
		*sentence = "another user's process has it";
		return "not-seen";
	}
}

#define ADD(object, name, kind, value) \
	json_object_object_add(object, name, json_object_new_##kind(value))

static struct json_object *describe(const struct diag_socket *socket, const char *word,
				    const char *sentence)
{
	struct json_object *each = json_object_new_object();
	char text[ADDRESS_TEXT];

	address_format(text, socket->family, socket->addr, socket->port);
	ADD(each, "address", string, text);
	ADD(each, "cookie", uint64, socket->cookie);
	ADD(each, "uid", int, socket->uid);
	ADD(each, "reason", string, word);
	ADD(each, "why", string, sentence);
	return each;
}

static void add_owner(struct json_object *each, const struct owner *owner)
{
	if (!owner)
		return;
	ADD(each, "pid", int, owner->pid);
	ADD(each, "program", string, owner->comm);
}

static struct json_object *describe_socket(const struct view *view,
					   const struct diag_socket *socket)
{
	const struct owner *owner = socket->inode ? owners_find(view->owners, socket->inode) : NULL;
	const struct note *note = notes_find(view->notes, socket->cookie);
	char text[200];
	const char *sentence = text, *word;
	struct json_object *each;

	if (note) {
		word = note_word(note);
		note_explain(note, text, sizeof(text));
	} else {
		word = why(view, socket, owner, &sentence);
	}
	each = describe(socket, word, sentence);
	add_owner(each, owner);
	return each;
}

/* A worker that has none while others of the same listener do.  Those that ended do not count. */
static void describe_workers(const struct view *view, const struct diag_socket *socket,
			     struct json_object *list)
{
	for (size_t i = 0; i < view->notes->count; i++) {
		const struct note *note = &view->notes->notes[i];
		struct owner worker = { .pid = note->key.tid };
		struct json_object *each;
		char text[200];

		if (note->key.cookie != socket->cookie ||
		    note->note.reason < FASTSOCK_REASON_BLOCKING)
			continue;
		process_name(worker.pid, worker.comm, sizeof(worker.comm));
		if (!*worker.comm)
			continue;
		note_explain(note, text, sizeof(text));
		each = describe(socket, note_word(note), text);
		add_owner(each, &worker);
		ADD(each, "only_this_worker", boolean, true);
		json_object_array_add(list, each);
	}
}

struct json_object *unserved_describe(const struct rows *rows, const struct diag *diag,
				      const struct owners *owners, const struct notes *notes)
{
	struct view view = { .rows = rows, .diag = diag, .owners = owners, .notes = notes };
	struct json_object *list = json_object_new_array();
	struct bpf_map_info info = { 0 };
	__u32 length = sizeof(info);
	struct stat pins;

	if (!bpf_obj_get_info_by_fd(rows->slots, &info, &length))
		view.slots_id = info.id;
	if (!stat(FASTSOCK_PINS "/slots", &pins))
		view.enabled = pins.st_mtime;
	if (!read_served(&view))
		return list;
	for (size_t i = 0; i < diag->count; i++) {
		const struct diag_socket *socket = &diag->sockets[i];

		if (is_served(&view, socket->cookie))
			describe_workers(&view, socket, list);
		else
			json_object_array_add(list, describe_socket(&view, socket));
	}
	free(view.served);
	return list;
}
