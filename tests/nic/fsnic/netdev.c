// SPDX-License-Identifier: GPL-2.0-only
/*
 * The devices: made in pairs, up and down, and the way of a packet from one
 * end's transmitter into a queue of the other.
 *
 * A packet leaves as on a wire: checksums are complete, the sender's socket has
 * been told that it was sent, and nothing but its bytes arrives.  No segmentation
 * offload: it would put what no card delivers into the receiver.
 */
#include <linux/etherdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "ability.h"
#include "compat.h"
#include "director.h"
#include "flow.h"
#include "hash.h"
#include "nic.h"

#define FSNIC_MTU_MAX	9216
#define FSNIC_FEATURES	(NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_HIGHDMA | \
			 NETIF_F_RXCSUM | NETIF_F_RXHASH)

LIST_HEAD(fsnic_list);

/* The receiving end's hardware: rules, then hash.  Takes @skb. */
static void fsnic_arrive(struct fsnic *nic, struct sk_buff *skb, bool verified)
{
	const struct fsnic_hash *hash = rcu_dereference_bh(nic->hash);
	struct net_device *dev = nic->dev;
	struct fsnic_queue *queue;
	enum pkt_hash_types type;
	struct fsnic_flow flow;
	int ruled;
	u32 value;

	fsnic_flow_read(skb, &flow);
	value = fsnic_hash_flow(hash, &flow, &type);
	ruled = fsnic_director_find(rcu_dereference_bh(nic->rules), &flow);
	if (ruled == FSNIC_DISCARD) {
		atomic64_inc(&nic->discards);
		kfree_skb(skb);
		return;
	}
	if (ruled != FSNIC_NO_RULE) {
		queue = &nic->queues[ruled];
		atomic64_inc(&queue->matches);
	} else {
		/* What is not IP has no hash and goes to the first queue. */
		queue = &nic->queues[flow.version ? fsnic_hash_queue(hash, value) : 0];
	}

	skb_scrub_packet(skb, true);
	skb_clear_delivery_time(skb);
	if (__dev_forward_skb(dev, skb))	/* too long for this end: freed and counted */
		return;
	skb->encapsulation = 0;
	skb->csum_level = 0;
	skb->ip_summed = verified && dev->features & NETIF_F_RXCSUM ?
			 CHECKSUM_UNNECESSARY : CHECKSUM_NONE;
	skb_clear_hash(skb);
	if (type != PKT_HASH_TYPE_NONE && dev->features & NETIF_F_RXHASH)
		skb_set_hash(skb, value, type);
	skb_record_rx_queue(skb, queue->index);
	if (fsnic_queue_put(queue, skb)) {
		dev_core_stats_rx_dropped_inc(dev);
		kfree_skb(skb);
	}
}

static netdev_tx_t fsnic_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct fsnic *nic = netdev_priv(dev);
	const unsigned int length = skb->len;
	const bool partial = skb->ip_summed == CHECKSUM_PARTIAL;

	rcu_read_lock_bh();
	/* Pairs with the release in fsnic_up(). */
	if (!smp_load_acquire(&nic->peer->up))
		goto drop;
	if (partial && skb_checksum_help(skb))
		goto drop;
	/* GRO writes to what a retransmission queue or a tap still looks at. */
	if (skb_unclone(skb, GFP_ATOMIC))
		goto drop;
	skb_tx_timestamp(skb);
	skb_orphan(skb);
	dev_sw_netstats_tx_add(dev, 1, length);
	fsnic_arrive(nic->peer, skb, partial);
	rcu_read_unlock_bh();
	return NETDEV_TX_OK;

drop:
	rcu_read_unlock_bh();
	dev_core_stats_tx_dropped_inc(dev);
	kfree_skb(skb);
	return NETDEV_TX_OK;
}

/* Both grace periods are argued in queue.c and irq.c. */
static void fsnic_queues_down(struct fsnic *nic, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		fsnic_queue_stop(&nic->queues[i]);
	synchronize_net();
	for (i = 0; i < count; i++)
		fsnic_irq_wait(&nic->queues[i].irq);
	synchronize_net();
	for (i = 0; i < count; i++)
		fsnic_queue_down(&nic->queues[i]);
}

/**
 * fsnic_up() - start to receive
 * @nic: end that is down
 *
 * Context: RTNL.
 */
int fsnic_up(struct fsnic *nic)
{
	unsigned int i;
	int err;

	for (i = 0; i < nic->channels; i++) {
		err = fsnic_queue_up(&nic->queues[i]);
		if (err) {
			fsnic_queues_down(nic, i);
			return err;
		}
	}
	/* Who sees it up, sees channels, rings and table. */
	smp_store_release(&nic->up, true);
	return 0;
}

/**
 * fsnic_down() - stop to receive; what is in the rings is lost
 * @nic: end, up or down (it may have failed to come up again after a change)
 *
 * Context: RTNL.
 */
void fsnic_down(struct fsnic *nic)
{
	if (!nic->up)
		return;
	WRITE_ONCE(nic->up, false);
	synchronize_net();
	fsnic_queues_down(nic, nic->channels);
}

/* There is a link while both ends are open. */
static int fsnic_open(struct net_device *dev)
{
	struct fsnic *nic = netdev_priv(dev);
	int err;

	err = fsnic_up(nic);
	if (err)
		return err;
	netif_tx_start_all_queues(dev);
	if (nic->peer->up) {
		netif_carrier_on(dev);
		netif_carrier_on(nic->peer->dev);
	}
	return 0;
}

static int fsnic_stop(struct net_device *dev)
{
	struct fsnic *nic = netdev_priv(dev);

	netif_carrier_off(nic->peer->dev);
	netif_carrier_off(dev);
	fsnic_down(nic);
	return 0;
}

