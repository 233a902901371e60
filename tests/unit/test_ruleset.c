// SPDX-License-Identifier: GPL-3.0-or-later
/* The firewall's ruleset as netlink messages: built, decoded again and compared,
 * without a kernel.  What the kernel makes of them is in tests/native. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <libnftnl/expr.h>

#include "base/file.h"
#include "firewall/netlink.h"
#include "firewall/ports.h"
#include "firewall/rule.h"
#include "firewall/ruleset.h"
#include "firewall/seal.h"

#define MESSAGES_MAX 128

struct batch {
	struct transaction transaction;
	struct ruleset ruleset;
	const struct nlmsghdr *messages[MESSAGES_MAX];
	size_t count;
};

static void batch_clear(struct batch *batch)
{
	transaction_clear(&batch->transaction);
	ruleset_clear(&batch->ruleset);
}

/* What firewall_close sends, cut into its messages. */
static void batch_make(struct batch *batch, uint32_t ports)
{
	const struct nlmsghdr *message;
	int size;

	assert_int_equal(ruleset_compose(ports, &batch->ruleset, NULL), 0);
	assert_int_equal(transaction_begin(&batch->transaction, NULL), 0);
	seal_remove(&batch->transaction);
	ruleset_put(&batch->transaction, &batch->ruleset);
	transaction_end(&batch->transaction);
	assert_false(batch->transaction.full);
	size = (int)mnl_nlmsg_batch_size(batch->transaction.batch);
	message = mnl_nlmsg_batch_head(batch->transaction.batch);
	for (; mnl_nlmsg_ok(message, size); message = mnl_nlmsg_next(message, &size)) {
		assert_true(batch->count < MESSAGES_MAX);
		batch->messages[batch->count++] = message;
	}
	assert_int_equal(size, 0);
}

static int type_of(const struct nlmsghdr *message)
{
	return message->nlmsg_type & 0xff;
}

static void test_one_transaction_in_order(void **state)
{
	static const int ORDER[] = {
	    /* the seal and the old table go, the new one comes */
	    NFT_MSG_NEWTABLE, NFT_MSG_DELTABLE, NFT_MSG_NEWTABLE, NFT_MSG_DELTABLE,
	    NFT_MSG_NEWTABLE,
	    /* open_ports is empty; the others have their elements */
	    NFT_MSG_NEWSET, NFT_MSG_NEWSET, NFT_MSG_NEWSETELEM, NFT_MSG_NEWSET, NFT_MSG_NEWSETELEM,
	    NFT_MSG_NEWSET, NFT_MSG_NEWSETELEM, NFT_MSG_NEWSET, NFT_MSG_NEWSETELEM, NFT_MSG_NEWSET,
	    NFT_MSG_NEWSETELEM, NFT_MSG_NEWSET, NFT_MSG_NEWSETELEM,
	    /* those that a limit fills */
	    NFT_MSG_NEWSET, NFT_MSG_NEWSET, NFT_MSG_NEWSET, NFT_MSG_NEWSET, NFT_MSG_NEWSET,
	    NFT_MSG_NEWSET,
	    /* chains before rules, or they would have no place */
	    NFT_MSG_NEWCHAIN, NFT_MSG_NEWCHAIN, NFT_MSG_NEWCHAIN};
	_cleanup_(batch_clear) struct batch batch = {.count = 0};
	size_t last;

	(void)state;
	batch_make(&batch, 0);
	last = batch.count - 1;
	assert_int_equal(batch.messages[0]->nlmsg_type, NFNL_MSG_BATCH_BEGIN);
	assert_int_equal(batch.messages[last]->nlmsg_type, NFNL_MSG_BATCH_END);
	assert_int_equal(batch.count, 1 + ARRAY_SIZE(ORDER) + RULESET_RULES + 1);
	for (size_t i = 1; i < last; i++) {
		int expected = i <= ARRAY_SIZE(ORDER) ? ORDER[i - 1] : NFT_MSG_NEWRULE;

		assert_int_equal(batch.messages[i]->nlmsg_type >> 8, NFNL_SUBSYS_NFTABLES);
		assert_int_equal(type_of(batch.messages[i]), expected);
		assert_true(batch.messages[i]->nlmsg_flags & NLM_F_ACK);
		assert_int_equal(batch.messages[i]->nlmsg_seq, batch.messages[0]->nlmsg_seq + i);
	}
}

