// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "attached.h"
#include "attached.skel.h"

static bool read_all(int fd, struct attached_list *list)
{
	struct attached *more;
	ssize_t got;

	do {
		more = realloc(list->sockets, (list->count + 64) * sizeof(*more));
		if (!more)
			return false;
		list->sockets = more;
		got = read(fd, more + list->count, 64 * sizeof(*more));
		if (got < 0 || got % sizeof(*more))
			return false;
		list->count += got / sizeof(*more);
	} while (got);
	return true;
}

bool attached_read(struct attached_list *list, int protocol)
{
	struct attached_bpf *skeleton = attached_bpf__open();
	struct bpf_program *program;
	struct bpf_link *link = NULL;
	bool done = false;
	int fd = -1;

	*list = (struct attached_list){ 0 };
	if (!skeleton)
		return false;
	program = protocol == IPPROTO_UDP ? skeleton->progs.attached_udp :
					    skeleton->progs.attached_tcp;
	bpf_program__set_autoload(skeleton->progs.attached_tcp, protocol != IPPROTO_UDP);
	bpf_program__set_autoload(skeleton->progs.attached_udp, protocol == IPPROTO_UDP);
	if (!attached_bpf__load(skeleton))
		link = bpf_program__attach_iter(program, NULL);
	if (link)
		fd = bpf_iter_create(bpf_link__fd(link));
	if (fd >= 0) {
		done = read_all(fd, list);
		close(fd);
	}
	bpf_link__destroy(link);
	attached_bpf__destroy(skeleton);
	if (!done)
		attached_free(list);
	return done;
}

const struct attached *attached_find(const struct attached_list *list, __u64 cookie)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->sockets[i].cookie == cookie)
			return &list->sockets[i];
	return NULL;
}

void attached_free(struct attached_list *list)
{
	free(list->sockets);
	*list = (struct attached_list){ 0 };
}
