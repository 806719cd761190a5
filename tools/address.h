/* SPDX-License-Identifier: GPL-2.0-only */
/* Listening addresses as text: 127.0.0.1:80, [::1]:80; as a filter also :80 or 80. */
#ifndef FSCTL_ADDRESS_H
#define FSCTL_ADDRESS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "fastsock_slots.h"

#define ADDRESS_TEXT 56

/* @port in network byte order. */
void address_format(char text[ADDRESS_TEXT], int family, const void *addr, __be16 port);

struct address_filter {
	int family;		/* 0: any address */
	__u8 addr[16];
	__be16 port;		/* 0: any port */
};

/* "ADDRESS" alone, IPv4 or IPv6, without brackets. */
bool address_parse_host(const char *text, struct address_filter *filter);
bool address_parse(const char *text, struct address_filter *filter);
bool address_matches(const struct address_filter *filter, int family, const void *addr,
		     __be16 port);

#endif
