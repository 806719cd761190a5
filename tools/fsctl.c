// SPDX-License-Identifier: GPL-2.0-only
/* fsctl: the command table, help, and nothing else. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fastsock.h"
#include "fastsock_slots.h"
#include "fsctl.h"

static const char *running = "";

const struct command commands[] = {
	{ "enable", "--iface IF [--mode MODE] [--cpus LIST] [--ports LO-HI] [--rx-usecs N] "
	  "[--spill on|off] [--group NAME] [--dry-run] [--verbose]",
	  "let servers have a listener for each CPU, and replies come home",
	  "Loads fastsock.ko if it can, loads the selection program and pins it under\n"
	  FASTSOCK_PINS ". The interface is changed for a --mode only; disable sets\n"
	  "everything back as it was.\n\n"
	  "  --iface IF     whose traffic it is for; may be given for several in turn\n"
	  "  --mode MODE    source ports of outgoing connections, by which replies arrive on\n"
	  "                 the CPU that connects:\n"
	  "      off        left to the kernel (default)\n"
	  "      auto       the first of rss, ntuple, xdp that works there\n"
	  "      rss        ports for which the device's own hash leads to the CPU\n"
	  "      ntuple     a block of ports and a flow rule for each CPU\n"
	  "      xdp        a block of ports for each CPU, and a program that moves packets\n"
	  "      external   a block of ports for each CPU; something else places packets by\n"
	  "                 these blocks already (a programmed NIC, a switch, an XDP program)\n"
	  "                 rss and ntuple set up the device, too: a channel for each CPU,\n"
	  "                 interrupts and XPS one to one, RPS off\n"
	  "  --cpus LIST    CPUs that take part, such as 0-3,8; default: all online\n"
	  "  --ports LO-HI  ports to choose from; default: net.ipv4.ip_local_port_range\n"
	  "  --rx-usecs N   interrupt coalescing of N microseconds, not adaptive\n"
	  "  --spill on|off whether connections of a CPU whose worker is behind go to others;\n"
	  "                 for all interfaces, also later; on at first\n"
	  "  --group NAME   let this group's members start accelerated servers, too;\n"
	  "                 without it only servers that start as root are\n"
	  "  --dry-run      say what would be done\n"
	  "  --verbose      show what libbpf and the kernel say about the program\n",
	  command_enable },
	{ "disable", "--iface IF | --all",
	  "take that back",
	  "When the last interface goes, running servers share their listener again,\n"
	  "pins and state are removed, and what enable mounted or loaded goes, too.\n",
	  command_disable },
	{ "status", "[--json]",
	  "show what is enabled, and the listener of each CPU",
	  "Changes nothing. As an ordinary user it shows what may be read. Listeners of\n"
	  "this network namespace that are not served are listed with the reason.\n",
	  command_status },
	{ "stats", "[--json] [--watch [SECONDS]] [--listener ADDRESS:PORT]",
	  "count how connections were given to listeners",
	  "Changes nothing.\n\n"
	  "  --json       for programs; with --watch one line each time\n"
	  "  --watch      per second, every second or every SECONDS, until interrupted\n"
	  "  --listener   only this one; also :PORT or PORT, [ADDRESS]:PORT for IPv6\n",
	  command_stats },
	{ "adopt", "--port N [--pid PID] [--address A] [--udp] [--release] [--dry-run]",
	  "serve a running server that has a socket for each worker",
	  "Puts the SO_REUSEPORT sockets of a server that runs without libfastsock into\n"
	  "the slots of their workers' CPUs. To be repeated when it has made new ones.\n\n"
	  "  --port N       on which it listens\n"
	  "  --pid PID      this process's; also where it is in another network namespace\n"
	  "  --address A    of this address only\n"
	  "  --udp          UDP sockets instead of TCP\n"
	  "  --release      take it back\n"
	  "  --dry-run      say which socket would be for which CPU\n",
	  command_adopt },
	{ "doctor", "--iface IF [--peer ADDRESS:PORT] [--count N] [--json]",
	  "tell whether replies arrive where they should, and why not",
	  "Looks at the connections there are, or makes N (16) from each CPU to a peer.\n"
	  "Exit status 0: replies were seen, and all of them arrived where they should.\n\n"
	  "  --peer ADDRESS:PORT  a server that accepts; IPv6: [ADDRESS]:PORT\n",
	  command_doctor },
	{ "refresh", "[--iface IF]",
	  "tell the library what has changed about devices since enable",
	  "Hash key, indirection table, queues, interrupts. Without --iface: all.\n",
	  command_refresh },
	{ "watch", "[--interval SECONDS]",
	  "refresh again and again, until nothing is enabled any more",
	  "Every second, or as often as told (0.05 to 3600). For a service manager.\n",
	  command_watch },
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
		printf("  %-8s %s\n", command->name, command->summary);
	printf("\n'fsctl help COMMAND' tells more; so does fsctl(8).\n"
	       "Exit status: 0 done, 1 could not be done, 2 wrong arguments.\n");
	return EXIT_SUCCESS;
}

static bool asks_for_help(const char *word)
{
	return word && (!strcmp(word, "--help") || !strcmp(word, "-h"));
}

int main(int argc, char **argv)
{
	const struct command *command;
	const char *close;
	int status;

	if (argc < 2)
		return usage_error("which command?");
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("fsctl, device ABI %d, pins ABI %d\n", FASTSOCK_ABI, FASTSOCK_PINS_ABI);
		return EXIT_SUCCESS;
	}
	if (asks_for_help(argv[1]))
		return command_help(1, argv);
	command = find(argv[1]);
	if (!command) {
		close = nearest(argv[1]);
		return close ? usage_error("unknown command '%s'; did you mean '%s'?", argv[1], close) :
			       usage_error("unknown command '%s'", argv[1]);
	}
	running = command->name;
	status = asks_for_help(argv[2]) ? command_help(2, argv) : command->run(argc - 1, argv + 1);
	/* Not /dev/full, nor a disk without room, without a word. */
	if (fflush(stdout) || ferror(stdout)) {
		complain("cannot write: %s", strerror(errno));
		return EXIT_FAILURE;
	}
	return status;
}
