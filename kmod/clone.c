// SPDX-License-Identifier: GPL-2.0-only
/*
 * CLONE: a second listening socket in the reuseport group of a first one.
 *
 * Ownership.  The clone is created, bound and made to listen under the
 * credentials that opened the original (file->f_cred): a worker that has given
 * up root can clone a listener on port 80, and the owner is equal, which a
 * reuseport group demands.  It is no way to gain anything: the caller already
 * holds a descriptor of that listener, and gets a second of the same kind.
 * Network namespace, owner and security label are the original's; descriptor
 * limit, cgroup and memory cgroup are the caller's.
 *
 * Lifetime.  The original cannot be closed meanwhile: we hold its file, so a
 * close(2) that comes during CLONE takes effect as if it had come after it.  The
 * clone belongs to its file from fs_clone_create() on; until fd_install() nobody
 * else can reach that file, so one fput() undoes everything, on the way back to
 * user space at the latest.  All that can fail is done before the clone listens,
 * except listening itself.
 *
 * Locks.  fs_clone_locks (by original) > lock_sock(original) > lock_sock(clone).
 * The last two nest only while options are copied; the calls that take the
 * clone's lock themselves (bind, listen, setsockopt) are made with no socket
 * lock held.  So the original may change in between, through shutdown(2),
 * SO_REUSEPORT or a sock_diag destroy: fs_clone_listen() looks again after the
 * clone listens and gives it up unless both are in one group.  A clone never
 * stays alone on the port of an original that was gone when CLONE returned.
 *
 * SO_REUSEPORT.  The kernel picks a socket of a group only if the one it found
 * has sk_reuseport, so it must be set on the original, and stays set.  What this
 * lets in: a process of the *same user* that itself asks for SO_REUSEPORT may
 * join the port from then on.  Other users and plain binds are refused as before.
 */
#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/hash.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/security.h>
#include <net/inet_hashtables.h>
#include <net/tcp.h>
#include <net/transp_v6.h>

#include "clone.h"
#include "fastsock.h"
#include "options.h"
#include "registry.h"

#define FS_CLONE_LOCK_BITS	4

/*
 * Clones of one original are made one at a time: a failing one has to know
 * whether it was alone before it takes SO_REUSEPORT back from the original.
 */
static struct mutex fs_clone_locks[1 << FS_CLONE_LOCK_BITS];

/* Where the original listens. */
struct fs_address {
	union {
		struct sockaddr		sa;
		struct sockaddr_in	in;
		struct sockaddr_in6	in6;
	};
	int	len;
	int	backlog;
};

void __init fs_clone_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fs_clone_locks); i++)
		mutex_init(&fs_clone_locks[i]);
}

/* TCP itself: not MPTCP, and not with a sockmap or kTLS in front of it. */
static bool fs_is_plain_tcp(struct sock *sk)
{
	if (!sk || sk->sk_type != SOCK_STREAM || sk->sk_protocol != IPPROTO_TCP)
		return false;
	if (sk->sk_family == AF_INET)
		return READ_ONCE(sk->sk_prot) == &tcp_prot;
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		return READ_ONCE(sk->sk_prot) == &tcpv6_prot;
#endif
	return false;
}

/* Can @sk be cloned right now?  Called with its lock held. */
static int fs_clone_check(struct sock *sk)
{
	if (!fs_is_plain_tcp(sk))
		return -EOPNOTSUPP;
	if (sk->sk_state != TCP_LISTEN)
		return -EINVAL;
	if (!fs_options_copyable(sk))
		return -EOPNOTSUPP;
	return 0;
}

/*
 * Make a socket like @from, not bound yet, and the file that owns it.
 *
 * Called under the credentials of @from's file, so the new file carries them,
 * too, and can be cloned in turn.  Owner and label are copied all the same:
 * fchown(2) and setsockcreatecon(3) may have made them differ.
 */
static struct file *fs_clone_create(struct socket *from, u32 flags)
{
	struct socket *sock;
	int err;

	err = __sock_create(sock_net(from->sk), from->sk->sk_family, SOCK_STREAM,
			    IPPROTO_TCP, &sock, 0);
	if (err)
		return ERR_PTR(err);

