// SPDX-License-Identifier: GPL-3.0-or-later
#include "firewall/ruleset.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdbool.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>

#include <libnftnl/udata.h>

#include "component/inner.h"
#include "firewall/ports.h"
#include "firewall/rule.h"

/* nft(8)'s numbers for set key types, which the kernel only stores: with them
 * `nft list ruleset` shows names. */
#define KEY_TYPE_IPV4	      7
#define KEY_TYPE_IPV6	      8
#define KEY_TYPE_INET_SERVICE 13
#define KEY_TYPE_ICMP	      14
#define KEY_TYPE_ICMPV6	      29

#define LOOPBACK_INTERFACE 1 /* the index of "lo" in every network namespace */
#define SMTP_PORT	   25
#define DHCP_SERVER_PORT   67
#define DHCP_CLIENT_PORT   68
#define DHCPV6_CLIENT_PORT 546

/* The accounts of overlays/usr/lib/sysusers.d/postcask.conf. */
#define USER_ROOT	    0
#define USER_POSTFIX	    421
#define USER_DOVECOT	    423
#define USER_AMAVIS	    425
#define USER_VMAIL	    450
#define USER_POSTCASK_PROBE 451

#define STATE_ESTABLISHED NF_CT_STATE_BIT(IP_CT_ESTABLISHED)
#define STATE_RELATED	  NF_CT_STATE_BIT(IP_CT_RELATED)
#define STATE_INVALID	  NF_CT_STATE_INVALID_BIT

static const uint8_t ICMP_TYPES[] = {
    ICMP_DEST_UNREACH, /* with it path MTU discovery */
    ICMP_ECHO,
    ICMP_TIME_EXCEEDED,
    ICMP_PARAMETERPROB,
};

static const uint8_t ICMPV6_TYPES[] = {
    /* RFC 4890 §4.4.1: essential errors, echo */
    ICMP6_DST_UNREACH, ICMP6_PACKET_TOO_BIG, ICMP6_TIME_EXCEEDED, ICMP6_PARAM_PROB,
    ICMP6_ECHO_REQUEST, ICMP6_ECHO_REPLY,
    /* multicast listener query, report, done, report version 2 */
    130, 131, 132, 143,
    /* router and neighbour discovery, and its inverse */
    ND_ROUTER_SOLICIT, ND_ROUTER_ADVERT, ND_NEIGHBOR_SOLICIT, ND_NEIGHBOR_ADVERT, 141, 142,
    /* secure neighbour discovery, multicast router discovery */
    148, 149, 151, 152, 153};

/* What the filter listens on, as ports travel. */
#define TRAVELS(port) (port) >> 8, (port)&0xff
static const uint8_t FILTER_PORTS[] = {TRAVELS(INNER_INCOMING), TRAVELS(INNER_SUBMITTED),
				       TRAVELS(INNER_LOCAL)};

/* The rewriter of forwarded mail's senders, and the way of such mail back into the queue. */
static const uint8_t FORWARDING_PORTS[] = {TRAVELS(INNER_SRS_FORWARD), TRAVELS(INNER_SRS_REVERSE),
					   TRAVELS(INNER_FORWARDED)};

/* Where the clouds of datasource_list (90_postcask.cfg) keep an instance's user-data. */
static const uint8_t METADATA[] = {
    169, 254, 169, 254, /* nearly all */
    169, 254, 42,  42,	/* Scaleway */
    168, 63,  129, 16,	/* Azure */
};

static const uint8_t METADATA6[] = {
    0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x00, 0x02, 0x54, /* EC2 */
    0xfd, 0x20, 0x00, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x00, 0x02, 0x54, /* GCE */
    0xfd, 0x00, 0x00, 0xc1, 0, 0, 0, 0, 0, 0, 0, 0, 0xa9, 0xfe, 0xa9, 0xfe, /* Oracle */
    0xfd, 0x00, 0x00, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x00, 0x00, 0x42, /* Scaleway */
    0xfe, 0x80, 0x00, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0xa9, 0xfe, 0xa9, 0xfe, /* OpenStack */
};

static const struct {
	const char *name;
	uint32_t hook;
	uint32_t policy;
} CHAINS[RULESET_CHAINS] = {
    {"input", NF_INET_LOCAL_IN, NF_DROP},
    {"forward", NF_INET_FORWARD, NF_DROP},
    {"output", NF_INET_LOCAL_OUT, NF_ACCEPT},
};

/* Where a limit has an element for each source: so many at most, and of those with a rate only
 * who came lately. */
