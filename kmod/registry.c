// SPDX-License-Identifier: GPL-2.0-only
/*
 * The view: which clones of a network namespace are alive, and who asked for them.
 *
 * Lifetime.  A clone must be an ordinary socket that survives the module, so
 * nothing of ours hangs on it and nobody tells us when it goes.  An entry is
 * therefore only a note (cookie, CPU, process) and keeps no socket and no
 * namespace alive.  Its clone is alive if and only if a socket with that cookie
 * is found in the kernel's own table of listeners.  Cookies are never reused, so
 * a note can go stale but cannot come to mean another socket.
 *
 * Stale notes are dropped by sweeps: at every dump, and when the number of notes
 * has doubled since the last sweep.  So memory stays within about twice the
 * number of live clones, and each addition costs O(log n) on average.  What is
 * left goes with the namespace or the module.
 *
 * Locking.  One mutex per namespace guards the tree; it is taken last (inside
 * it only RCU) and never together with a socket lock.  Entries are made and
 * destroyed outside the tree by whoever holds the only pointer.
 *
 * Order.  The tree is sorted by (hash of the address, cookie): notes that share
 * a listen bucket are neighbours, so a sweep walks each bucket once; and a dump
 * that stopped in the middle can go on behind the last key it has given out,
 * whatever was added or dropped meanwhile.
 */
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/sock_diag.h>
#include <net/inet_hashtables.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/tcp.h>

#include "registry.h"

/* Below this many notes a sweep is not worth its walk. */
#define FS_REGISTRY_SWEEP_MIN	64

struct fs_registry {
	struct mutex	lock;
	struct rb_root	entries;
	unsigned int	count;
	unsigned int	sweep_at;	/* count that asks for a sweep */
	u32		sweep;		/* number of the current one */
};

static unsigned int fs_registry_id;

static struct fs_registry *fs_registry_of(const struct net *net)
{
	return net_generic(net, fs_registry_id);
}

static u64 fs_cookie(struct sock *sk)
{
	u32 words[2];

	sock_diag_save_cookie(sk, words);
	return (u64)words[1] << 32 | words[0];
}

/* The hash that picks the listen bucket of @sk, which is bound. */
static u32 fs_address_hash(const struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		return ipv6_portaddr_hash(sock_net(sk), &sk->sk_v6_rcv_saddr, sk->sk_num);
#endif
	return ipv4_portaddr_hash(sock_net(sk), sk->sk_rcv_saddr, sk->sk_num);
}

/* <0, 0, >0 as (hash, cookie) is before, at or behind @entry. */
static int fs_entry_compare(u32 hash, u64 cookie, const struct fs_entry *entry)
{
	if (hash != entry->hash)
		return hash < entry->hash ? -1 : 1;
	if (cookie != entry->cookie)
		return cookie < entry->cookie ? -1 : 1;
	return 0;
}

/**
 * fs_entry_alloc() - a note about a clone that the current thread is making
 * @cpu: the clone's CPU
 *
 * Charged to the caller's memory cgroup, as the clone is.  The process is kept
 * as struct pid, which neither keeps the task alive nor is reused.
 */
struct fs_entry *fs_entry_alloc(int cpu)
{
	struct fs_entry *entry = kzalloc(sizeof(*entry), GFP_KERNEL_ACCOUNT);

	if (!entry)
		return NULL;
	entry->cpu = cpu;
	entry->pid = get_pid(task_tgid(current));
	entry->tid = get_pid(task_pid(current));
	get_task_comm(entry->comm, current);
	return entry;
}

/**
 * fs_entry_free() - drop a note that is in no tree
 * @entry: from fs_entry_alloc()
 */
void fs_entry_free(struct fs_entry *entry)
{
	put_pid(entry->pid);
	put_pid(entry->tid);
	kfree(entry);
}

static struct fs_entry *fs_registry_find(struct fs_registry *registry, u32 hash, u64 cookie)
{
	struct rb_node *node = registry->entries.rb_node;

	while (node) {
		struct fs_entry *entry = rb_entry(node, struct fs_entry, node);
		int side = fs_entry_compare(hash, cookie, entry);

		if (!side)
			return entry;
		node = side < 0 ? node->rb_left : node->rb_right;
	}
	return NULL;
}

/* The first entry behind (hash, cookie). */
static struct fs_entry *fs_registry_behind(struct fs_registry *registry, u32 hash, u64 cookie)
{
	struct rb_node *node = registry->entries.rb_node;
	struct fs_entry *found = NULL;

