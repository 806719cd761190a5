/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Do replies arrive where the entry says?  Asked of connections made for it, or of
 * those that programs have: SO_INCOMING_CPU of a connected socket is the CPU that
 * received its last packet.
 */
#ifndef FSCTL_PROBE_H
#define FSCTL_PROBE_H

#include <stdbool.h>
#include <sys/socket.h>

#include "device.h"
#include "fastsock_rfd.h"

struct probe {
	unsigned int home[FASTSOCK_RFD_CPUS];	/* by the CPU where they should arrive */
	unsigned int away[FASTSOCK_RFD_CPUS];
	int seen_on[FASTSOCK_RFD_CPUS];		/* where the last that went astray did; -1 */
	unsigned int connections, strays;
	unsigned int failed;
	int error;				/* of the last that failed */
};

/* @count connections from each CPU to a peer that answers. */
void probe_connect(const struct device *device, const struct fastsock_rfd *entry,
		   const struct sockaddr_storage *peer, unsigned int count, struct probe *probe);

/* Whatever connections there are; needs CAP_SYS_PTRACE for those of others. */
void probe_look(const struct device *device, const struct fastsock_rfd *entry,
		struct probe *probe);

#endif
