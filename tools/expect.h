/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the replies of a connection should arrive, by the entry that the library has. */
#ifndef FSCTL_EXPECT_H
#define FSCTL_EXPECT_H

#include <stdbool.h>
#include <sys/socket.h>

#include "fastsock_rfd.h"

/* The CPU, or -1: the entry does not tell. */
int expect_cpu(const struct fastsock_rfd *entry, const struct sockaddr_storage *ours,
	       const struct sockaddr_storage *peer);

bool expect_takes_part(const struct fastsock_rfd *entry, int cpu);

/* The port of an address in host order, and how to set it. */
unsigned int address_port(const struct sockaddr_storage *address);
void address_set_port(struct sockaddr_storage *address, unsigned int port);

#endif