#define SOURCES	    65536
#define SOURCES_MS  (RULE_BURST_SECONDS * 1000)
#define WITH_COUNTS NFT_SET_EVAL
#define WITH_RATES  (NFT_SET_EVAL | NFT_SET_TIMEOUT)

/* What a client has of port 25. */
#define SMTP_RATE     2 /* new connections a second */
#define SMTP_RATE_64  4
#define SMTP_COUNT    20
#define SMTP_COUNT_64 40
/* And of all ports: an office of hundreds, of which each has ten, is one address. */
#define RATE	20
#define RATE_64 40

static const struct {
	const char *name;
	uint32_t flags, key_type, key_size;
	const uint8_t *elements; /* one after the other */
	size_t size;
} SETS[RULESET_SETS] = {
    {RULESET_OPEN_PORTS, 0, KEY_TYPE_INET_SERVICE, 2, NULL, 0},
    {"icmp_types", NFT_SET_CONSTANT, KEY_TYPE_ICMP, 1, ICMP_TYPES, sizeof(ICMP_TYPES)},
    {"icmpv6_types", NFT_SET_CONSTANT, KEY_TYPE_ICMPV6, 1, ICMPV6_TYPES, sizeof(ICMPV6_TYPES)},
    {"filter_ports", NFT_SET_CONSTANT, KEY_TYPE_INET_SERVICE, 2, FILTER_PORTS,
     sizeof(FILTER_PORTS)},
    {"forwarding_ports", NFT_SET_CONSTANT, KEY_TYPE_INET_SERVICE, 2, FORWARDING_PORTS,
     sizeof(FORWARDING_PORTS)},
    {"metadata", NFT_SET_CONSTANT, KEY_TYPE_IPV4, 4, METADATA, sizeof(METADATA)},
    {"metadata6", NFT_SET_CONSTANT, KEY_TYPE_IPV6, 16, METADATA6, sizeof(METADATA6)},
    {"rate", WITH_RATES, KEY_TYPE_IPV4, 4, NULL, 0},
    {"rate6", WITH_RATES, KEY_TYPE_IPV6, 16, NULL, 0},
    {"smtp_rate", WITH_RATES, KEY_TYPE_IPV4, 4, NULL, 0},
    {"smtp_rate6", WITH_RATES, KEY_TYPE_IPV6, 16, NULL, 0},
    {"smtp_count", WITH_COUNTS, KEY_TYPE_IPV4, 4, NULL, 0},
    {"smtp_count6", WITH_COUNTS, KEY_TYPE_IPV6, 16, NULL, 0},
};

/* clang-format off */
#define TO_SSH	    {MATCH_PROTOCOL, IPPROTO_TCP, 0, NULL}, \
		    {MATCH_PORT, RULESET_SSH_PORT, DESTINATION_PORT, NULL}
#define TO_OPEN	    {MATCH_PROTOCOL, IPPROTO_TCP, 0, NULL}, \
		    {MATCH_PORT_IN_SET, 0, 0, RULESET_OPEN_PORTS}
#define OFTEN	    {MATCH_SOURCE_OFTEN, NFPROTO_IPV4, RATE, "rate"}
#define OFTEN_64    {MATCH_SOURCE_OFTEN, NFPROTO_IPV6, RATE_64, "rate6"}
#define TO_SMTP	    {MATCH_PROTOCOL, IPPROTO_TCP, 0, NULL}, \
		    {MATCH_PORT, SMTP_PORT, DESTINATION_PORT, NULL}
/* The inner ports, on the loopback. */
#define INNER	    {MATCH_OUT_INTERFACE, LOOPBACK_INTERFACE, 0, NULL}, \
		    {MATCH_PROTOCOL, IPPROTO_TCP, 0, NULL}
#define TO_FILTER   INNER, {MATCH_PORT_IN_SET, 0, 0, "filter_ports"}
#define FROM_FILTER INNER, {MATCH_PORT, INNER_FILTERED, DESTINATION_PORT, NULL}
#define TO_SIGNER   INNER, {MATCH_PORT, INNER_SIGNED, DESTINATION_PORT, NULL}
#define FROM_SIEVE  INNER, {MATCH_PORT, INNER_SIEVE, DESTINATION_PORT, NULL}
#define TO_GUARD    INNER, {MATCH_PORT, INNER_GUARD, DESTINATION_PORT, NULL}
#define TO_TOKENS   INNER, {MATCH_PORT, INNER_TOKENS, DESTINATION_PORT, NULL}
#define FORWARDING  INNER, {MATCH_PORT_IN_SET, 0, 0, "forwarding_ports"}
/* clang-format on */

