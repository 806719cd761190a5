// SPDX-License-Identifier: GPL-2.0-only
/* fsctl: the command table, help, and nothing else. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fastsock.h"
#include "fastsock_slots.h"
#include "fsctl.h"

static const char *running = "";

const struct command commands[] = {
	{ "enable", "--iface IF [--group NAME] [--dry-run]",
	  "let servers have a listener for each CPU",
	  "Loads fastsock.ko if it can, loads the selection program and pins it under\n"
	  FASTSOCK_PINS ". Changes nothing about the interface.\n\n"
	  "  --iface IF     whose traffic it is for; may be given for several in turn\n"
	  "  --group NAME   let this group's members start accelerated servers, too;\n"
	  "                 without it only servers that start as root are\n"
	  "  --dry-run      say what would be done\n",
	  command_enable },
	{ "disable", "--iface IF | --all",
	  "take that back",
	  "When the last interface goes, running servers share their listener again,\n"
	  "pins and state are removed, and what enable mounted or loaded goes, too.\n",
	  command_disable },
	{ "status", "[--json]",
	  "show what is enabled, and the listener of each CPU",
	  "Changes nothing. As an ordinary user it shows what may be read.\n",
	  command_status },
	{ "run", "[--] COMMAND [ARGUMENTS]",
	  "start a server with libfastsock.so preloaded",
	  "Exit status: the server's; 126 if it cannot be started, 127 if not found.\n",
	  command_run },
	{ "help", "[COMMAND]", "show this, or all about a command", "", command_help },
	{ NULL, NULL, NULL, NULL, NULL },
};

static void vcomplain(const char *format, va_list args)
{
	fprintf(stderr, "fsctl%s%s: ", *running ? " " : "", running);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vcomplain(format, args);
	va_end(args);
}

int usage_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vcomplain(format, args);
	va_end(args);
	fprintf(stderr, "Try 'fsctl help%s%s'.\n", *running ? " " : "", running);
	return EXIT_USAGE;
}

static const struct command *find(const char *name)
{
	const struct command *command;

	for (command = commands; command->name; command++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}

/* The command that shares the longest beginning with a mistyped one. */
static const char *nearest(const char *name)
{
	const struct command *command;
	const char *best = NULL;
	size_t most = 0, same;

	for (command = commands; command->name; command++) {
		for (same = 0; name[same] && name[same] == command->name[same]; same++)
			;
		if (same > most) {
			most = same;
			best = command->name;
		}
	}
	return best;
}

int command_help(int argc, char **argv)
{
	const struct command *command;

	if (argc > 2)
		return usage_error("takes one command at most");
	if (argc == 2) {
		command = find(argv[1]);
		if (!command)
			return usage_error("there is no command '%s'", argv[1]);
		printf("usage: fsctl %s %s\n\n%s.\n%s", command->name, command->arguments,
		       command->summary, command->help);
		return EXIT_SUCCESS;
	}
	printf("usage: fsctl COMMAND ...\n\n");
	for (command = commands; command->name; command++)
		printf("  %-8s %-40s %s\n", command->name, command->arguments, command->summary);
	printf("\n'fsctl help COMMAND' tells more; so does fsctl(8).\n"
	       "Exit status: 0 done, 1 could not be done, 2 wrong arguments.\n");
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const struct command *command;
	const char *close;

	if (argc < 2)
		return usage_error("which command?");
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("fsctl, device ABI %d, pins ABI %d\n", FASTSOCK_ABI, FASTSOCK_PINS_ABI);
		return EXIT_SUCCESS;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		char *none[] = { argv[1], NULL };

		return command_help(1, none);
	}
	command = find(argv[1]);
	if (!command) {
		close = nearest(argv[1]);
		return close ? usage_error("unknown command '%s'; did you mean '%s'?", argv[1], close) :
			       usage_error("unknown command '%s'", argv[1]);
	}
	running = command->name;
	return command->run(argc - 1, argv + 1);
}
