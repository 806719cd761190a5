/* SPDX-License-Identifier: GPL-2.0-only */
/* What the library noted about listeners that it leaves as they are. */
#ifndef FSCTL_NOTES_H
#define FSCTL_NOTES_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "fastsock_reasons.h"

struct note {
	struct fastsock_reason_key key;
	struct fastsock_reason_note note;
};

struct notes {
	struct note *notes;
	size_t count;
};

bool notes_read(struct notes *notes);	/* false with errno */
void notes_free(struct notes *notes);

/* The one about this socket that tells most, or NULL. */
const struct note *notes_find(const struct notes *notes, __u64 cookie);

/* One word for programs, and a sentence for people. */
const char *note_word(const struct note *note);
void note_explain(const struct note *note, char *text, size_t size);

#endif
