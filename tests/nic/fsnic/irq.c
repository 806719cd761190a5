// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts.  Each queue owns an interrupt number of our own irq chip, so the
 * kernel's interrupt core does what it does for hardware: /proc/interrupts,
 * /proc/irq/N, spreading, CPUs that go offline.  What takes the place of the
 * hardware's message is a call to the CPU that the interrupt is bound to.
 *
 * The flow is edge, like MSI: an interrupt that arrives on another CPU while
 * the handler still runs on the former one is kept, not lost.
 *
 * Lifetime.  Numbers exist as long as the device, handlers while it is up.  They
 * are allocated without an owner, because an owner is pinned by every handler and
 * no module could be unloaded while its interface is up.
 *
 * One interrupt is under way at most, which the raised bit says: a second one
 * would be the same to the handler, and there is one call data for both.  The
 * bit is cleared before the handler runs, with interrupts off: who has seen it
 * clear, waits for a grace period and then knows the handler to be over.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/sysfs.h>

#include "nic.h"

#define FSNIC_RAISED	0

static int fsnic_irq_set_affinity(struct irq_data *data, const struct cpumask *mask, bool force)
{
	struct fsnic_irq *irq = irq_data_get_irq_chip_data(data);
	unsigned int cpu = cpumask_first_and(mask, cpu_online_mask);

	if (cpu >= nr_cpu_ids)
		return -EINVAL;
	WRITE_ONCE(irq->cpu, cpu);
	irq_data_update_effective_affinity(data, cpumask_of(cpu));
	return IRQ_SET_MASK_OK;
}

static void fsnic_irq_ack(struct irq_data *data)
{
}

static struct irq_chip fsnic_irq_chip = {
	.name			= "fsnic",
	.irq_ack		= fsnic_irq_ack,
	.irq_set_affinity	= fsnic_irq_set_affinity,
};

static void fsnic_irq_deliver(void *arg)
{
	struct fsnic_irq *irq = arg;

	clear_bit(FSNIC_RAISED, &irq->raised);
	smp_mb__after_atomic(); /* the bit before what the handler looks at */
	generic_handle_irq(irq->number);
}

/**
 * fsnic_irq_raise() - interrupt the CPU that the interrupt is bound to
 * @irq: interrupt
 *
 * Context: bottom halves off.  The CPU may have gone offline since @irq was
 * bound; this one will do until the interrupt core has moved it.
 */
void fsnic_irq_raise(struct fsnic_irq *irq)
{
	unsigned long flags;

	if (test_and_set_bit(FSNIC_RAISED, &irq->raised))
		return;
	if (!smp_call_function_single_async(READ_ONCE(irq->cpu), &irq->csd))
		return;
	local_irq_save(flags);
	fsnic_irq_deliver(irq);
	local_irq_restore(flags);
}

/**
 * fsnic_irq_wait() - wait until nothing is under way
 * @irq: interrupt that nobody raises any more
 *
 * The handler may still run: a grace period ends that.
 */
void fsnic_irq_wait(struct fsnic_irq *irq)
{
	while (test_bit(FSNIC_RAISED, &irq->raised))
		usleep_range(20, 100);
}

int fsnic_irq_request(struct fsnic_queue *queue, irq_handler_t handler)
{
	const char *name;
	int err;

	name = kasprintf(GFP_KERNEL, "%s-TxRx-%u", queue->nic->dev->name, queue->index);
	if (!name)
		return -ENOMEM;
	err = request_irq(queue->irq.number, handler, 0, name, queue);
	if (err) {
		kfree(name);
		return err;
	}
	irq_update_affinity_hint(queue->irq.number,
				 cpumask_of(cpumask_local_spread(queue->index, NUMA_NO_NODE)));
	return 0;
}

void fsnic_irq_release(struct fsnic_queue *queue)
{
	irq_update_affinity_hint(queue->irq.number, NULL);
	kfree(free_irq(queue->irq.number, queue));
}

/* device/msi_irqs/N, where PCI devices show the interrupts they were given. */
static ssize_t fsnic_vector_show(struct device *dev, struct device_attribute *attr, char *text)
{
	return sysfs_emit(text, "msix\n");
}

static const char fsnic_vectors_name[] = "msi_irqs";
static const struct attribute_group fsnic_vectors_group = {
	.name	= fsnic_vectors_name,
	.attrs	= (struct attribute *[]) { NULL },
};

static void fsnic_vectors_hide(struct fsnic *nic)
{
	unsigned int i;

	sysfs_remove_group(&nic->parent->dev.kobj, &fsnic_vectors_group);
	for (i = 0; i < nic->max_channels; i++)
		kfree(nic->vectors[i].attr.name);
	kfree(nic->vectors);
}

static int fsnic_vectors_show(struct fsnic *nic)
{
	struct kobject *parent = &nic->parent->dev.kobj;
	unsigned int i;
	int err;

	nic->vectors = kcalloc(nic->max_channels, sizeof(*nic->vectors), GFP_KERNEL);
	if (!nic->vectors)
		return -ENOMEM;
	err = sysfs_create_group(parent, &fsnic_vectors_group);
	if (err) {
		kfree(nic->vectors);
		return err;
	}
	for (i = 0; i < nic->max_channels; i++) {
		struct device_attribute *vector = &nic->vectors[i];

		sysfs_attr_init(&vector->attr);
		vector->attr.name = kasprintf(GFP_KERNEL, "%d", nic->queues[i].irq.number);
		vector->attr.mode = 0444;
		vector->show = fsnic_vector_show;
		err = vector->attr.name ? sysfs_add_file_to_group(parent, &vector->attr,
								  fsnic_vectors_name) : -ENOMEM;
		if (err) {
			fsnic_vectors_hide(nic);
			return err;
		}
	}
	return 0;
}

/**
 * fsnic_irqs_create() - one interrupt for each queue that the device can have
 * @nic: device, not registered yet
 *
 * The numbers ascend with the queues, and queues are spread over the CPUs.
 */
int fsnic_irqs_create(struct fsnic *nic)
{
	struct irq_affinity_desc *spread;
	unsigned int i;
	int first, err;

	spread = kcalloc(nic->max_channels, sizeof(*spread), GFP_KERNEL);
	if (!spread)
		return -ENOMEM;
	for (i = 0; i < nic->max_channels; i++)
		cpumask_set_cpu(cpumask_local_spread(i, NUMA_NO_NODE), &spread[i].mask);
	first = __irq_alloc_descs(-1, 1, nic->max_channels, NUMA_NO_NODE, NULL, spread);
	kfree(spread);
	if (first < 0)
		return first;

	for (i = 0; i < nic->max_channels; i++) {
		struct fsnic_irq *irq = &nic->queues[i].irq;

		irq->number = first + i;
		INIT_CSD(&irq->csd, fsnic_irq_deliver, irq);
		irq_set_chip_data(irq->number, irq);
		irq_set_chip_and_handler_name(irq->number, &fsnic_irq_chip, handle_edge_irq,
					      "edge");
		/* It may be bound anew at any time, not only while it is handled. */
		irq_modify_status(irq->number, IRQ_NOREQUEST | IRQ_NOPROBE, IRQ_MOVE_PCNTXT);
	}
	err = fsnic_vectors_show(nic);
	if (err)
		irq_free_descs(first, nic->max_channels);
	return err;
}

void fsnic_irqs_destroy(struct fsnic *nic)
{
	fsnic_vectors_hide(nic);
	irq_free_descs(nic->queues[0].irq.number, nic->max_channels);
}