static size_t rule_text(struct nftnl_rule *rule, char *text, size_t size)
{
	struct nftnl_expr_iter *iterator = nftnl_expr_iter_create(rule);
	struct nftnl_expr *expression;
	size_t used = 0;

	assert_non_null(iterator);
	text[0] = '\0';
	while ((expression = nftnl_expr_iter_next(iterator))) {
		int added = snprintf(text + used, size - used, "%s(",
				     nftnl_expr_get_str(expression, NFTNL_EXPR_NAME));

		used += (size_t)added;
		added = nftnl_expr_snprintf(text + used, size - used, expression,
					    NFTNL_OUTPUT_DEFAULT, 0);
		assert_true(added >= 0 && used + (size_t)added + 3 < size);
		used += (size_t)added;
		used += (size_t)snprintf(text + used, size - used, ")\n");
	}
	nftnl_expr_iter_destroy(iterator);
	return used;
}

static void test_rules_survive_the_wire(void **state)
{
	_cleanup_(batch_clear) struct batch batch = {.count = 0};
	size_t index = 0;

	(void)state;
	batch_make(&batch, 0);
	for (size_t i = 1; i + 1 < batch.count; i++) {
		char built[2048], decoded[2048];
		struct nftnl_rule *rule;

		if (type_of(batch.messages[i]) != NFT_MSG_NEWRULE)
			continue;
		rule = nftnl_rule_alloc();
		assert_int_equal(nftnl_rule_nlmsg_parse(batch.messages[i], rule), 0);
		assert_string_equal(nftnl_rule_get_str(rule, NFTNL_RULE_TABLE), "postcask");
		assert_true(rule_text(rule, decoded, sizeof(decoded)) > 0);
		rule_text(batch.ruleset.rules[index++], built, sizeof(built));
		assert_string_equal(built, decoded);
		nftnl_rule_free(rule);
	}
	assert_int_equal(index, RULESET_RULES);
}

/* The expression before the last one, and the last one. */
static void rule_end(struct nftnl_rule *rule, struct nftnl_expr **ret_before,
		     struct nftnl_expr **ret_last)
{
	struct nftnl_expr_iter *iterator = nftnl_expr_iter_create(rule);
	struct nftnl_expr *expression;

	*ret_before = *ret_last = NULL;
	while ((expression = nftnl_expr_iter_next(iterator))) {
		*ret_before = *ret_last;
		*ret_last = expression;
	}
	nftnl_expr_iter_destroy(iterator);
}

/* Each chain whose policy is drop ends in a rule that drops everything as well: see
 * firewall/ruleset.h for the packets that got in without it. */
static void test_each_rule_ends_in_its_verdict(void **state)
{
	static const struct {
		const char *chain;
		uint32_t verdict; /* RULE_REFUSE: by its own expression */
	} EXPECTED[RULESET_RULES] = {
	    {"input", NF_ACCEPT},    {"input", NF_ACCEPT},    {"input", NF_DROP},
	    {"input", NF_ACCEPT},    {"input", NF_ACCEPT},    {"input", NF_ACCEPT},
	    {"input", NF_ACCEPT},    {"input", NF_DROP},      {"input", NF_DROP},
	    {"input", NF_ACCEPT},    {"input", NF_DROP},      {"input", NF_DROP},
	    {"input", NF_DROP},	     {"input", NF_DROP},      {"input", NF_DROP},
	    {"input", NF_DROP},	     {"input", NF_ACCEPT},    {"input", NF_DROP},
	    {"forward", NF_DROP},    {"output", NF_ACCEPT},   {"output", NF_ACCEPT},
	    {"output", NF_ACCEPT},   {"output", NF_ACCEPT},   {"output", NF_ACCEPT},
	    {"output", NF_ACCEPT},   {"output", NF_ACCEPT},   {"output", NF_ACCEPT},
	    {"output", NF_ACCEPT},   {"output", NF_ACCEPT},   {"output", NF_ACCEPT},
	    {"output", RULE_REFUSE}, {"output", RULE_REFUSE}, {"output", RULE_REFUSE},
	    {"output", RULE_REFUSE}, {"output", RULE_REFUSE}, {"output", RULE_REFUSE},
	    {"output", RULE_REFUSE}, {"output", NF_ACCEPT},   {"output", RULE_REFUSE},
	    {"output", RULE_REFUSE},
	};
	_cleanup_(ruleset_clear) struct ruleset ruleset = RULESET_INIT;

	(void)state;
	assert_int_equal(ruleset_compose(0, &ruleset, NULL), 0);
	for (size_t i = 0; i < RULESET_RULES; i++) {
		struct nftnl_expr *before, *last;

		rule_end(ruleset.rules[i], &before, &last);
		assert_string_equal(nftnl_rule_get_str(ruleset.rules[i], NFTNL_RULE_CHAIN),
				    EXPECTED[i].chain);
		if (EXPECTED[i].verdict == RULE_REFUSE) {
			assert_string_equal(nftnl_expr_get_str(last, NFTNL_EXPR_NAME), "reject");
			continue;
		}
		assert_string_equal(nftnl_expr_get_str(last, NFTNL_EXPR_NAME), "immediate");
		assert_int_equal(nftnl_expr_get_u32(last, NFTNL_EXPR_IMM_VERDICT),
				 EXPECTED[i].verdict);
		if (EXPECTED[i].verdict == NF_DROP)
			assert_string_equal(nftnl_expr_get_str(before, NFTNL_EXPR_NAME), "counter");
	}
}

