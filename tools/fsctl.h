/* SPDX-License-Identifier: GPL-2.0-only */
/* What the commands of fsctl share: exit statuses, the command table, messages. */
#ifndef FSCTL_H
#define FSCTL_H

#include <stdbool.h>

#define EXIT_USAGE 2

struct command {
	const char *name;
	const char *arguments;
	const char *summary;
	const char *help;
	int (*run)(int argc, char **argv);	/* argv[0] is the command's name */
};

extern const struct command commands[];

/* "fsctl COMMAND: ..." on stderr; COMMAND is the one that runs. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, with a hint at the help; returns EXIT_USAGE. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

int command_enable(int argc, char **argv);
int command_disable(int argc, char **argv);
int command_refresh(int argc, char **argv);
int command_watch(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_status(int argc, char **argv);
int command_stats(int argc, char **argv);
int command_adopt(int argc, char **argv);
int command_run(int argc, char **argv);
int command_help(int argc, char **argv);

#endif