	SOCK_INODE(sock)->i_uid = SOCK_INODE(from)->i_uid;
	SOCK_INODE(sock)->i_gid = SOCK_INODE(from)->i_gid;
	sock->sk->sk_uid = from->sk->sk_uid;
	security_sk_clone(from->sk, sock->sk);

	/* Releases the socket if it fails. */
	return sock_alloc_file(sock, flags & FASTSOCK_CLONE_NONBLOCK ? O_NONBLOCK : 0, NULL);
}

static void fs_address_read(struct fs_address *address, struct sock *sk)
{
	memset(address, 0, sizeof(*address));
	address->backlog = READ_ONCE(sk->sk_max_ack_backlog);
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		address->len = sizeof(address->in6);
		address->in6.sin6_family = AF_INET6;
		address->in6.sin6_port = htons(sk->sk_num);
		address->in6.sin6_addr = sk->sk_v6_rcv_saddr;
		address->in6.sin6_scope_id =
			ipv6_iface_scope_id(&sk->sk_v6_rcv_saddr, sk->sk_bound_dev_if);
		return;
	}
#endif
	address->len = sizeof(address->in);
	address->in.sin_family = AF_INET;
	address->in.sin_port = htons(sk->sk_num);
	address->in.sin_addr.s_addr = sk->sk_rcv_saddr;
}

/* Copy options and address.  Takes both socket locks, the original's first. */
static int fs_clone_copy(struct sock *to, struct sock *from,
			 struct fs_options *rest, struct fs_address *address)
{
	int err;

	lock_sock(from);
	err = fs_clone_check(from);
	if (!err) {
		lock_sock_nested(to, SINGLE_DEPTH_NESTING);
		err = fs_options_copy(to, from, rest);
		release_sock(to);
		fs_address_read(address, from);
	}
	release_sock(from);
	return err;
}

/*
 * Bind to the original's address, whatever else is bound there.
 *
 * SK_FORCE_REUSE (what TCP_REPAIR uses) skips the conflict check.  That is
 * sound, because all that may conflict with the clone is what may conflict with
 * the original, and was judged when the original was bound or came later and was
 * judged against it.  It is needed, because accepted connections of an original
 * with neither SO_REUSEADDR nor SO_REUSEPORT would otherwise be in the way.
 */
static int fs_clone_bind(struct socket *sock, struct fs_address *address)
{
	struct fs_address got;
	int err;

	lock_sock(sock->sk);
	sock->sk->sk_reuse = SK_FORCE_REUSE;
	release_sock(sock->sk);

	err = kernel_bind(sock, &address->sa, address->len);
	if (err)
		return err;

	/* A cgroup's bind hook may have sent it elsewhere. */
	lock_sock(sock->sk);
	fs_address_read(&got, sock->sk);
	release_sock(sock->sk);
	if (got.len != address->len || memcmp(&got.sa, &address->sa, got.len))
		return -EADDRNOTAVAIL;
	return 0;
}

/*
 * Make the next bind to the port check for conflicts.  Binding by force has
 * noted in the port's bucket that members of the group need no check, which is
 * not so while connections without SO_REUSEPORT are bound there, and not at all
 * after a failure.
 */
static void fs_clone_forget_fast_bind(struct sock *sk)
{
	struct inet_hashinfo *hashinfo = sock_net(sk)->ipv4.tcp_death_row.hashinfo;
	struct inet_bind_hashbucket *head;

	lock_sock(sk);
	head = &hashinfo->bhash[inet_bhashfn(sock_net(sk), sk->sk_num, hashinfo->bhash_size)];
	spin_lock_bh(&head->lock);
	if (inet_csk(sk)->icsk_bind_hash)
		inet_csk(sk)->icsk_bind_hash->fastreuseport = 0;
	spin_unlock_bh(&head->lock);
	release_sock(sk);
}

