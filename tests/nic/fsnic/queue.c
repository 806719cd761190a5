// SPDX-License-Identifier: GPL-2.0-only
/*
 * A receive queue: a bounded ring that the peer's transmitters fill and a NAPI
 * instance, on the CPU of the queue's interrupt, empties.
 *
 * The armed bit is the card's interrupt enable: who clears it, raises the
 * interrupt, and only the end of a poll sets it again.  Transmitters write the
 * ring and then read the bit, the poll sets the bit and then reads the ring, each
 * with a full barrier in between: one of them sees the other's packet or bit.
 */
#include <linux/interrupt.h>
#include <linux/skbuff.h>

#include "compat.h"
#include "nic.h"

#define FSNIC_ARMED	0

static void fsnic_queue_fire(struct fsnic_queue *queue)
{
	if (test_bit(FSNIC_ARMED, &queue->armed) &&
	    test_and_clear_bit(FSNIC_ARMED, &queue->armed))
		fsnic_irq_raise(&queue->irq);
}

/**
 * fsnic_queue_put() - a packet has arrived
 * @queue: queue of an end that is up
 * @skb: packet, ready for the stack; the ring's if 0 is returned
 *
 * Context: bottom halves off, in the RCU section that saw the end up.
 */
int fsnic_queue_put(struct fsnic_queue *queue, struct sk_buff *skb)
{
	if (ptr_ring_produce(&queue->ring, skb)) {
		atomic64_inc(&queue->drops);
		return -ENOSPC;
	}
	smp_mb(); /* the ring before the bit */
	fsnic_queue_fire(queue);
	return 0;
}

static irqreturn_t fsnic_queue_interrupt(int number, void *arg)
{
	struct fsnic_queue *queue = arg;

	napi_schedule_irqoff(&queue->napi);
	return IRQ_HANDLED;
}

/* What is left, or came meanwhile, takes an interrupt of its own: it may have been bound anew. */
static int fsnic_queue_poll(struct napi_struct *napi, int budget)
{
	struct fsnic_queue *queue = container_of(napi, struct fsnic_queue, napi);
	unsigned int bytes = 0;
	struct sk_buff *skb;
	int done = 0;

	while (done < budget && (skb = __ptr_ring_consume(&queue->ring))) {
		unsigned int length = skb->len + ETH_HLEN;

		dev_sw_netstats_rx_add(napi->dev, length);
		napi_gro_receive(napi, skb);
		bytes += length;
		done++;
	}
	atomic64_add(done, &queue->packets);
	atomic64_add(bytes, &queue->bytes);

	if (done < budget && napi_complete_done(napi, done)) {
		set_bit(FSNIC_ARMED, &queue->armed);
		smp_mb__after_atomic(); /* the bit before the ring */
		if (!__ptr_ring_empty(&queue->ring))
			fsnic_queue_fire(queue);
	}
	return done;
}

void fsnic_queue_init(struct fsnic *nic, unsigned int index)
{
	struct fsnic_queue *queue = &nic->queues[index];

	queue->nic = nic;
	queue->index = index;
	netif_napi_add(nic->dev, &queue->napi, fsnic_queue_poll);
}

int fsnic_queue_up(struct fsnic_queue *queue)
{
	int err;

	err = ptr_ring_init(&queue->ring, queue->nic->ring_size, GFP_KERNEL);
	if (err)
		return err;
	err = fsnic_irq_request(queue, fsnic_queue_interrupt);
	if (err) {
		ptr_ring_cleanup(&queue->ring, NULL);
		return err;
	}
	fsnic_napi_name(&queue->napi, queue->index, queue->irq.number);
	napi_enable(&queue->napi);
	set_bit(FSNIC_ARMED, &queue->armed);
	return 0;
}

/**
 * fsnic_queue_stop() - no more polls, hence no more interrupts
 * @queue: queue that no transmitter can reach any more
 *
 * The end of the last poll, after it has completed, may still arm and raise: it
 * runs with bottom halves off, so a grace period is needed before the caller
 * waits for the interrupt.
 */
void fsnic_queue_stop(struct fsnic_queue *queue)
{
	napi_disable(&queue->napi);
	fsnic_napi_unname(&queue->napi, queue->index);
}

static void fsnic_queue_free_skb(void *skb)
{
	kfree_skb(skb);
}

/* Nothing polls, raises or handles any more. */
void fsnic_queue_down(struct fsnic_queue *queue)
{
	fsnic_irq_release(queue);
	ptr_ring_cleanup(&queue->ring, fsnic_queue_free_skb);
}