	while (node) {
		struct fs_entry *entry = rb_entry(node, struct fs_entry, node);

		if (fs_entry_compare(hash, cookie, entry) < 0) {
			found = entry;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/*
 * Mark the entries of one address whose clones are listening.
 *
 * RCU suffices: listeners are freed after a grace period (SOCK_RCU_FREE), and
 * one that is unhashed under us still leads on along the chain.
 */
static void fs_registry_mark(struct net *net, struct fs_registry *registry, u32 hash)
{
	struct inet_hashinfo *hashinfo = net->ipv4.tcp_death_row.hashinfo;
	struct hlist_nulls_node *node;
	struct sock *sk;

	rcu_read_lock();
	sk_nulls_for_each_rcu(sk, node, &inet_lhash2_bucket(hashinfo, hash)->nulls_head) {
		struct fs_entry *entry;

		if (!net_eq(sock_net(sk), net))
			continue;
		entry = fs_registry_find(registry, hash, atomic64_read(&sk->sk_cookie));
		if (entry) {
			entry->seen = registry->sweep;
			/* Its owner may have moved it to another since. */
			entry->cpu = READ_ONCE(sk->sk_incoming_cpu);
		}
	}
	rcu_read_unlock();
}

/* Drop the notes whose clones are gone.  Called with the mutex held. */
static void fs_registry_sweep(struct net *net, struct fs_registry *registry)
{
	struct rb_node *node, *next;
	u32 marked = 0;
	bool any = false;

	lockdep_assert_held(&registry->lock);
	registry->sweep++;

	for (node = rb_first(&registry->entries); node; node = next) {
		struct fs_entry *entry = rb_entry(node, struct fs_entry, node);

		next = rb_next(node);
		if (!any || marked != entry->hash) {
			cond_resched();
			fs_registry_mark(net, registry, entry->hash);
			marked = entry->hash;
			any = true;
		}
		if (entry->seen == registry->sweep)
			continue;
		rb_erase(node, &registry->entries);
		registry->count--;
		fs_entry_free(entry);
	}
	registry->sweep_at = max_t(unsigned int, FS_REGISTRY_SWEEP_MIN, 2 * registry->count);
}

/**
 * fs_registry_add() - remember a clone
 * @entry: from fs_entry_alloc(); belongs to the registry from here on
 * @clone: the clone, listening
 * @original: what it was cloned from
 *
 * Takes the registry's mutex; the caller holds references to both sockets but
 * no lock of either.
 */
void fs_registry_add(struct fs_entry *entry, struct sock *clone, struct sock *original)
{
	struct net *net = sock_net(clone);
	struct fs_registry *registry = fs_registry_of(net);
	struct rb_node **link, *parent = NULL;

	entry->cookie = fs_cookie(clone);
	entry->original = fs_cookie(original);
	entry->hash = fs_address_hash(clone);

	mutex_lock(&registry->lock);
	if (registry->count >= registry->sweep_at)
		fs_registry_sweep(net, registry);

	link = &registry->entries.rb_node;
	while (*link) {
		parent = *link;
		link = fs_entry_compare(entry->hash, entry->cookie,
					rb_entry(parent, struct fs_entry, node)) < 0 ?
		       &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&entry->node, parent, link);
	rb_insert_color(&entry->node, &registry->entries);
	registry->count++;
	mutex_unlock(&registry->lock);
}

/**
 * fs_registry_walk() - call a function for each live clone of a namespace
 * @net: the namespace
 * @cursor: all zero for a new walk; says afterwards where to go on
 * @fn: called with the registry's mutex held; an error ends the walk in front
 *      of that entry
 * @arg: for @fn
 *
 * Liveness is looked up when a walk starts, not again when it goes on.
 * Return: 0 at the end, else what @fn returned.
 */
int fs_registry_walk(struct net *net, struct fs_registry_cursor *cursor,
		     int (*fn)(const struct fs_entry *entry, void *arg), void *arg)
{
	struct fs_registry *registry = fs_registry_of(net);
	struct fs_entry *entry;
	struct rb_node *node;
	int err = 0;

	mutex_lock(&registry->lock);
	if (!cursor->started) {
		fs_registry_sweep(net, registry);
		cursor->started = true;
	}

	/* No socket has cookie 0: (0, 0) is in front of everything. */
	entry = fs_registry_behind(registry, cursor->hash, cursor->cookie);
	for (node = entry ? &entry->node : NULL; node; node = rb_next(node)) {
		entry = rb_entry(node, struct fs_entry, node);
		err = fn(entry, arg);
		if (err)
			break;
		cursor->hash = entry->hash;
		cursor->cookie = entry->cookie;
	}
	mutex_unlock(&registry->lock);
	return err;
}

static int __net_init fs_registry_net_init(struct net *net)
{
	struct fs_registry *registry = fs_registry_of(net);

	mutex_init(&registry->lock);
	registry->entries = RB_ROOT;
	registry->sweep_at = FS_REGISTRY_SWEEP_MIN;
	return 0;
}

/*
 * Runs when the namespace goes or the module does.  Nobody can be in the
 * registry: its sockets are gone in the first case, device and netlink family
 * in the second.
 */
static void __net_exit fs_registry_net_exit(struct net *net)
{
	struct fs_registry *registry = fs_registry_of(net);
	struct fs_entry *entry, *next;

	rbtree_postorder_for_each_entry_safe(entry, next, &registry->entries, node)
		fs_entry_free(entry);
}

static struct pernet_operations fs_registry_net_ops = {
	.init	= fs_registry_net_init,
	.exit	= fs_registry_net_exit,
	.id	= &fs_registry_id,
	.size	= sizeof(struct fs_registry),
};

int __init fs_registry_init(void)
{
	return register_pernet_subsys(&fs_registry_net_ops);
}

void fs_registry_exit(void)
{
	unregister_pernet_subsys(&fs_registry_net_ops);
}
