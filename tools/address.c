// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"

void address_format(char text[ADDRESS_TEXT], int family, const void *addr, __be16 port)
{
	char host[INET6_ADDRSTRLEN] = "?";

	inet_ntop(family, addr, host, sizeof(host));
	snprintf(text, ADDRESS_TEXT, family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, ntohs(port));
}

bool address_parse_host(const char *text, struct address_filter *filter)
{
	filter->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	return inet_pton(filter->family, text, filter->addr) == 1;
}

bool address_parse(const char *text, struct address_filter *filter)
{
	const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
	size_t length = colon ? colon - text : 0;
	char host[INET6_ADDRSTRLEN], *end;
	unsigned long number = strtoul(port, &end, 10);

	memset(filter, 0, sizeof(*filter));
	if (*port < '0' || *port > '9' || *end || !number || number > 65535)
		return false;
	filter->port = htons(number);
	if (!length)
		return true;
	if (*text == '[') {
		if (text[length - 1] != ']')
			return false;
		text++;
		length -= 2;
	}
	if (length >= sizeof(host))
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	return address_parse_host(host, filter);
}

bool address_matches(const struct address_filter *filter, int family, const void *addr,
		     __be16 port)
{
	if (filter->port && filter->port != port)
		return false;
	return !filter->family || (filter->family == family &&
				   !memcmp(filter->addr, addr, family == AF_INET6 ? 16 : 4));
}
