// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "notes.h"
#include "pins.h"

static const struct {
	const char *word, *sentence;
} reasons[FASTSOCK_REASON_KINDS] = {
	[FASTSOCK_REASON_NONE] = { "none", "served" },
	[FASTSOCK_REASON_NO_EPOLL] = { "no-epoll",
		"nobody waits for it in epoll: it blocks in accept(), uses poll, select or io_uring, or has "
		"no worker yet" },
	[FASTSOCK_REASON_ONE_PLACE] = { "one-place",
		"one thread listens and accepts: there is nothing to spread" },
	[FASTSOCK_REASON_BLOCKING] = { "blocking", "its accept() blocks" },
	[FASTSOCK_REASON_ONESHOT] = { "oneshot",
		"watched with EPOLLONESHOT, which two sockets cannot keep" },
	[FASTSOCK_REASON_TAKES_TURNS] = { "takes-turns",
		"its workers take turns in waiting for it (nginx: accept_mutex; Apache: a lock)" },
	[FASTSOCK_REASON_OWN_PROGRAM] = { "own-program",
		"the server attached a reuseport program of its own" },
	[FASTSOCK_REASON_OPTIONS] = { "options",
		"it carries what cannot be copied (a socket filter, MD5 keys, an option that needs "
		"rights)" },
	[FASTSOCK_REASON_RIGHTS] = { "rights",
		"the worker may not bind its address itself: load fastsock.ko" },
	[FASTSOCK_REASON_NO_ROW] = { "no-row",
		"as many addresses as there is room for are served already" },
	[FASTSOCK_REASON_NO_LANE] = { "no-lane",
		"as many workers as there is room for have its CPU already" },
	[FASTSOCK_REASON_NO_CPU] = { "no-cpu", "it may run on no CPU that fastsock knows" },
	[FASTSOCK_REASON_FAILED] = { "failed", "it could not be served" },
};

bool notes_read(struct notes *notes)
{
	int map = pins_open("reasons");
	struct fastsock_reason_key *from = NULL;
	struct note note;

	*notes = (struct notes){ 0 };
	if (map < 0)
		return false;
	/* The map may change meanwhile and the walk begin anew: no more than it can hold. */
	notes->notes = calloc(FASTSOCK_REASONS, sizeof(*notes->notes));
	while (notes->notes && notes->count < FASTSOCK_REASONS &&
	       !bpf_map_get_next_key(map, from, &note.key)) {
		from = &notes->notes[notes->count].key;
		*from = note.key;
		if (!bpf_map_lookup_elem(map, &note.key, &note.note) &&
		    note.note.reason < FASTSOCK_REASON_KINDS)
			notes->notes[notes->count++] = note;
	}
	close(map);
	errno = ENOMEM;
	return notes->notes;
}

void notes_free(struct notes *notes)
{
	free(notes->notes);
}

const struct note *notes_find(const struct notes *notes, __u64 cookie)
{
	const struct note *best = NULL;

	for (size_t i = 0; i < notes->count; i++)
		if (notes->notes[i].key.cookie == cookie &&
		    (!best || best->note.reason < notes->notes[i].note.reason))
			best = &notes->notes[i];
	return best;
}

const char *note_word(const struct note *note)
{
	return reasons[note->note.reason].word;
}

void note_explain(const struct note *note, char *text, size_t size)
{
	bool errno_tells = note->note.reason == FASTSOCK_REASON_FAILED ||
			   note->note.reason == FASTSOCK_REASON_OPTIONS;

	snprintf(text, size, "%s%s%s", reasons[note->note.reason].sentence,
		 errno_tells ? ": " : "", errno_tells ? strerror(note->note.error) : "");
}