/* A limit that nobody is put into would be none; one with all the room there is, or for ever,
 * would be the attacker's. */
static void test_limits_have_bounds(void **state)
{
	_cleanup_(ruleset_clear) struct ruleset ruleset = RULESET_INIT;
	size_t limits = 0;

	(void)state;
	assert_int_equal(ruleset_compose(0, &ruleset, NULL), 0);
	for (size_t i = 0; i < RULESET_SETS; i++) {
		uint32_t flags = nftnl_set_get_u32(ruleset.sets[i], NFTNL_SET_FLAGS);

		if (!(flags & NFT_SET_EVAL))
			continue;
		limits++;
		assert_int_equal(nftnl_set_get_u32(ruleset.sets[i], NFTNL_SET_DESC_SIZE), 65536);
		assert_int_equal(nftnl_set_get_u64(ruleset.sets[i], NFTNL_SET_TIMEOUT),
				 flags & NFT_SET_TIMEOUT ? RULE_BURST_SECONDS * 1000 : 0);
	}
	assert_int_equal(limits, 6);
}

static void test_chains_drop_what_comes_in(void **state)
{
	static const struct {
		const char *name;
		uint32_t hook, policy;
	} EXPECTED[] = {{"input", NF_INET_LOCAL_IN, NF_DROP},
			{"forward", NF_INET_FORWARD, NF_DROP},
			{"output", NF_INET_LOCAL_OUT, NF_ACCEPT}};
	_cleanup_(batch_clear) struct batch batch = {.count = 0};
	size_t index = 0;

	(void)state;
	batch_make(&batch, 0);
	for (size_t i = 1; i + 1 < batch.count; i++) {
		struct nftnl_chain *chain;

		if (type_of(batch.messages[i]) != NFT_MSG_NEWCHAIN)
			continue;
		chain = nftnl_chain_alloc();
		assert_int_equal(nftnl_chain_nlmsg_parse(batch.messages[i], chain), 0);
		assert_string_equal(nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME),
				    EXPECTED[index].name);
		assert_string_equal(nftnl_chain_get_str(chain, NFTNL_CHAIN_TYPE), "filter");
		assert_int_equal(nftnl_chain_get_u32(chain, NFTNL_CHAIN_HOOKNUM),
				 EXPECTED[index].hook);
		assert_int_equal(nftnl_chain_get_u32(chain, NFTNL_CHAIN_POLICY),
				 EXPECTED[index].policy);
		nftnl_chain_free(chain);
		index++;
	}
	assert_int_equal(index, ARRAY_SIZE(EXPECTED));
}

/* The elements of a set as a bit map of 256 types. */
static void set_to_map(const struct nftnl_set *set, bool map[256])
{
	struct nftnl_set_elems_iter *elements = nftnl_set_elems_iter_create(set);
	struct nftnl_set_elem *element;

	memset(map, 0, 256 * sizeof(*map));
	while ((element = nftnl_set_elems_iter_next(elements))) {
		uint32_t size;
		const uint8_t *key = nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &size);

		assert_int_equal(size, 1);
		assert_false(map[*key]);
		map[*key] = true;
	}
	nftnl_set_elems_iter_destroy(elements);
}

static void test_icmpv6_is_rfc_4890(void **state)
{
	/* §4.4.1 must not be dropped, §4.4.2 should not */
	static const uint8_t NEEDED[] = {1,   2,   3,	4,   128, 129, 133, 134, 135, 136, 141,
					 142, 130, 131, 132, 143, 148, 149, 151, 152, 153};
	/* §4.4.3 and §4.4.4: renumbering, node information, redirect, experiments */
	static const uint8_t REFUSED[] = {0, 100, 101, 127, 137, 138, 139, 140, 150, 200, 201, 255};
	_cleanup_(ruleset_clear) struct ruleset ruleset = RULESET_INIT;
	bool map[256];
	size_t count = 0;

	(void)state;
	assert_int_equal(ruleset_compose(0, &ruleset, NULL), 0);
	set_to_map(ruleset.sets[2], map);
	for (size_t i = 0; i < ARRAY_SIZE(NEEDED); i++)
		assert_true(map[NEEDED[i]]);
	for (size_t i = 0; i < ARRAY_SIZE(REFUSED); i++)
		assert_false(map[REFUSED[i]]);
	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		count += map[i];
	assert_int_equal(count, ARRAY_SIZE(NEEDED));
	set_to_map(ruleset.sets[1], map);
	assert_true(map[3] && map[8] && map[11] && map[12]);
	assert_false(map[5] || map[13] || map[17]);
}