static const struct rule RULES[RULESET_RULES] = {
    {"input", "loopback", {{MATCH_INTERFACE, LOOPBACK_INTERFACE, 0, NULL}}, NF_ACCEPT},
    {"input", "answers", {{MATCH_STATE, STATE_ESTABLISHED | STATE_RELATED, 0, NULL}}, NF_ACCEPT},
    {"input", "not part of any connection", {{MATCH_STATE, STATE_INVALID, 0, NULL}}, NF_DROP},
    {"input",
     "errors and ping",
     {{MATCH_PROTOCOL, IPPROTO_ICMP, 0, NULL}, {MATCH_TYPE_IN_SET, 0, 0, "icmp_types"}},
     NF_ACCEPT},
    {"input",
     "RFC 4890",
     {{MATCH_PROTOCOL, IPPROTO_ICMPV6, 0, NULL}, {MATCH_TYPE_IN_SET, 0, 0, "icmpv6_types"}},
     NF_ACCEPT},
    {"input",
     "DHCP answers",
     {{MATCH_FAMILY, NFPROTO_IPV4, 0, NULL},
      {MATCH_PROTOCOL, IPPROTO_UDP, 0, NULL},
      {MATCH_PORT, DHCP_SERVER_PORT, SOURCE_PORT, NULL},
      {MATCH_PORT, DHCP_CLIENT_PORT, DESTINATION_PORT, NULL}},
     NF_ACCEPT},
    {"input",
     "DHCPv6 answers",
     {{MATCH_FAMILY, NFPROTO_IPV6, 0, NULL},
      {MATCH_LINK_LOCAL, 0, 0, NULL},
      {MATCH_PROTOCOL, IPPROTO_UDP, 0, NULL},
      {MATCH_PORT, DHCPV6_CLIENT_PORT, DESTINATION_PORT, NULL}},
     NF_ACCEPT},
    {"input", "ssh, too often", {TO_SSH, OFTEN}, NF_DROP},
    {"input", "ssh, too often", {TO_SSH, OFTEN_64}, NF_DROP},
    {"input", "ssh", {TO_SSH}, NF_ACCEPT},
    {"input",
     "mail, too often",
     {TO_SMTP, {MATCH_SOURCE_OFTEN, NFPROTO_IPV4, SMTP_RATE, "smtp_rate"}},
     NF_DROP},
    {"input",
     "mail, too often",
     {TO_SMTP, {MATCH_SOURCE_OFTEN, NFPROTO_IPV6, SMTP_RATE_64, "smtp_rate6"}},
     NF_DROP},
    {"input",
     "mail, too many at once",
     {TO_SMTP, {MATCH_SOURCE_MANY, NFPROTO_IPV4, SMTP_COUNT, "smtp_count"}},
     NF_DROP},
    {"input",
     "mail, too many at once",
     {TO_SMTP, {MATCH_SOURCE_MANY, NFPROTO_IPV6, SMTP_COUNT_64, "smtp_count6"}},
     NF_DROP},
    {"input", "too often", {TO_OPEN, OFTEN}, NF_DROP},
    {"input", "too often", {TO_OPEN, OFTEN_64}, NF_DROP},
    {"input", "proved mail services", {TO_OPEN}, NF_ACCEPT},
    {"input", "nobody asked for it", {{MATCH_NOTHING, 0, 0, NULL}}, NF_DROP},
    {"forward", "not a router", {{MATCH_NOTHING, 0, 0, NULL}}, NF_DROP},
    {"output",
     "what goes on",
     {{MATCH_STATE, STATE_ESTABLISHED | STATE_RELATED, 0, NULL}},
     NF_ACCEPT},
    {"output", "root, and cloud-init with it", {{MATCH_USER, USER_ROOT, 0, NULL}}, NF_ACCEPT},
    {"output",
     "Postfix to the filter",
     {TO_FILTER, {MATCH_USER, USER_POSTFIX, 0, NULL}},
     NF_ACCEPT},
    {"output",
     "the self-test to the filter",
     {TO_FILTER, {MATCH_USER, USER_POSTCASK_PROBE, 0, NULL}},
     NF_ACCEPT},
    {"output",
     "the filter back to Postfix",
     {FROM_FILTER, {MATCH_USER, USER_AMAVIS, 0, NULL}},
     NF_ACCEPT},
    {"output",
     "the filter to the signer",
     {TO_SIGNER, {MATCH_USER, USER_AMAVIS, 0, NULL}},
     NF_ACCEPT},
    {"output",
     "Postfix to the signer, where there is no filter",
     {TO_SIGNER, {MATCH_USER, USER_POSTFIX, 0, NULL}},
     NF_ACCEPT},
    {"output", "Dovecot to Postfix", {FROM_SIEVE, {MATCH_USER, USER_VMAIL, 0, NULL}}, NF_ACCEPT},
    {"output", "Postfix forwards", {FORWARDING, {MATCH_USER, USER_POSTFIX, 0, NULL}}, NF_ACCEPT},
    {"output", "Dovecot to the guard", {TO_GUARD, {MATCH_USER, USER_DOVECOT, 0, NULL}}, NF_ACCEPT},
    {"output", "Dovecot shows tokens", {TO_TOKENS, {MATCH_USER, USER_DOVECOT, 0, NULL}}, NF_ACCEPT},
    {"output", "nobody else to the filter", {TO_FILTER}, RULE_REFUSE},
    {"output", "nobody past it", {FROM_FILTER}, RULE_REFUSE},
    {"output", "nobody else to the signer", {TO_SIGNER}, RULE_REFUSE},
    {"output", "nobody else without a login", {FROM_SIEVE}, RULE_REFUSE},
    {"output", "nobody else forwards", {FORWARDING}, RULE_REFUSE},
    {"output", "nobody else tells of logins", {TO_GUARD}, RULE_REFUSE},
    {"output", "nobody else shows tokens", {TO_TOKENS}, RULE_REFUSE},
    {"output",
     "name servers",
     {{MATCH_PROTOCOL, IPPROTO_TCP, 0, NULL}, {MATCH_PORT, INNER_DNS, DESTINATION_PORT, NULL}},
     NF_ACCEPT},
    {"output",
     "the cloud's user-data",
     {{MATCH_PROTOCOL, IPPROTO_TCP, 0, NULL}, {MATCH_ADDRESS_IN_SET, 0, 0, "metadata"}},
     RULE_REFUSE},
    {"output",
     "the cloud's user-data",
     {{MATCH_PROTOCOL, IPPROTO_TCP, 0, NULL}, {MATCH_ADDRESS6_IN_SET, 0, 0, "metadata6"}},
     RULE_REFUSE},
};