static netdev_features_t fsnic_fix_features(struct net_device *dev, netdev_features_t features)
{
	if (fsnic_ntuple() == FSNIC_NTUPLE_NONE)
		features &= ~NETIF_F_NTUPLE;
	return features;
}

/* Who switches the director off, drops its rules. */
static int fsnic_set_features(struct net_device *dev, netdev_features_t features)
{
	if (features & NETIF_F_NTUPLE)
		return 0;
	return fsnic_director_flush(netdev_priv(dev));
}

static const struct net_device_ops fsnic_netdev_ops = {
	.ndo_open		= fsnic_open,
	.ndo_stop		= fsnic_stop,
	.ndo_start_xmit		= fsnic_xmit,
	.ndo_get_stats64	= dev_get_tstats64,
	.ndo_fix_features	= fsnic_fix_features,
	.ndo_set_features	= fsnic_set_features,
	.ndo_set_mac_address	= eth_mac_addr,
	.ndo_validate_addr	= eth_validate_addr,
};

/* An end that is not registered, or no longer. */
static void fsnic_free(struct fsnic *nic)
{
	unsigned int i;

	for (i = 0; i < nic->max_channels; i++)
		__netif_napi_del(&nic->queues[i].napi);
	synchronize_net();
	fsnic_irqs_destroy(nic);
	platform_device_unregister(nic->parent);
	fsnic_director_destroy(nic);
	fsnic_hash_destroy(nic);
	kvfree(nic->queues);
	free_percpu(nic->dev->tstats);
	free_netdev(nic->dev);
}

static void fsnic_setup(struct net_device *dev)
{
	dev->netdev_ops = &fsnic_netdev_ops;
	dev->ethtool_ops = &fsnic_ethtool_ops;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->max_mtu = FSNIC_MTU_MAX;
	dev->features = FSNIC_FEATURES | NETIF_F_NTUPLE;
	dev->hw_features = dev->features;
	dev->vlan_features = NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_HIGHDMA;
	if (fsnic_ntuple() == FSNIC_NTUPLE_NONE) {
		dev->features &= ~NETIF_F_NTUPLE;
		dev->hw_features &= ~NETIF_F_NTUPLE;
	}
	eth_hw_addr_random(dev);
	strscpy(dev->name, "fsnic%d", IFNAMSIZ);
	netif_carrier_off(dev);
}

static struct fsnic *fsnic_create(unsigned int channels)
{
	static int number;
	struct net_device *dev;
	struct fsnic *nic;
	unsigned int i;
	int err = -ENOMEM;

	dev = alloc_etherdev_mq(sizeof(*nic), channels);
	if (!dev)
		return ERR_PTR(-ENOMEM);
	fsnic_setup(dev);
	nic = netdev_priv(dev);
	nic->dev = dev;
	nic->channels = channels;
	nic->max_channels = channels;
	nic->ring_size = FSNIC_RING;
	INIT_LIST_HEAD(&nic->list);

	dev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	if (!dev->tstats)
		goto err_stats;
	nic->queues = kvcalloc(channels, sizeof(*nic->queues), GFP_KERNEL);
	if (!nic->queues)
		goto err_queues;
	err = fsnic_hash_create(nic);
	if (err)
		goto err_hash;
	err = fsnic_director_create(nic);
	if (err)
		goto err_director;
	nic->parent = platform_device_register_simple(KBUILD_MODNAME, number++, NULL, 0);
	if (IS_ERR(nic->parent)) {
		err = PTR_ERR(nic->parent);
		goto err_parent;
	}
	SET_NETDEV_DEV(dev, &nic->parent->dev);
	err = fsnic_irqs_create(nic);
	if (err)
		goto err_irqs;
	for (i = 0; i < channels; i++)
		fsnic_queue_init(nic, i);
	return nic;

err_irqs:
	platform_device_unregister(nic->parent);
err_parent:
	fsnic_director_destroy(nic);
err_director:
	fsnic_hash_destroy(nic);
err_hash:
	kvfree(nic->queues);
err_queues:
	free_percpu(dev->tstats);
err_stats:
	free_netdev(dev);
	return ERR_PTR(err);
}

static int fsnic_register(struct fsnic *a, struct fsnic *b)
{
	int err;

	rtnl_lock();
	err = register_netdevice(a->dev);
	if (err)
		goto out;
	err = register_netdevice(b->dev);
	if (err) {
		unregister_netdevice(a->dev);
		goto out;
	}
	list_add_tail(&a->list, &fsnic_list);
	list_add_tail(&b->list, &fsnic_list);
out:
	rtnl_unlock();
	return err;
}

int fsnic_pair_create(unsigned int channels)
{
	struct fsnic *a, *b;
	int err;

	a = fsnic_create(channels);
	if (IS_ERR(a))
		return PTR_ERR(a);
	b = fsnic_create(channels);
	if (IS_ERR(b)) {
		fsnic_free(a);
		return PTR_ERR(b);
	}
	a->peer = b;
	b->peer = a;
	err = fsnic_register(a, b);
	if (err) {
		fsnic_free(a);
		fsnic_free(b);
	}
	return err;
}

/* Wherever they are: a device whose namespace has gone is back in the first one. */
void fsnic_destroy_all(void)
{
	struct fsnic *nic, *next;
	LIST_HEAD(gone);
	LIST_HEAD(kill);

	rtnl_lock();
	list_splice_init(&fsnic_list, &gone);
	list_for_each_entry(nic, &gone, list)
		unregister_netdevice_queue(nic->dev, &kill);
	unregister_netdevice_many(&kill);
	rtnl_unlock();

	list_for_each_entry_safe(nic, next, &gone, list)
		fsnic_free(nic);
}
