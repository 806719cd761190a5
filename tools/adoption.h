/* SPDX-License-Identifier: GPL-2.0-only */
/* The sockets of one address of a running server, and their places. */
#ifndef FSCTL_ADOPTION_H
#define FSCTL_ADOPTION_H

#include <stdbool.h>

#include "address.h"
#include "attached.h"
#include "diag.h"
#include "workers.h"

struct adopted_socket {
	const struct diag_socket *diag;
	struct server_worker worker;
	int fd;			/* ours, to the server's socket */
	int cpu;
	const char *because;	/* of what it is for that CPU */
	__u32 slot;
	bool placed;		/* by this run */
};

struct adoption {
	int protocol;
	int pid;		/* 0: whoever has them */
	__u32 cpus;
	char address[ADDRESS_TEXT];
	struct adopted_socket *sockets;
	size_t count;
	__u32 row;
};

/* Their descriptors, from their processes; false: told. */
bool adoption_fetch(struct adoption *adoption, const struct owners *owners);

/* May they be put into slots?  @programs: NULL, it cannot be told.  false: told. */
bool adoption_check(const struct adoption *adoption, const struct owners *owners,
		    const struct attached_list *programs);

void adoption_plan(struct adoption *adoption, const struct owners *owners);
void adoption_print(const struct adoption *adoption);

/* All or none of them; false: told, and as before. */
bool adoption_apply(struct adoption *adoption);

/* -1: told; 0: was not adopted; 1: done. */
int adoption_release(struct adoption *adoption, const struct owners *owners,
		     const struct attached_list *programs);

void adoption_close(struct adoption *adoption);

#endif
