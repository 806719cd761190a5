// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "say.h"

static atomic_bool told[SAY_REASONS];

void say(enum reason reason, ...)
{
	int saved = errno;
	char line[512] = "fastsock: ";
	size_t used = strlen(line);
	const char *part;
	va_list parts;

	if (atomic_exchange(&told[reason], 1) && reason != SAY_SETTING)
		return;
	va_start(parts, reason);
	while ((part = va_arg(parts, const char *)))
		while (*part && used < sizeof(line) - 1)
			line[used++] = *part++;
	va_end(parts);
	line[used++] = '\n';
	/* Nothing useful can be done when stderr is closed. */
	if (syscall(SYS_write, STDERR_FILENO, line, used) < 0)
		errno = saved;
	errno = saved;
}

const char *say_errno(int error)
{
	static const struct {
		int error;
		const char *words;
	} known[] = {
		{ EACCES, "permission denied" },
		{ EADDRINUSE, "address in use" },
		{ EAGAIN, "try again" },
		{ EBADF, "bad descriptor" },
		{ EBUSY, "busy" },
		{ EEXIST, "exists" },
		{ EINVAL, "invalid argument" },
		{ EMFILE, "too many open files" },
		{ ENFILE, "too many open files in the system" },
		{ ENODEV, "no such device" },
		{ ENOENT, "no such file" },
		{ ENOMEM, "out of memory" },
		{ ENOPROTOOPT, "no such option" },
		{ ENOSPC, "no space" },
		{ ENOSYS, "not in this kernel" },
		{ ENXIO, "no such device" },
		{ EOPNOTSUPP, "not supported" },
		{ EPERM, "not permitted" },
		{ EPROTO, "protocol mismatch" },
		{ E2BIG, "table full" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].error == error)
			return known[i].words;
	return "unexpected error";
}

const char *say_number(char *buffer, long value)
{
	char *at = buffer + 11;
	unsigned long rest = value < 0 ? -(unsigned long)value : (unsigned long)value;

	*at = '\0';
	do {
		*--at = '0' + rest % 10;
		rest /= 10;
	} while (rest && at > buffer + 1);
	if (value < 0)
		*--at = '-';
	return at;
}
