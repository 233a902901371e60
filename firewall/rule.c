// SPDX-License-Identifier: GPL-3.0-or-later
#include "firewall/rule.h"

#include <arpa/inet.h>
#include <stdbool.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <libnftnl/expr.h>
#include <libnftnl/udata.h>

/* Offsets in the headers. */
#define IPV4_SOURCE	 12
#define IPV4_DESTINATION 16
#define IPV6_SOURCE	 8
#define IPV6_DESTINATION 24

/* A new expression of this kind at the end of the rule, NULL when out of memory. */
static struct nftnl_expr *rule_add(struct nftnl_rule *rule, const char *kind)
{
	struct nftnl_expr *expression = nftnl_expr_alloc(kind);

	if (expression)
		nftnl_rule_add_expr(rule, expression);
	return expression;
}

static bool rule_load_meta(struct nftnl_rule *rule, uint32_t key)
{
	struct nftnl_expr *meta = rule_add(rule, "meta");

	if (!meta)
		return false;
	nftnl_expr_set_u32(meta, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(meta, NFTNL_EXPR_META_DREG, NFT_REG_1);
	return true;
}

static bool rule_load_payload(struct nftnl_rule *rule, uint32_t base, uint32_t offset,
			      uint32_t size)
{
	struct nftnl_expr *payload = rule_add(rule, "payload");

	if (!payload)
		return false;
	nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_LEN, size);
	nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
	return true;
}

static bool rule_mask(struct nftnl_rule *rule, const void *mask, uint32_t size)
{
	static const uint8_t ZEROS[16];
	struct nftnl_expr *bitwise = rule_add(rule, "bitwise");

	if (!bitwise)
		return false;
	nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(bitwise, NFTNL_EXPR_BITWISE_LEN, size);
	nftnl_expr_set(bitwise, NFTNL_EXPR_BITWISE_MASK, mask, size);
	nftnl_expr_set(bitwise, NFTNL_EXPR_BITWISE_XOR, ZEROS, size);
	return true;
}

static bool rule_compare(struct nftnl_rule *rule, uint32_t how, const void *bytes, uint32_t size)
{
	struct nftnl_expr *compare = rule_add(rule, "cmp");

	if (!compare)
		return false;
	nftnl_expr_set_u32(compare, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(compare, NFTNL_EXPR_CMP_OP, how);
	nftnl_expr_set(compare, NFTNL_EXPR_CMP_DATA, bytes, size);
	return true;
}

static bool rule_look_up(struct nftnl_rule *rule, const char *set)
{
	struct nftnl_expr *lookup = rule_add(rule, "lookup");

	if (!lookup)
		return false;
	nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	nftnl_expr_set_str(lookup, NFTNL_EXPR_LOOKUP_SET, set);
	nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_FLAGS, 0); /* as the kernel gives it back */
	return true;
}

static bool rule_match_state(struct nftnl_rule *rule, uint32_t states)
{
	struct nftnl_expr *connection = rule_add(rule, "ct");
	uint32_t none = 0;

	if (!connection)
		return false;
	nftnl_expr_set_u32(connection, NFTNL_EXPR_CT_KEY, NFT_CT_STATE);
	nftnl_expr_set_u32(connection, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	return rule_mask(rule, &states, sizeof(states)) &&
	       rule_compare(rule, NFT_CMP_NEQ, &none, sizeof(none));
}

static bool rule_match_link_local(struct nftnl_rule *rule)
{
	static const uint8_t MASK[16] = {0xff, 0xc0}, PREFIX[16] = {0xfe, 0x80};

	return rule_load_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, IPV6_DESTINATION, 16) &&
	       rule_mask(rule, MASK, sizeof(MASK)) &&
	       rule_compare(rule, NFT_CMP_EQ, PREFIX, sizeof(PREFIX));
}

static bool rule_match_meta(struct nftnl_rule *rule, uint32_t key, uint32_t number)
{
	return rule_load_meta(rule, key) && rule_compare(rule, NFT_CMP_EQ, &number, sizeof(number));
}