static struct nftnl_chain *chain_compose(size_t index)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();

	if (!chain)
		return NULL;
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_FAMILY, NFPROTO_INET);
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, CHAINS[index].hook);
	nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, NF_IP_PRI_FILTER);
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, CHAINS[index].policy);
	if (nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, RULESET_TABLE) == 0 &&
	    nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, CHAINS[index].name) == 0 &&
	    nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "filter") == 0)
		return chain;
	nftnl_chain_free(chain);
	return NULL;
}

static bool set_add(struct nftnl_set *set, const void *key, uint32_t size)
{
	struct nftnl_set_elem *element = nftnl_set_elem_alloc();

	if (!element)
		return false;
	nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, key, size);
	nftnl_set_elem_add(set, element);
	return true;
}

static bool set_add_ports(struct nftnl_set *set, uint32_t ports)
{
	unsigned position = 0;
	uint16_t number;
	const char *name;

	while ((number = htons(ports_next(ports, &position, &name))))
		if (!set_add(set, &number, sizeof(number)))
			return false;
	return true;
}

static struct nftnl_set *set_compose(size_t index, uint32_t ports)
{
	struct nftnl_set *set = nftnl_set_alloc();
	bool good;

	if (!set)
		return NULL;
	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, NFPROTO_INET);
	nftnl_set_set_u32(set, NFTNL_SET_FLAGS, SETS[index].flags);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, SETS[index].key_type);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, SETS[index].key_size);
	nftnl_set_set_u32(set, NFTNL_SET_ID, (uint32_t)index + 1);
	if (SETS[index].flags & NFT_SET_EVAL)
		nftnl_set_set_u32(set, NFTNL_SET_DESC_SIZE, SOURCES);
	if (SETS[index].flags & NFT_SET_TIMEOUT)
		nftnl_set_set_u64(set, NFTNL_SET_TIMEOUT, SOURCES_MS);
	good = nftnl_set_set_str(set, NFTNL_SET_TABLE, RULESET_TABLE) == 0 &&
	       nftnl_set_set_str(set, NFTNL_SET_NAME, SETS[index].name) == 0;
	for (size_t i = 0; good && i < SETS[index].size; i += SETS[index].key_size)
		good = set_add(set, &SETS[index].elements[i], SETS[index].key_size);
	if (good && (index > 0 || set_add_ports(set, ports)))
		return set;
	nftnl_set_free(set);
	return NULL;
}

