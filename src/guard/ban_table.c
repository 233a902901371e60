// SPDX-License-Identifier: GPL-3.0-or-later
#include "guard/ban_table.h"

#include <errno.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>

#include <libnftnl/chain.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>

#include "firewall/netlink.h"
#include "firewall/rule.h"

#define CHAIN "prerouting"

enum {
	KEY_TYPE_IPV4 = 7, /* nft(8)'s numbers: it shows names by them */
	KEY_TYPE_IPV6 = 8,
	IN_MESSAGE = 100,     /* elements; firewall/netlink.h has room for 8 KiB */
	IN_TRANSACTION = 600, /* and for 32 */
};

static const struct {
	const char *name;
	uint32_t type, size;
	uint8_t family;
} SETS[] = {{"four", KEY_TYPE_IPV4, 4, 4}, {"six", KEY_TYPE_IPV6, 16, 6}};

static const struct rule RULES[] = {
    {CHAIN, "kept away", {{MATCH_SOURCE_IN_SET, 0, 0, "four"}}, NF_DROP},
    {CHAIN, "kept away", {{MATCH_SOURCE6_IN_SET, 0, 0, "six"}}, NF_DROP},
};

static int no_memory(struct error *error)
{
	return error_set(error, ENOMEM, "out of memory");
}

static int put_table(struct transaction *change, uint16_t type, uint16_t flags, struct error *error)
{
	struct nftnl_table *table = nftnl_table_alloc();

	if (!table)
		return no_memory(error);
	nftnl_table_set_str(table, NFTNL_TABLE_NAME, BAN_TABLE);
	nftnl_table_set_u32(table, NFTNL_TABLE_FAMILY, NFPROTO_INET);
	nftnl_table_nlmsg_build_payload(transaction_add(change, type, flags, "the table of bans"),
					table);
	nftnl_table_free(table);
	return 0;
}

/* A set of the table, without elements; NULL without memory. */
static struct nftnl_set *set_make(size_t which)
{
	struct nftnl_set *set = nftnl_set_alloc();

	if (!set)
		return NULL;
	nftnl_set_set_str(set, NFTNL_SET_TABLE, BAN_TABLE);
	nftnl_set_set_str(set, NFTNL_SET_NAME, SETS[which].name);
	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, NFPROTO_INET);
	nftnl_set_set_u32(set, NFTNL_SET_FLAGS, NFT_SET_TIMEOUT);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, SETS[which].type);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, SETS[which].size);
	nftnl_set_set_u32(set, NFTNL_SET_ID, (uint32_t)which + 1);
	return set;
}

static int put_sets(struct transaction *change, struct error *error)
{
	for (size_t i = 0; i < ARRAY_SIZE(SETS); i++) {
		struct nftnl_set *set = set_make(i);

		if (!set)
			return no_memory(error);
		nftnl_set_nlmsg_build_payload(
		    transaction_add(change, NFT_MSG_NEWSET, NLM_F_CREATE, "a set of bans"), set);
		nftnl_set_free(set);
	}
	return 0;
}

static int put_chain(struct transaction *change, struct error *error)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();

	if (!chain)
		return no_memory(error);
	nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, BAN_TABLE);
	nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, CHAIN);
	nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "filter");
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_FAMILY, NFPROTO_INET);
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, NF_INET_PRE_ROUTING);
	nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, NF_IP_PRI_RAW);
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	nftnl_chain_nlmsg_build_payload(
	    transaction_add(change, NFT_MSG_NEWCHAIN, NLM_F_CREATE, "the chain of bans"), chain);
	nftnl_chain_free(chain);
	return 0;
}

static int put_rules(struct transaction *change, struct error *error)
{
	for (size_t i = 0; i < ARRAY_SIZE(RULES); i++) {
		struct nftnl_rule *rule = rule_compose(BAN_TABLE, &RULES[i]);

		if (!rule)
			return no_memory(error);
		nftnl_rule_nlmsg_build_payload(transaction_add(change, NFT_MSG_NEWRULE,
							       NLM_F_CREATE | NLM_F_APPEND,
							       "a rule of bans"),
					       rule);
		nftnl_rule_free(rule);
	}
	return 0;
}