static bool rule_match_meta_byte(struct nftnl_rule *rule, uint32_t key, uint8_t byte)
{
	return rule_load_meta(rule, key) && rule_compare(rule, NFT_CMP_EQ, &byte, sizeof(byte));
}

static bool rule_match_address(struct nftnl_rule *rule, uint8_t family, uint32_t offset,
			       uint32_t size, const char *set)
{
	return rule_match_meta_byte(rule, NFT_META_NFPROTO, family) &&
	       rule_load_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, offset, size) &&
	       rule_look_up(rule, set);
}

/* Register 1 is whom a limit is for. */
static bool rule_load_source(struct nftnl_rule *rule, uint8_t family)
{
	static const uint8_t NETWORK[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	if (!rule_load_meta(rule, NFT_META_NFPROTO) ||
	    !rule_compare(rule, NFT_CMP_EQ, &family, sizeof(family)))
		return false;
	if (family == NFPROTO_IPV4)
		return rule_load_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, IPV4_SOURCE, 4);
	return rule_load_payload(rule, NFT_PAYLOAD_NETWORK_HEADER, IPV6_SOURCE, 16) &&
	       rule_mask(rule, NETWORK, sizeof(NETWORK));
}

static struct nftnl_expr *count_over(uint32_t connections)
{
	struct nftnl_expr *count = nftnl_expr_alloc("connlimit");

	if (count) {
		nftnl_expr_set_u32(count, NFTNL_EXPR_CONNLIMIT_COUNT, connections);
		nftnl_expr_set_u32(count, NFTNL_EXPR_CONNLIMIT_FLAGS, NFT_CONNLIMIT_F_INV);
	}
	return count;
}

static struct nftnl_expr *rate_over(uint32_t times)
{
	struct nftnl_expr *limit = nftnl_expr_alloc("limit");

	if (limit) {
		nftnl_expr_set_u64(limit, NFTNL_EXPR_LIMIT_RATE, times);
		nftnl_expr_set_u64(limit, NFTNL_EXPR_LIMIT_UNIT, 1);
		nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_BURST, times * RULE_BURST_SECONDS);
		nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
		nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_FLAGS, NFT_LIMIT_F_INV);
	}
	return limit;
}

static bool rule_match_source(struct nftnl_rule *rule, const struct match *match)
{
	bool many = match->kind == MATCH_SOURCE_MANY;
	struct nftnl_expr *element, *limit;

	if (!rule_load_source(rule, (uint8_t)match->number))
		return false;
	element = rule_add(rule, "dynset");
	limit = many ? count_over(match->offset) : rate_over(match->offset);
	if (!element || !limit) {
		if (limit)
			nftnl_expr_free(limit);
		return false;
	}
	nftnl_expr_set_u32(element, NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG_1);
	/* An element with a rate ends some time after its last packet; one with connections with
	 * the last of them. */
	nftnl_expr_set_u32(element, NFTNL_EXPR_DYNSET_OP,
			   many ? NFT_DYNSET_OP_ADD : NFT_DYNSET_OP_UPDATE);
	nftnl_expr_set_str(element, NFTNL_EXPR_DYNSET_SET_NAME, match->set);
	nftnl_expr_set(element, NFTNL_EXPR_DYNSET_EXPR, limit, 0);
	return true;
}

static bool rule_match_network6(struct nftnl_rule *rule, const char *set)
{
	return rule_load_source(rule, NFPROTO_IPV6) && rule_look_up(rule, set);
}

