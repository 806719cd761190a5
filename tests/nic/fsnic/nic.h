/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One end of a pair.
 *
 * Who may touch what.  RTNL guards every setting and the way up and down.  A
 * transmitter (the peer's ndo_start_xmit, in an RCU section with bottom halves
 * off) reads an end only after it has seen ->up; fsnic_down() clears ->up and
 * waits until such sections are over before it takes anything away.  Hash and
 * rules change while traffic flows: they are replaced as a whole, under RCU.
 *
 * Both ends are made and freed together, and none is freed before both are
 * unregistered, so ->peer is a plain pointer.
 */
#ifndef _FSNIC_NIC_H
#define _FSNIC_NIC_H

#include <linux/atomic.h>
#include <linux/ethtool.h>
#include <linux/list.h>
#include <linux/netdevice.h>
#include <linux/platform_device.h>
#include <linux/ptr_ring.h>
#include <linux/smp.h>

#define FSNIC_QUEUES	128	/* of one device, at most */
#define FSNIC_RING	1024	/* packets that a queue holds, unless set */
#define FSNIC_RING_MAX	8192

struct fsnic;
struct fsnic_hash;
struct fsnic_rules;

/* See irq.c. */
struct fsnic_irq {
	int			number;
	unsigned int		cpu;
	unsigned long		raised;	/* bit 0: under way to the CPU */
	call_single_data_t	csd;
};

/* See queue.c. */
struct fsnic_queue {
	struct fsnic		*nic;
	unsigned int		index;
	struct fsnic_irq	irq;
	struct napi_struct	napi;
	struct ptr_ring		ring;	/* exists while the end is up */
	unsigned long		armed;	/* bit 0: the next packet raises the interrupt */
	atomic64_t		packets;
	atomic64_t		bytes;
	atomic64_t		drops;	/* the ring was full */
	atomic64_t		matches; /* came by a rule, not by hash */
};

struct fsnic {
	struct net_device	*dev;
	struct fsnic		*peer;
	struct platform_device	*parent;
	struct device_attribute	*vectors;	/* parent's msi_irqs/ */
	struct list_head	list;

	bool			up;
	unsigned int		channels;	/* queues in use, fixed while up */
	unsigned int		ring_size;
	struct ethtool_coalesce	coalesce;	/* kept, without effect */
	struct fsnic_hash __rcu	*hash;
	struct fsnic_rules __rcu *rules;
	atomic64_t		discards;	/* by a rule */

	unsigned int		max_channels;
	struct fsnic_queue	*queues;	/* max_channels of them */
};

/* netdev.c */
extern struct list_head fsnic_list;	/* all ends; RTNL */
int fsnic_pair_create(unsigned int channels);
void fsnic_destroy_all(void);
int fsnic_up(struct fsnic *nic);
void fsnic_down(struct fsnic *nic);

/* queue.c */
void fsnic_queue_init(struct fsnic *nic, unsigned int index);
int fsnic_queue_up(struct fsnic_queue *queue);
void fsnic_queue_stop(struct fsnic_queue *queue);
void fsnic_queue_down(struct fsnic_queue *queue);
int fsnic_queue_put(struct fsnic_queue *queue, struct sk_buff *skb);

/* irq.c */
int fsnic_irqs_create(struct fsnic *nic);
void fsnic_irqs_destroy(struct fsnic *nic);
int fsnic_irq_request(struct fsnic_queue *queue, irq_handler_t handler);
void fsnic_irq_release(struct fsnic_queue *queue);
void fsnic_irq_raise(struct fsnic_irq *irq);
void fsnic_irq_wait(struct fsnic_irq *irq);

/* ethtool.c */
extern const struct ethtool_ops fsnic_ethtool_ops;

#endif /* _FSNIC_NIC_H */
