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

/* The dynamic linker ignores LD_PRELOAD for some programs, and says nothing. */
static void warn_if_ignored(const char *command)
{
	const char *search = strchr(command, '/') ? "" : getenv("PATH");
	char path[PATH_MAX];
	struct stat status;
	int fd = -1;

	do {
		size_t length = search ? strcspn(search, ":") : 0;

		snprintf(path, sizeof(path), "%.*s%s%s", (int)length, search ? search : "",
			 length ? "/" : "", command);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		search = search && search[length] ? search + length + 1 : NULL;
	} while (fd < 0 && search);
	if (fd < 0)
		return;
	if (fstat(fd, &status) == 0 && status.st_mode & (S_ISUID | S_ISGID))
		complain("%s is set-user-id: libfastsock.so is not loaded into it", path);
	else if (is_static(fd))
		complain("%s is linked statically: libfastsock.so is not loaded into it", path);
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