static bool add_element(struct nftnl_set *set, size_t which, const struct ban *ban)
{
	struct nftnl_set_elem *element = nftnl_set_elem_alloc();
	uint8_t key[16] = {0};

	if (!element)
		return false;
	memcpy(key, ban->network.bytes, sizeof(ban->network.bytes));
	nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, key, SETS[which].size);
	if (ban->seconds > 0)
		nftnl_set_elem_set_u64(element, NFTNL_SET_ELEM_TIMEOUT,
				       (uint64_t)ban->seconds * 1000);
	nftnl_set_elem_add(set, element);
	return true;
}

/* Those of one family among `bans`, IN_MESSAGE at most, as one message; none as none. */
static int put_elements(struct transaction *change, uint16_t type, size_t which,
			const struct ban *bans, size_t count, struct error *error)
{
	struct nftnl_set *set = set_make(which);
	bool good = set, some = false;

	for (size_t i = 0; good && i < count; i++)
		if (bans[i].network.family == SETS[which].family) {
			good = add_element(set, which, &bans[i]);
			some = true;
		}
	if (good && some)
		nftnl_set_elems_nlmsg_build_payload(
		    transaction_add(change, type, NLM_F_CREATE, "who is banned"), set);
	if (set)
		nftnl_set_free(set);
	return good ? 0 : no_memory(error);
}

static int put_bans(struct transaction *change, uint16_t type, const struct ban *bans, size_t count,
		    struct error *error)
{
	int result = 0;

	for (size_t at = 0; at < count && result == 0; at += IN_MESSAGE)
		for (size_t which = 0; which < ARRAY_SIZE(SETS) && result == 0; which++)
			result =
			    put_elements(change, type, which, bans + at,
					 count - at < IN_MESSAGE ? count - at : IN_MESSAGE, error);
	return result;
}

static int commit(struct transaction *change, struct error *error)
{
	_cleanup_(netlink_close) struct mnl_socket *netlink = NULL;
	int result = netlink_open(NETLINK_NETFILTER, &netlink, error);

	return result < 0 ? result : transaction_commit(change, netlink, error);
}

static int change_bans(uint16_t type, const struct ban *bans, size_t count, struct error *error)
{
	_cleanup_(transaction_clear) struct transaction change = TRANSACTION_INIT;
	int result = transaction_begin(&change, error);

	if (result == 0)
		result = put_bans(&change, type, bans, count, error);
	return result < 0 ? result : commit(&change, error);
}

int ban_table_make(const struct ban *bans, size_t count, struct error *error)
{
	_cleanup_(transaction_clear) struct transaction change = TRANSACTION_INIT;
	size_t first = count < IN_TRANSACTION ? count : IN_TRANSACTION;
	int result = transaction_begin(&change, error);

	/* Adding before deleting makes the deletion good whether there is one or not. */
	if (result == 0)
		result = put_table(&change, NFT_MSG_NEWTABLE, NLM_F_CREATE, error);
	if (result == 0)
		result = put_table(&change, NFT_MSG_DELTABLE, 0, error);
	if (result == 0)
		result = put_table(&change, NFT_MSG_NEWTABLE, NLM_F_CREATE, error);
	if (result == 0)
		result = put_sets(&change, error);
	if (result == 0)
		result = put_bans(&change, NFT_MSG_NEWSETELEM, bans, first, error);
	if (result == 0)
		result = put_chain(&change, error);
	if (result == 0)
		result = put_rules(&change, error);
	if (result == 0)
		result = commit(&change, error);
	for (size_t at = first; at < count && result == 0; at += IN_TRANSACTION)
		result =
		    change_bans(NFT_MSG_NEWSETELEM, bans + at,
				count - at < IN_TRANSACTION ? count - at : IN_TRANSACTION, error);
	return result;
}

int ban_table_add(const struct ban *ban, struct error *error)
{
	return change_bans(NFT_MSG_NEWSETELEM, ban, 1, error);
}

int ban_table_remove(const struct network *network, struct error *error)
{
	const struct ban ban = {*network, 0};
	int result = change_bans(NFT_MSG_DELSETELEM, &ban, 1, error);

	if (result != -ENOENT)
		return result;
	error_clear(error);
	return 0;
}

int ban_table_drop(struct error *error)
{
	_cleanup_(transaction_clear) struct transaction change = TRANSACTION_INIT;
	int result = transaction_begin(&change, error);

	if (result == 0)
		result = put_table(&change, NFT_MSG_NEWTABLE, NLM_F_CREATE, error);
	if (result == 0)
		result = put_table(&change, NFT_MSG_DELTABLE, 0, error);
	return result < 0 ? result : commit(&change, error);
}
