// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "records.h"

bool record_write(int fd, const char *word, const char *kind, const char *target,
		  const char *value)
{
	bool written;
	char *line;
	int length;

	length = asprintf(&line, "%s\t%s\t%s%s%s\n", word, kind, target, value ? "\t" : "",
			  value ? value : "");
	if (length < 0)
		return false;
	written = write(fd, line, length) == length;
	free(line);
	return written;
}

struct record *records_find(struct records *records, const struct setting *setting,
			    const char *target)
{
	for (size_t i = 0; i < records->count; i++)
		if (records->record[i].setting == setting &&
		    !strcmp(records->record[i].target, target))
			return &records->record[i];
	return NULL;
}

/* The first value is the one to go back to, the last one is what we made of it. */
static bool take_line(struct records *records, char *line)
{
	char *word = strsep(&line, "\t"), *kind = strsep(&line, "\t"), *target = strsep(&line, "\t");
	const struct setting *setting;
	struct record *record;

	if (!strcmp(word, "undo"))
		records->undoing = true;
	if (!strcmp(word, "device") && line)
		sscanf(line, "%lu %lu %95s", &records->identity.inode,
		       &records->identity.interfaces, records->identity.parent);
	if (!kind || !target || !strcmp(word, "device"))
		return true;
	setting = setting_find(kind);
	if (!setting)
		return true;
	record = records_find(records, setting, target);
	if (!record) {
		record = realloc(records->record, (records->count + 1) * sizeof(*record));
		if (!record)
			return false;
		records->record = record;
		record += records->count++;
		*record = (struct record){ .setting = setting, .target = target };
	}
	if (!strcmp(word, "was") && !record->was)
		record->was = line;
	else if (!strcmp(word, "now"))
		record->now = line;
	else if (!strcmp(word, "leave"))
		record->leave = true;
	return true;
}

static char *read_whole(int fd, size_t *length)
{
	struct stat status;
	char *text;

	if (fstat(fd, &status))
		return NULL;
	text = calloc(1, status.st_size + 1);
	if (text && pread(fd, text, status.st_size, 0) != status.st_size) {
		free(text);
		return NULL;
	}
	*length = status.st_size;
	return text;
}

bool records_read(int fd, struct records *records)
{
	size_t length, whole;
	char *at, *end;

	memset(records, 0, sizeof(*records));
	records->text = read_whole(fd, &length);
	if (!records->text)
		return false;
	for (whole = length; whole && records->text[whole - 1] != '\n'; whole--)
		;
	/* More is going to be written behind it. */
	if (whole < length && ftruncate(fd, whole))
		return false;
	records->text[whole] = '\0';
	for (at = records->text; (end = strchr(at, '\n')); at = end + 1) {
		*end = '\0';
		if (!take_line(records, at))
			return false;
	}
	return true;
}

void records_free(struct records *records)
{
	free(records->record);
	free(records->text);
}
