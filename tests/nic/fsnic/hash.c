// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receive side scaling: the hash of a packet, and the queue it leads to.
 *
 * Written from the published description of the Toeplitz hash and checked at
 * load against its published examples; shares nothing with what fastsock
 * computes.  All settings of a device are one object, replaced as a whole
 * (RTNL) and read by transmitters under RCU.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/inet.h>
#include <linux/log2.h>
#include <linux/moduleparam.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>

#include "hash.h"

struct fsnic_hash {
	struct rcu_head	rcu;
	u8		function;		/* one ETH_RSS_HASH_* bit */
	u8		transform;		/* RXH_XFRM_* */
	bool		ports[FSNIC_TYPES];	/* hashed by ports, too */
	u8		key[FSNIC_KEY_MAX];
	u16		table[FSNIC_TABLE_MAX];
};

unsigned int fsnic_key_size = 40;
module_param_named(key, fsnic_key_size, uint, 0444);
MODULE_PARM_DESC(key, "bytes of the hash key, 40 or 52");

unsigned int fsnic_table_size = 128;
module_param_named(table, fsnic_table_size, uint, 0444);
MODULE_PARM_DESC(table, "entries of the indirection table, a power of two to 2048");

/*
 * The key goes through a register, shifted left by one for each bit of the
 * input; a set bit adds what stands in the register's upper 32 bits.
 */
static u32 fsnic_toeplitz(const u8 *key, const u8 *input, unsigned int length)
{
	u64 shift = 0;
	u32 result = 0;
	unsigned int i;
	int bit;

	for (i = 0; i < 8; i++)
		shift = shift << 8 | key[i];
	for (i = 0; i < length; i++) {
		for (bit = 7; bit >= 0; bit--) {
			if (input[i] >> bit & 1)
				result ^= shift >> 32;
			shift <<= 1;
		}
		shift |= i + 8 < FSNIC_KEY_MAX ? key[i + 8] : 0;
	}
	return result;
}

static u32 fsnic_xor(const u8 *input, unsigned int length)
{
	u32 result = 0;
	unsigned int i;

	for (i = 0; i < length; i++)
		result ^= (u32)input[i] << (24 - i % 4 * 8);
	return result;
}

static bool fsnic_hashes_ports(const struct fsnic_hash *hash, const struct fsnic_flow *flow)
{
	bool six = flow->version == 6;

	if (!flow->ports)
		return false;
	if (flow->proto == IPPROTO_TCP)
		return hash->ports[six ? FSNIC_TCP6 : FSNIC_TCP4];
	return hash->ports[six ? FSNIC_UDP6 : FSNIC_UDP4];
}

/**
 * fsnic_hash_flow() - the hash of a packet
 * @hash: settings
 * @flow: what was read of the packet
 * @type: what the hash covers; NONE and 0 for what is not IP
 */
u32 fsnic_hash_flow(const struct fsnic_hash *hash, const struct fsnic_flow *flow,
		    enum pkt_hash_types *type)
{
	const unsigned int address = flow->version == 6 ? 16 : 4;
	struct fsnic_tuple tuple = flow->tuple;
	unsigned int length = 2 * address, i;
	u8 input[sizeof(tuple)];

	if (!flow->version) {
		*type = PKT_HASH_TYPE_NONE;
		return 0;
	}
	if (hash->transform == RXH_XFRM_SYM_XOR) {
		for (i = 0; i < ARRAY_SIZE(tuple.saddr); i++) {
			tuple.saddr[i] ^= tuple.daddr[i];
			tuple.daddr[i] = tuple.saddr[i];
		}
		tuple.sport ^= tuple.dport;
		tuple.dport = tuple.sport;
	}
	memcpy(input, tuple.saddr, address);
	memcpy(input + address, tuple.daddr, address);
	*type = PKT_HASH_TYPE_L3;
	if (fsnic_hashes_ports(hash, flow)) {
		memcpy(input + length, &tuple.sport, sizeof(tuple.sport));
		memcpy(input + length + 2, &tuple.dport, sizeof(tuple.dport));
		length += 4;
		*type = PKT_HASH_TYPE_L4;
	}
	if (hash->function == ETH_RSS_HASH_XOR)
		return fsnic_xor(input, length);
	return fsnic_toeplitz(hash->key, input, length);
}