/* Listen in the original's group, or not at all. */
static int fs_clone_listen(struct socket *sock, struct sock *original, int backlog)
{
	struct sock *sk = sock->sk;
	bool reuseport;
	int err;

	lock_sock(original);
	err = fs_clone_check(original);
	reuseport = original->sk_reuseport;
	if (!err)
		original->sk_reuseport = 1;
	release_sock(original);
	if (err)
		return err;

	lock_sock(sk);
	sk->sk_reuseport = 1;
	release_sock(sk);

	err = kernel_listen(sock, backlog);
	fs_clone_forget_fast_bind(sk);

	lock_sock(original);
	if (!err && original->sk_state != TCP_LISTEN)
		err = -EINVAL;
	if (!err && rcu_access_pointer(sk->sk_reuseport_cb) !=
		    rcu_access_pointer(original->sk_reuseport_cb))
		err = -EBUSY;
	/* In no group: no clone has ever joined it, this one included. */
	if (err && !reuseport && !rcu_access_pointer(original->sk_reuseport_cb))
		original->sk_reuseport = 0;
	release_sock(original);
	return err;
}

/* Make the clone; its file is returned.  Called under the original's credentials. */
static struct file *fs_clone_make(struct socket *from, int cpu, u32 flags)
{
	struct fs_address address;
	struct fs_options rest;
	struct socket *sock;
	struct file *file;
	int err;

	file = fs_clone_create(from, flags);
	if (IS_ERR(file))
		return file;
	sock = file->private_data;

	err = fs_clone_copy(sock->sk, from->sk, &rest, &address);
	if (!err)
		err = fs_options_call(sock, &rest);
	if (!err)
		err = fs_clone_bind(sock, &address);
	if (err)
		goto err_file;

	/* Before it listens: the group counts its members that name a CPU. */
	WRITE_ONCE(sock->sk->sk_incoming_cpu, cpu);
	err = fs_clone_listen(sock, from->sk, address.backlog);
	if (err)
		goto err_file;

	fs_options_finish(sock->sk, &rest);
	return file;

err_file:
	fput(file);
	return ERR_PTR(err);
}

static int fs_clone_install(struct socket *from, int cpu, u32 flags)
{
	const struct cred *caller;
	struct fs_entry *entry;
	struct file *file;
	int fd;

	fd = get_unused_fd_flags(flags & FASTSOCK_CLONE_CLOEXEC ? O_CLOEXEC : 0);
	if (fd < 0)
		return fd;
	entry = fs_entry_alloc(cpu);
	if (!entry) {
		put_unused_fd(fd);
		return -ENOMEM;
	}

	caller = override_creds(from->file->f_cred);
	file = fs_clone_make(from, cpu, flags);
	revert_creds(caller);
	if (IS_ERR(file)) {
		fs_entry_free(entry);
		put_unused_fd(fd);
		return PTR_ERR(file);
	}

	fs_registry_add(entry, ((struct socket *)file->private_data)->sk, from->sk);
	fd_install(fd, file);
	return fd;
}

/**
 * fs_clone() - clone a listener of the calling process
 * @fd: the listener
 * @cpu: CPU that the clone is for
 * @flags: FASTSOCK_CLONE_*
 *
 * Context: process context, no locks held.
 * Return: the clone's descriptor, or an error as listed in fastsock.h.
 */
int fs_clone(int fd, int cpu, u32 flags)
{
	struct mutex *lock;
	struct socket *from;
	int err;

	if (flags & ~(FASTSOCK_CLONE_CLOEXEC | FASTSOCK_CLONE_NONBLOCK))
		return -EINVAL;
	if (cpu < 0 || cpu >= nr_cpu_ids || !cpu_possible(cpu))
		return -EINVAL;

	from = sockfd_lookup(fd, &err);
	if (!from)
		return err;

	/* Before its lock is touched: only TCP's is known to nest as above. */
	err = -EOPNOTSUPP;
	if (!fs_is_plain_tcp(from->sk))
		goto out;

	lock = &fs_clone_locks[hash_ptr(from->sk, FS_CLONE_LOCK_BITS)];
	err = mutex_lock_killable(lock);
	if (err)
		goto out;

	/* A refusal should cost nothing, so check before making anything. */
	lock_sock(from->sk);
	err = fs_clone_check(from->sk);
	release_sock(from->sk);
	if (!err)
		err = fs_clone_install(from, cpu, flags);
	mutex_unlock(lock);
out:
	sockfd_put(from);
	return err;
}