static void test_open_ports_are_elements(void **state)
{
	uint32_t ports = 0;
	struct nftnl_set *set;
	struct nftnl_set_elems_iter *elements;
	struct nftnl_set_elem *element;
	unsigned found = 0;

	(void)state;
	assert_int_equal(ports_add(&ports, "smtp", NULL), 0);
	assert_int_equal(ports_add(&ports, "4190", NULL), 0);
	set = ruleset_port_elements(ports);
	assert_non_null(set);
	assert_string_equal(nftnl_set_get_str(set, NFTNL_SET_NAME), "open_ports");
	elements = nftnl_set_elems_iter_create(set);
	while ((element = nftnl_set_elems_iter_next(elements))) {
		uint32_t size;
		const void *key = nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &size);
		uint16_t number;

		assert_int_equal(size, sizeof(number));
		memcpy(&number, key, sizeof(number));
		assert_true(ntohs(number) == 25 || ntohs(number) == 4190);
		found++;
	}
	nftnl_set_elems_iter_destroy(elements);
	nftnl_set_free(set);
	assert_int_equal(found, 2);
}

static void test_too_long_a_transaction_is_refused(void **state)
{
	_cleanup_(transaction_clear) struct transaction change = TRANSACTION_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(transaction_begin(&change, NULL), 0);
	for (size_t i = 0; i < TRANSACTION_MESSAGES + 100; i++)
		seal_remove(&change);
	assert_int_equal(transaction_commit(&change, NULL, &error), -E2BIG);
}

static void test_ports_by_name_and_number(void **state)
{
	static const char *const BAD[] = {"",	   "22",   "24", "025",	 "25 ",
					  "smtps", "SMTP", "-1", "65561"};
	uint32_t by_name = 0, by_number = 0, bad = 0;

	(void)state;
	for (enum port i = 0; i < PORTS; i++) {
		char number[8];

		snprintf(number, sizeof(number), "%u", port_table[i].number);
		assert_int_equal(ports_add(&by_name, port_table[i].name, NULL), 0);
		assert_int_equal(ports_add(&by_number, number, NULL), 0);
	}
	assert_int_equal(by_name, by_number);
	assert_int_equal(by_name, PORT_BIT(PORTS) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(BAD); i++)
		assert_int_equal(ports_add(&bad, BAD[i], NULL), -EINVAL);
	assert_int_equal(bad, 0);
}

static int read_report(const char *text, uint32_t *ports)
{
	char path[] = "/tmp/test-report-XXXXXX";
	int fd = mkstemp(path), result;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	result = ports_read_report(path, ports, NULL);
	unlink(path);
	return result;
}

static void test_report(void **state)
{
	static const char *const BAD[] = {"",
					  "[]",
					  "{}",
					  "{\"open\": \"smtp\"}",
					  "{\"open\": [\"smtp\", \"ssh\"]}",
					  "{\"open\": [25]}",
					  "{\"open\": [\"smtp\"]",
					  "{\"open\": [], \"open\": []}"};
	uint32_t ports = 77;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(BAD); i++) {
		assert_true(read_report(BAD[i], &ports) < 0);
		assert_int_equal(ports, 77);
	}
	assert_int_equal(read_report("{\"open\": [\"smtp\", \"imaps\", \"smtp\"]}", &ports), 0);
	assert_int_equal(ports, 1u << 0 | 1u << 4);
	assert_int_equal(read_report("{\"state\": \"failed\", \"open\": []}", &ports), 0);
	assert_int_equal(ports, 0);
	assert_true(ports_read_report("/nonexistent", &ports, NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_transaction_in_order),
	    cmocka_unit_test(test_rules_survive_the_wire),
	    cmocka_unit_test(test_each_rule_ends_in_its_verdict),
	    cmocka_unit_test(test_limits_have_bounds),
	    cmocka_unit_test(test_chains_drop_what_comes_in),
	    cmocka_unit_test(test_icmpv6_is_rfc_4890),
	    cmocka_unit_test(test_open_ports_are_elements),
	    cmocka_unit_test(test_too_long_a_transaction_is_refused),
	    cmocka_unit_test(test_ports_by_name_and_number),
	    cmocka_unit_test(test_report),
	};

	return cmocka_run_group_tests_name("ruleset", tests, NULL, NULL);
}