unsigned int fsnic_hash_queue(const struct fsnic_hash *hash, u32 value)
{
	return hash->table[value & (fsnic_table_size - 1)];
}

/* A copy to change, then to publish.  Needs RTNL. */
static struct fsnic_hash *fsnic_hash_begin(struct fsnic *nic)
{
	return kmemdup(rtnl_dereference(nic->hash), sizeof(struct fsnic_hash), GFP_KERNEL);
}

static void fsnic_hash_commit(struct fsnic *nic, struct fsnic_hash *hash)
{
	struct fsnic_hash *old = rtnl_dereference(nic->hash);

	rcu_assign_pointer(nic->hash, hash);
	kfree_rcu(old, rcu);
}

int fsnic_hash_get(struct fsnic *nic, struct ethtool_rxfh_param *param)
{
	const struct fsnic_hash *hash = rtnl_dereference(nic->hash);
	unsigned int i;

	param->hfunc = hash->function;
	param->input_xfrm = hash->transform;
	if (param->key)
		memcpy(param->key, hash->key, fsnic_key_size);
	if (param->indir)
		for (i = 0; i < fsnic_table_size; i++)
			param->indir[i] = hash->table[i];
	return 0;
}

/* The entries of the table were checked against the channels by the core. */
int fsnic_hash_set(struct fsnic *nic, const struct ethtool_rxfh_param *param)
{
	struct fsnic_hash *hash;
	unsigned int i;

	if (param->hfunc != ETH_RSS_HASH_NO_CHANGE && param->hfunc != ETH_RSS_HASH_TOP &&
	    param->hfunc != ETH_RSS_HASH_XOR)
		return -EOPNOTSUPP;
	if (param->input_xfrm != RXH_XFRM_NO_CHANGE &&
	    param->input_xfrm & ~FSNIC_XFRM_SUPPORTED)
		return -EOPNOTSUPP;

	hash = fsnic_hash_begin(nic);
	if (!hash)
		return -ENOMEM;
	if (param->hfunc != ETH_RSS_HASH_NO_CHANGE)
		hash->function = param->hfunc;
	if (param->input_xfrm != RXH_XFRM_NO_CHANGE)
		hash->transform = param->input_xfrm;
	if (param->key)
		memcpy(hash->key, param->key, fsnic_key_size);
	if (param->indir)
		for (i = 0; i < fsnic_table_size; i++)
			hash->table[i] = param->indir[i];
	fsnic_hash_commit(nic, hash);
	return 0;
}

bool fsnic_hash_ports(struct fsnic *nic, unsigned int type)
{
	return rtnl_dereference(nic->hash)->ports[type];
}

int fsnic_hash_set_ports(struct fsnic *nic, unsigned int type, bool ports)
{
	struct fsnic_hash *hash = fsnic_hash_begin(nic);

	if (!hash)
		return -ENOMEM;
	hash->ports[type] = ports;
	fsnic_hash_commit(nic, hash);
	return 0;
}

/**
 * fsnic_hash_spread() - make the table fit another number of channels
 * @nic: device, down
 * @channels: as many as it will have
 *
 * A table that somebody set stays if it names no queue that will be gone.
 */
int fsnic_hash_spread(struct fsnic *nic, unsigned int channels)
{
	struct fsnic_hash *hash = fsnic_hash_begin(nic);
	bool keep = netif_is_rxfh_configured(nic->dev);
	unsigned int i;

	if (!hash)
		return -ENOMEM;
	for (i = 0; keep && i < fsnic_table_size; i++)
		keep = hash->table[i] < channels;
	for (i = 0; !keep && i < fsnic_table_size; i++)
		hash->table[i] = ethtool_rxfh_indir_default(i, channels);
	fsnic_hash_commit(nic, hash);
	return 0;
}

/* Ports count for TCP and not for UDP, as most drivers have it: fragments. */
int fsnic_hash_create(struct fsnic *nic)
{
	struct fsnic_hash *hash = kzalloc(sizeof(*hash), GFP_KERNEL);
	unsigned int i;

	if (!hash)
		return -ENOMEM;
	hash->function = ETH_RSS_HASH_TOP;
	hash->ports[FSNIC_TCP4] = true;
	hash->ports[FSNIC_TCP6] = true;
	netdev_rss_key_fill(hash->key, fsnic_key_size);
	for (i = 0; i < fsnic_table_size; i++)
		hash->table[i] = ethtool_rxfh_indir_default(i, nic->channels);
	rcu_assign_pointer(nic->hash, hash);
	return 0;
}

