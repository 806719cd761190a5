// SPDX-License-Identifier: LGPL-2.1-only
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "process.h"

static pid_t process;

void process_begin(void)
{
	process = syscall(SYS_getpid);
}

bool process_is_vfork_child(void)
{
	return process && syscall(SYS_getpid) != process;
}
