/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _FS_REGISTRY_H
#define _FS_REGISTRY_H

#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/types.h>

struct net;
struct pid;
struct sock;

/* What is remembered of one clone.  It keeps neither socket nor namespace alive. */
struct fs_entry {
	struct rb_node	node;
	u64		cookie;
	u64		original;
	u32		hash;	/* of the address: names the listen bucket */
	u32		cpu;
	u32		seen;	/* last sweep that found the clone listening */
	struct pid	*pid;
	struct pid	*tid;
	char		comm[TASK_COMM_LEN];
};

/* Where a walk goes on: behind (hash, cookie). */
struct fs_registry_cursor {
	u64	cookie;
	u32	hash;
	bool	started;
};

int fs_registry_init(void);
void fs_registry_exit(void);

struct fs_entry *fs_entry_alloc(int cpu);
void fs_entry_free(struct fs_entry *entry);
void fs_registry_add(struct fs_entry *entry, struct sock *clone, struct sock *original);
int fs_registry_walk(struct net *net, struct fs_registry_cursor *cursor,
		     int (*fn)(const struct fs_entry *entry, void *arg), void *arg);

#endif /* _FS_REGISTRY_H */