struct nftnl_set *ruleset_port_elements(uint32_t ports)
{
	return set_compose(0, ports);
}

static struct nftnl_table *table_compose(void)
{
	struct nftnl_udata_buf *comment = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);
	struct nftnl_table *table = nftnl_table_alloc();

	if (table && comment &&
	    nftnl_udata_put_strz(comment, NFTNL_UDATA_TABLE_COMMENT, RULESET_COMMENT) &&
	    nftnl_table_set_str(table, NFTNL_TABLE_NAME, RULESET_TABLE) == 0 &&
	    nftnl_table_set_data(table, NFTNL_TABLE_USERDATA, nftnl_udata_buf_data(comment),
				 nftnl_udata_buf_len(comment)) == 0) {
		nftnl_table_set_u32(table, NFTNL_TABLE_FAMILY, NFPROTO_INET);
	} else if (table) {
		nftnl_table_free(table);
		table = NULL;
	}
	if (comment)
		nftnl_udata_buf_free(comment);
	return table;
}

int ruleset_compose(uint32_t ports, struct ruleset *ret, struct error *error)
{
	_cleanup_(ruleset_clear) struct ruleset ruleset = RULESET_INIT;
	bool good;

	good = (ruleset.table = table_compose());
	for (size_t i = 0; good && i < RULESET_CHAINS; i++)
		good = (ruleset.chains[i] = chain_compose(i));
	for (size_t i = 0; good && i < RULESET_SETS; i++)
		good = (ruleset.sets[i] = set_compose(i, ports));
	for (size_t i = 0; good && i < RULESET_RULES; i++)
		good = (ruleset.rules[i] = rule_compose(RULESET_TABLE, &RULES[i]));
	if (!good)
		return error_set(error, ENOMEM, "out of memory");
	*ret = ruleset;
	ruleset = RULESET_INIT;
	return 0;
}

/* Our table anew: made if missing so that it can be deleted, then made again. */
static void put_table(struct transaction *change, struct nftnl_table *table)
{
	static const struct {
		uint16_t type, flags;
	} STEPS[] = {
	    {NFT_MSG_NEWTABLE, NLM_F_CREATE},
	    {NFT_MSG_DELTABLE, 0},
	    {NFT_MSG_NEWTABLE, NLM_F_CREATE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(STEPS); i++)
		nftnl_table_nlmsg_build_payload(
		    transaction_add(change, STEPS[i].type, STEPS[i].flags, "the table"), table);
}

static bool set_is_empty(const struct nftnl_set *set)
{
	struct nftnl_set_elems_iter *elements = nftnl_set_elems_iter_create(set);
	bool empty = !elements || !nftnl_set_elems_iter_next(elements);

	if (elements)
		nftnl_set_elems_iter_destroy(elements);
	return empty;
}

void ruleset_put(struct transaction *change, struct ruleset *rules)
{
	put_table(change, rules->table);
	for (size_t i = 0; i < RULESET_SETS; i++) {
		nftnl_set_nlmsg_build_payload(
		    transaction_add(change, NFT_MSG_NEWSET, NLM_F_CREATE, "a set"), rules->sets[i]);
		if (!set_is_empty(rules->sets[i]))
			nftnl_set_elems_nlmsg_build_payload(
			    transaction_add(change, NFT_MSG_NEWSETELEM, NLM_F_CREATE,
					    "the elements of a set"),
			    rules->sets[i]);
	}
	for (size_t i = 0; i < RULESET_CHAINS; i++)
		nftnl_chain_nlmsg_build_payload(
		    transaction_add(change, NFT_MSG_NEWCHAIN, NLM_F_CREATE, "a chain"),
		    rules->chains[i]);
	for (size_t i = 0; i < RULESET_RULES; i++)
		nftnl_rule_nlmsg_build_payload(
		    transaction_add(change, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, "a rule"),
		    rules->rules[i]);
}

void ruleset_clear(struct ruleset *ruleset)
{
	for (size_t i = 0; i < RULESET_RULES; i++) {
		if (ruleset->rules[i])
			nftnl_rule_free(ruleset->rules[i]);
	}
	for (size_t i = 0; i < RULESET_SETS; i++) {
		if (ruleset->sets[i])
			nftnl_set_free(ruleset->sets[i]);
	}
	for (size_t i = 0; i < RULESET_CHAINS; i++) {
		if (ruleset->chains[i])
			nftnl_chain_free(ruleset->chains[i]);
	}
	if (ruleset->table)
		nftnl_table_free(ruleset->table);
	*ruleset = RULESET_INIT;
}
