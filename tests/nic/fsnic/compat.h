/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that differs between the kernels the tests run on.  ethtool.c is
 * written for the newest interface; for older ones the missing types are defined
 * and FSNIC_RXFH_OPS puts adaptors into its table.
 */
#ifndef _FSNIC_COMPAT_H
#define _FSNIC_COMPAT_H

#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/version.h>

#ifndef RXH_XFRM_NO_CHANGE	/* Linux 6.8 */

#define RXH_XFRM_SYM_XOR	(1 << 0)
#define RXH_XFRM_NO_CHANGE	0xff
#define FSNIC_XFRM_SUPPORTED	0

struct ethtool_rxfh_param {
	u8	hfunc;
	u32	indir_size;
	u32	*indir;
	u32	key_size;
	u8	*key;
	u8	input_xfrm;
};

#define FSNIC_RXFH_OPS(get, set)							\
static int fsnic_old_get_rxfh(struct net_device *dev, u32 *indir, u8 *key, u8 *hfunc)	\
{											\
	struct ethtool_rxfh_param param = { .indir = indir, .key = key };		\
	int err = get(dev, &param);							\
											\
	if (!err && hfunc)								\
		*hfunc = param.hfunc;							\
	return err;									\
}											\
											\
static int fsnic_old_set_rxfh(struct net_device *dev, const u32 *indir, const u8 *key,	\
			      const u8 hfunc)						\
{											\
	struct ethtool_rxfh_param param = {						\
		.indir = (u32 *)indir, .key = (u8 *)key, .hfunc = hfunc,		\
		.input_xfrm = RXH_XFRM_NO_CHANGE,					\
	};										\
											\
	return set(dev, &param, NULL);							\
}
#define FSNIC_RXFH_INIT(get_op, set_op)		\
	.get_rxfh	= fsnic_old_get_rxfh,	\
	.set_rxfh	= fsnic_old_set_rxfh,

#else

#define FSNIC_XFRM_SUPPORTED	RXH_XFRM_SYM_XOR
#define FSNIC_RXFH_OPS(get, set)
#ifdef FSNIC_HAVE_SUPPORTED_XFRM
#define FSNIC_RXFH_INIT(get_op, set_op)			\
	.supported_input_xfrm = FSNIC_XFRM_SUPPORTED,	\
	.get_rxfh	= get_op,			\
	.set_rxfh	= set_op,
#else
#define FSNIC_RXFH_INIT(get_op, set_op)			\
	.cap_rss_sym_xor_supported = true,		\
	.get_rxfh	= get_op,			\
	.set_rxfh	= set_op,
#endif

#endif

/* Before, the fields of the hash came by get_rxnfc and set_rxnfc alone. */
#ifdef FSNIC_HAVE_RXFH_FIELDS
#define FSNIC_RXFH_FIELDS_INIT(get_op, set_op)	\
	.get_rxfh_fields = get_op,		\
	.set_rxfh_fields = set_op,
#else
struct ethtool_rxfh_fields {
	u32	data;
	u32	flow_type;
};
#define FSNIC_RXFH_FIELDS_INIT(get_op, set_op)
#endif

/* Which queue and interrupt a NAPI instance serves, told to netlink from Linux 6.8 on. */
static inline void fsnic_napi_name(struct napi_struct *napi, unsigned int queue, int irq)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	netif_napi_set_irq(napi, irq);
	netif_queue_set_napi(napi->dev, queue, NETDEV_QUEUE_TYPE_RX, napi);
	netif_queue_set_napi(napi->dev, queue, NETDEV_QUEUE_TYPE_TX, napi);
#endif
}

static inline void fsnic_napi_unname(struct napi_struct *napi, unsigned int queue)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	netif_queue_set_napi(napi->dev, queue, NETDEV_QUEUE_TYPE_RX, NULL);
	netif_queue_set_napi(napi->dev, queue, NETDEV_QUEUE_TYPE_TX, NULL);
	netif_napi_set_irq(napi, -1);
#endif
}

#endif /* _FSNIC_COMPAT_H */