/* Nobody reads it any more. */
void fsnic_hash_destroy(struct fsnic *nic)
{
	kfree(rcu_dereference_protected(nic->hash, true));
}

/* The examples that come with the description of the hash, and their key. */
static const u8 fsnic_example_key[FSNIC_KEY_MAX] __initconst = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static const struct {
	u8 version;
	const char *saddr, *daddr;
	u16 sport, dport;
	u32 addresses, with_ports;
} fsnic_examples[] __initconst = {
	{ 4, "66.9.149.187", "161.142.100.80", 2794, 1766, 0x323e8fc2, 0x51ccc178 },
	{ 4, "199.92.111.2", "65.69.140.83", 14230, 4739, 0xd718262a, 0xc626b0ea },
	{ 4, "24.19.198.95", "12.22.207.184", 12898, 38024, 0xd2d0a5de, 0x5c2b394a },
	{ 4, "38.27.205.30", "209.142.163.6", 48228, 2217, 0x82989176, 0xafc7327f },
	{ 4, "153.39.163.191", "202.188.127.2", 44251, 1303, 0x5d1809c5, 0x10e828a2 },
	{ 6, "3ffe:2501:200:1fff::7", "3ffe:2501:200:3::1", 2794, 1766, 0x2cc18cd5, 0x40207d3d },
	{ 6, "3ffe:501:8::260:97ff:fe40:efab", "ff02::1", 14230, 4739, 0x0f0c461c, 0xdde51bbf },
	{ 6, "3ffe:1900:4545:3:200:f8ff:fe21:67cf", "fe80::200:f8ff:fe21:67cf", 44251, 38024,
	  0x4b61e985, 0x02d1feef },
};

static int __init fsnic_example_check(struct fsnic_hash *hash, unsigned int i)
{
	struct fsnic_flow flow = {
		.version = fsnic_examples[i].version,
		.proto = IPPROTO_TCP,
		.ports = true,
		.tuple.sport = htons(fsnic_examples[i].sport),
		.tuple.dport = htons(fsnic_examples[i].dport),
	};
	u8 *saddr = (u8 *)flow.tuple.saddr, *daddr = (u8 *)flow.tuple.daddr;
	int (*pton)(const char *text, int length, u8 *to, int end, const char **rest) =
		flow.version == 6 ? in6_pton : in4_pton;
	enum pkt_hash_types type;

	if (!pton(fsnic_examples[i].saddr, -1, saddr, -1, NULL) ||
	    !pton(fsnic_examples[i].daddr, -1, daddr, -1, NULL))
		return -EINVAL;
	hash->ports[FSNIC_TCP4] = false;
	hash->ports[FSNIC_TCP6] = false;
	if (fsnic_hash_flow(hash, &flow, &type) != fsnic_examples[i].addresses)
		return -EINVAL;
	hash->ports[FSNIC_TCP4] = true;
	hash->ports[FSNIC_TCP6] = true;
	if (fsnic_hash_flow(hash, &flow, &type) != fsnic_examples[i].with_ports)
		return -EINVAL;
	return 0;
}

/* Are the sizes possible, and is the hash right? */
int __init fsnic_hash_check(void)
{
	struct fsnic_hash *hash;
	unsigned int i;
	int err = 0;

	if (fsnic_key_size != 40 && fsnic_key_size != FSNIC_KEY_MAX) {
		pr_err("key=%u: 40 or 52 are meant\n", fsnic_key_size);
		return -EINVAL;
	}
	if (!is_power_of_2(fsnic_table_size) || fsnic_table_size > FSNIC_TABLE_MAX) {
		pr_err("table=%u: a power of two up to %u is meant\n", fsnic_table_size,
		       FSNIC_TABLE_MAX);
		return -EINVAL;
	}
	hash = kzalloc(sizeof(*hash), GFP_KERNEL);
	if (!hash)
		return -ENOMEM;
	hash->function = ETH_RSS_HASH_TOP;
	memcpy(hash->key, fsnic_example_key, sizeof(hash->key));
	for (i = 0; !err && i < ARRAY_SIZE(fsnic_examples); i++) {
		err = fsnic_example_check(hash, i);
		if (err)
			pr_err("the hash of published example %u is wrong\n", i);
	}
	kfree(hash);
	return err;
}