static bool rule_match(struct nftnl_rule *rule, const struct match *match)
{
	uint8_t byte = (uint8_t)match->number;
	uint16_t port = htons((uint16_t)match->number);

	switch (match->kind) {
	case MATCH_NOTHING:
		return true;
	case MATCH_INTERFACE:
		return rule_match_meta(rule, NFT_META_IIF, match->number);
	case MATCH_OUT_INTERFACE:
		return rule_match_meta(rule, NFT_META_OIF, match->number);
	case MATCH_USER:
		return rule_match_meta(rule, NFT_META_SKUID, match->number);
	case MATCH_STATE:
		return rule_match_state(rule, match->number);
	case MATCH_FAMILY:
		return rule_match_meta_byte(rule, NFT_META_NFPROTO, byte);
	case MATCH_PROTOCOL:
		return rule_match_meta_byte(rule, NFT_META_L4PROTO, byte);
	case MATCH_PORT:
		return rule_load_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, match->offset, 2) &&
		       rule_compare(rule, NFT_CMP_EQ, &port, sizeof(port));
	case MATCH_LINK_LOCAL:
		return rule_match_link_local(rule);
	case MATCH_TYPE_IN_SET:
		return rule_load_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1) &&
		       rule_look_up(rule, match->set);
	case MATCH_PORT_IN_SET:
		return rule_load_payload(rule, NFT_PAYLOAD_TRANSPORT_HEADER, DESTINATION_PORT, 2) &&
		       rule_look_up(rule, match->set);
	case MATCH_ADDRESS_IN_SET:
		return rule_match_address(rule, NFPROTO_IPV4, IPV4_DESTINATION, 4, match->set);
	case MATCH_ADDRESS6_IN_SET:
		return rule_match_address(rule, NFPROTO_IPV6, IPV6_DESTINATION, 16, match->set);
	case MATCH_SOURCE_MANY:
	case MATCH_SOURCE_OFTEN:
		return rule_match_source(rule, match);
	case MATCH_SOURCE_IN_SET:
		return rule_match_address(rule, NFPROTO_IPV4, IPV4_SOURCE, 4, match->set);
	case MATCH_SOURCE6_IN_SET:
		return rule_match_network6(rule, match->set);
	}
	return false;
}

static bool rule_put_refusal(struct nftnl_rule *rule)
{
	struct nftnl_expr *reject = rule_add(rule, "reject");

	if (!reject)
		return false;
	nftnl_expr_set_u32(reject, NFTNL_EXPR_REJECT_TYPE, NFT_REJECT_TCP_RST);
	nftnl_expr_set_u8(reject, NFTNL_EXPR_REJECT_CODE, 0);
	return true;
}

static bool rule_put_verdict(struct nftnl_rule *rule, int verdict)
{
	struct nftnl_expr *immediate;

	if (verdict == RULE_REFUSE)
		return rule_put_refusal(rule);
	if (verdict == NF_DROP && !rule_add(rule, "counter"))
		return false;
	immediate = rule_add(rule, "immediate");
	if (!immediate)
		return false;
	nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_VERDICT, (uint32_t)verdict);
	return true;
}

/* The comment that nft(8) shows beside a rule. */
static bool rule_set_comment(struct nftnl_rule *rule, const char *comment)
{
	struct nftnl_udata_buf *data = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	bool put;

	if (!data)
		return false;
	put = nftnl_udata_put_strz(data, NFTNL_UDATA_RULE_COMMENT, comment) &&
	      nftnl_rule_set_data(rule, NFTNL_RULE_USERDATA, nftnl_udata_buf_data(data),
				  nftnl_udata_buf_len(data)) == 0;
	nftnl_udata_buf_free(data);
	return put;
}

struct nftnl_rule *rule_compose(const char *table, const struct rule *rule)
{
	struct nftnl_rule *composed = nftnl_rule_alloc();
	bool good;

	if (!composed)
		return NULL;
	nftnl_rule_set_u32(composed, NFTNL_RULE_FAMILY, NFPROTO_INET);
	good = nftnl_rule_set_str(composed, NFTNL_RULE_TABLE, table) == 0 &&
	       nftnl_rule_set_str(composed, NFTNL_RULE_CHAIN, rule->chain) == 0 &&
	       rule_set_comment(composed, rule->comment);
	for (size_t i = 0; good && i < RULE_MATCHES; i++)
		good = rule_match(composed, &rule->matches[i]);
	if (good && rule_put_verdict(composed, rule->verdict))
		return composed;
	nftnl_rule_free(composed);
	return NULL;
}
