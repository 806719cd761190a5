// SPDX-License-Identifier: GPL-2.0-only
/* run: put the library in front of what is preloaded already, and become the command. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fsctl.h"
#include "pins.h"

#define EXIT_NOT_STARTED	126
#define EXIT_NOT_FOUND		127

/* Beside the build's bin/, else where it was installed. */
static bool find_library(char *path, size_t size)
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (length > 0) {
		self[length] = '\0';
		slash = strrchr(self, '/');
		*slash = '\0';
		if ((size_t)snprintf(path, size, "%s/../lib/libfastsock.so", self) < size &&
		    access(path, R_OK) == 0)
			return true;
	}
	snprintf(path, size, "%s", FASTSOCK_LIBDIR "/libfastsock.so");
	return access(path, R_OK) == 0;
}

static bool is_static(int fd)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) || header.e_ident[EI_CLASS] != ELFCLASS64)
		return false;
	for (int i = 0; i < header.e_phnum; i++)
		if (pread(fd, &segment, sizeof(segment),
			  header.e_phoff + i * sizeof(segment)) == sizeof(segment) &&
		    segment.p_type == PT_INTERP)
			return false;
	return true;
}

/* The file that execvp would take; -1 if there is none to be read. */
static int open_command(const char *command, char *path, size_t size)
{
	const char *search = strchr(command, '/') ? "" : getenv("PATH");
	struct stat status;
	size_t length;
	int fd;

	while (search) {
		length = strcspn(search, ":");
		snprintf(path, size, "%.*s%s%s", (int)length, search, length ? "/" : "", command);
		/* A FIFO of that name must not hold us up. */
		fd = access(path, X_OK) ? -1 : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
			return fd;
		if (fd >= 0)
			close(fd);
		search = search[length] ? search + length + 1 : NULL;
	}
	return -1;
}

/*
 * The dynamic linker ignores LD_PRELOAD where a program gets more rights than its
 * caller has, and a static program has no dynamic linker; neither says so.
 */
static void warn_if_ignored(const char *command)
{
	char path[PATH_MAX];
	struct stat status;
	int fd = open_command(command, path, sizeof(path));

	if (fd < 0)
		return;
	if (is_static(fd))
		complain("%s is linked statically: libfastsock.so is not loaded into it", path);
	else if (fstat(fd, &status) == 0 &&
		 ((status.st_mode & S_ISUID && status.st_uid != geteuid()) ||
		  (status.st_mode & S_ISGID && status.st_gid != getegid())))
		complain("%s is set-user-id or set-group-id: libfastsock.so is not loaded into it; "
			 "start it as its owner", path);
	else if (getuid() && fgetxattr(fd, "security.capability", NULL, 0) > 0)
		complain("%s has file capabilities: libfastsock.so is not loaded into it; start it as "
			 "root, or give it the capabilities by its service manager", path);
	close(fd);
}

int command_run(int argc, char **argv)
{
	const char *before = getenv("LD_PRELOAD");
	char library[PATH_MAX + 64], *preload;
	int first = 1;

	if (argc > 1 && !strcmp(argv[1], "--"))
		first = 2;
	else if (argc > 1 && argv[1][0] == '-')
		return usage_error("unknown option '%s' (put '--' in front of the command)", argv[1]);
	if (first >= argc)
		return usage_error("which command?");
	if (!find_library(library, sizeof(library))) {
		complain("cannot find libfastsock.so (looked in " FASTSOCK_LIBDIR "): "
			 "run 'make install'");
		return EXIT_NOT_STARTED;
	}
	if (strpbrk(library, ": \t")) {
		complain("LD_PRELOAD cannot name '%s': move it to a directory without a blank or ':' in "
			 "its name", library);
		return EXIT_NOT_STARTED;
	}
	if (!pins_exist() && errno == ENOENT)
		complain("fastsock is not enabled: %s will run as without it", argv[first]);
	warn_if_ignored(argv[first]);
	if (asprintf(&preload, "%s%s%s", library, before && *before ? ":" : "",
		     before ? before : "") < 0 || setenv("LD_PRELOAD", preload, 1)) {
		complain("out of memory");
		return EXIT_NOT_STARTED;
	}
	free(preload);
	execvp(argv[first], argv + first);
	complain("%s: %s", argv[first], strerror(errno));
	return errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_STARTED;
}
