// SPDX-License-Identifier: GPL-3.0-or-later
#include "firewall/readback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <libnftnl/expr.h>

#include "firewall/netlink.h"
#include "firewall/ports.h"
#include "firewall/ruleset.h"

#define REQUEST_BYTES	1024
#define EXPRESSION_TEXT 512
#define DUMP_TRIES	5 /* a dump is torn when somebody else changes the rules meanwhile */

/* State while one dump is read. */
struct reading {
	const struct ruleset *expected;
	struct readback *readback;
	size_t seen;	  /* messages of our table (or elements) that are as expected */
	size_t set_index; /* NFT_MSG_GETSETELEM: the set of the ruleset that is asked for */
};

/* What a reader returns: one more that is as expected, or the end of the dump. */
static int reading_note(struct reading *reading, bool good)
{
	if (good) {
		reading->seen++;
		return MNL_CB_OK;
	}
	errno = EBADMSG;
	return MNL_CB_ERROR;
}

static bool text_equal(const char *left, const char *right)
{
	return left && right && strcmp(left, right) == 0;
}

static bool is_our_table(const char *name)
{
	return text_equal(name, RULESET_TABLE);
}

static bool has_comment_of(const struct nftnl_table *ours, const struct nftnl_table *theirs)
{
	uint32_t our_size = 0, their_size = 0;
	const void *our = nftnl_table_get_data(ours, NFTNL_TABLE_USERDATA, &our_size);
	const void *their = nftnl_table_get_data(theirs, NFTNL_TABLE_USERDATA, &their_size);

	return our && their && our_size == their_size && memcmp(our, their, our_size) == 0;
}

static int read_table(const struct nlmsghdr *message, void *context)
{
	struct nftnl_table *table = nftnl_table_alloc();
	const struct reading *reading = context;
	bool ours, plain, other;

	if (!table)
		return MNL_CB_ERROR;
	ours = nftnl_table_nlmsg_parse(message, table) == 0 &&
	       is_our_table(nftnl_table_get_str(table, NFTNL_TABLE_NAME));
	/* a flag would make it dormant, or another process its owner */
	plain = nftnl_table_get_u32(table, NFTNL_TABLE_FLAGS) == 0;
	other = ours && !has_comment_of(reading->expected->table, table);
	nftnl_table_free(table);
	if (other) {
		errno = ESTALE;
		return MNL_CB_ERROR;
	}
	return ours ? reading_note(context, plain) : MNL_CB_OK;
}

static bool chain_equal(const struct nftnl_chain *ours, const struct nftnl_chain *theirs)
{
	return text_equal(nftnl_chain_get_str(ours, NFTNL_CHAIN_NAME),
			  nftnl_chain_get_str(theirs, NFTNL_CHAIN_NAME)) &&
	       text_equal(nftnl_chain_get_str(ours, NFTNL_CHAIN_TYPE),
			  nftnl_chain_get_str(theirs, NFTNL_CHAIN_TYPE)) &&
	       nftnl_chain_is_set(theirs, NFTNL_CHAIN_HOOKNUM) &&
	       nftnl_chain_get_u32(ours, NFTNL_CHAIN_HOOKNUM) ==
		   nftnl_chain_get_u32(theirs, NFTNL_CHAIN_HOOKNUM) &&
	       nftnl_chain_get_s32(ours, NFTNL_CHAIN_PRIO) ==
		   nftnl_chain_get_s32(theirs, NFTNL_CHAIN_PRIO) &&
	       nftnl_chain_get_u32(ours, NFTNL_CHAIN_POLICY) ==
		   nftnl_chain_get_u32(theirs, NFTNL_CHAIN_POLICY);
}

static int read_chain(const struct nlmsghdr *message, void *context)
{
	struct reading *reading = context;
	struct nftnl_chain *chain = nftnl_chain_alloc();
	bool ours, good;

	if (!chain)
		return MNL_CB_ERROR;
	ours = nftnl_chain_nlmsg_parse(message, chain) == 0 &&
	       is_our_table(nftnl_chain_get_str(chain, NFTNL_CHAIN_TABLE));
	good = ours && reading->seen < RULESET_CHAINS &&
	       chain_equal(reading->expected->chains[reading->seen], chain);
	nftnl_chain_free(chain);
	return ours ? reading_note(reading, good) : MNL_CB_OK;
}

/* Two expressions are equal when their library's text is; a counter's numbers
 * are its own business. */
static bool expression_equal(struct nftnl_expr *ours, struct nftnl_expr *theirs)
{
	char left[EXPRESSION_TEXT], right[EXPRESSION_TEXT];
	const char *kind = nftnl_expr_get_str(ours, NFTNL_EXPR_NAME);

	if (!text_equal(kind, nftnl_expr_get_str(theirs, NFTNL_EXPR_NAME)))
		return false;
	if (strcmp(kind, "counter") == 0)
		return true;
	/* The set's own timeout, which is not said; the kernel gives it back as none. */
	if (strcmp(kind, "dynset") == 0)
		nftnl_expr_set_u64(ours, NFTNL_EXPR_DYNSET_TIMEOUT, 0);
	if (nftnl_expr_snprintf(left, sizeof(left), ours, NFTNL_OUTPUT_DEFAULT, 0) < 0 ||
	    nftnl_expr_snprintf(right, sizeof(right), theirs, NFTNL_OUTPUT_DEFAULT, 0) < 0)
		return false;
	return strcmp(left, right) == 0;
}

static bool rule_equal(struct nftnl_rule *ours, struct nftnl_rule *theirs)
{
	struct nftnl_expr_iter *left = nftnl_expr_iter_create(ours);
	struct nftnl_expr_iter *right = nftnl_expr_iter_create(theirs);
	bool equal = left && right &&
		     text_equal(nftnl_rule_get_str(ours, NFTNL_RULE_CHAIN),
				nftnl_rule_get_str(theirs, NFTNL_RULE_CHAIN));

	while (equal) {
		struct nftnl_expr *our = nftnl_expr_iter_next(left);
		struct nftnl_expr *their = nftnl_expr_iter_next(right);

		if (!our && !their)
			break;
		equal = our && their && expression_equal(our, their);
	}
	if (left)
		nftnl_expr_iter_destroy(left);
	if (right)
		nftnl_expr_iter_destroy(right);
	return equal;
}

static int read_counter(struct nftnl_expr *expression, void *context)
{
	struct readback *readback = context;

	if (text_equal(nftnl_expr_get_str(expression, NFTNL_EXPR_NAME), "counter")) {
		readback->dropped_packets += nftnl_expr_get_u64(expression, NFTNL_EXPR_CTR_PACKETS);
		readback->dropped_bytes += nftnl_expr_get_u64(expression, NFTNL_EXPR_CTR_BYTES);
	}
	return 0;
}

static int read_rule(const struct nlmsghdr *message, void *context)
{
	struct reading *reading = context;
	struct nftnl_rule *rule = nftnl_rule_alloc();
	bool ours, good;

	if (!rule)
		return MNL_CB_ERROR;
	ours = nftnl_rule_nlmsg_parse(message, rule) == 0 &&
	       is_our_table(nftnl_rule_get_str(rule, NFTNL_RULE_TABLE));
	good = ours && reading->seen < RULESET_RULES &&
	       rule_equal(reading->expected->rules[reading->seen], rule);
	if (good)
		nftnl_expr_foreach(rule, read_counter, reading->readback);
	nftnl_rule_free(rule);
	return ours ? reading_note(reading, good) : MNL_CB_OK;
}

static struct nftnl_set *expected_set(const struct ruleset *expected, const char *name)
{
	for (size_t i = 0; i < RULESET_SETS; i++) {
		if (text_equal(nftnl_set_get_str(expected->sets[i], NFTNL_SET_NAME), name))
			return expected->sets[i];
	}
	return NULL;
}

static bool set_equal(const struct nftnl_set *ours, const struct nftnl_set *theirs)
{
	static const uint16_t NUMBERS[] = {NFTNL_SET_FLAGS, NFTNL_SET_KEY_LEN, NFTNL_SET_DESC_SIZE};

	for (size_t i = 0; i < ARRAY_SIZE(NUMBERS); i++)
		if (nftnl_set_get_u32(ours, NUMBERS[i]) != nftnl_set_get_u32(theirs, NUMBERS[i]))
			return false;
	return nftnl_set_get_u64(ours, NFTNL_SET_TIMEOUT) ==
	       nftnl_set_get_u64(theirs, NFTNL_SET_TIMEOUT);
}

static int read_set(const struct nlmsghdr *message, void *context)
{
	struct reading *reading = context;
	struct nftnl_set *set = nftnl_set_alloc(), *expected;
	bool ours, good;

	if (!set)
		return MNL_CB_ERROR;
	ours = nftnl_set_nlmsg_parse(message, set) == 0 &&
	       is_our_table(nftnl_set_get_str(set, NFTNL_SET_TABLE));
	expected =
	    ours ? expected_set(reading->expected, nftnl_set_get_str(set, NFTNL_SET_NAME)) : NULL;
	good = expected && set_equal(expected, set);
	nftnl_set_free(set);
	return ours ? reading_note(reading, good) : MNL_CB_OK;
}

/* Is this element's key one of the expected set's? */
static bool set_has(const struct nftnl_set *set, const void *key, uint32_t size)
{
	struct nftnl_set_elems_iter *elements = nftnl_set_elems_iter_create(set);
	struct nftnl_set_elem *element;
	bool found = false;

	if (!elements)
		return false;
	while (!found && (element = nftnl_set_elems_iter_next(elements))) {
		uint32_t our_size;
		const void *our_key = nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &our_size);

		found = our_size == size && memcmp(our_key, key, size) == 0;
	}
	nftnl_set_elems_iter_destroy(elements);
	return found;
}

static bool read_element(struct reading *reading, struct nftnl_set_elem *element)
{
	uint32_t size = 0, flags = 0;
	const void *key = nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &size);
	uint16_t number;

	if (nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_FLAGS))
		flags = nftnl_set_elem_get_u32(element, NFTNL_SET_ELEM_FLAGS);
	if (!key || flags != 0)
		return false;
	if (reading->set_index > 0)
		return set_has(reading->expected->sets[reading->set_index], key, size);
	if (size != sizeof(number))
		return false;
	memcpy(&number, key, sizeof(number));
	return ports_add_number(&reading->readback->ports, ntohs(number)) == 0;
}

static int read_elements(const struct nlmsghdr *message, void *context)
{
	struct nftnl_set *set = nftnl_set_alloc();
	struct nftnl_set_elems_iter *elements = NULL;
	struct nftnl_set_elem *element;
	int result = MNL_CB_OK;

	if (!set)
		return MNL_CB_ERROR;
	if (nftnl_set_elems_nlmsg_parse(message, set) == 0)
		elements = nftnl_set_elems_iter_create(set);
	if (!elements)
		result = reading_note(context, false);
	while (result == MNL_CB_OK && (element = nftnl_set_elems_iter_next(elements)))
		result = reading_note(context, read_element(context, element));
	if (elements)
		nftnl_set_elems_iter_destroy(elements);
	nftnl_set_free(set);
	return result;
}

/* Asks for a dump of one kind, again when it is torn. */
static int reading_dump(struct reading *reading, uint16_t type, mnl_cb_t read, struct error *error)
{
	_Alignas(struct nlmsghdr) char bytes[REQUEST_BYTES];
	struct nlmsghdr *request;
	int result = -EINTR;

	request = nftnl_nlmsg_build_hdr(bytes, type, NFPROTO_INET, NLM_F_DUMP, type + 1u);
	if (type == NFT_MSG_GETSETELEM) {
		mnl_attr_put_strz(request, NFTA_SET_ELEM_LIST_TABLE, RULESET_TABLE);
		mnl_attr_put_strz(
		    request, NFTA_SET_ELEM_LIST_SET,
		    nftnl_set_get_str(reading->expected->sets[reading->set_index], NFTNL_SET_NAME));
	}
	for (int tries = 0; tries < DUMP_TRIES && result == -EINTR; tries++) {
		reading->seen = 0;
		if (type == NFT_MSG_GETRULE)
			reading->readback->dropped_packets = reading->readback->dropped_bytes = 0;
		if (type == NFT_MSG_GETSETELEM && reading->set_index == 0)
			reading->readback->ports = 0;
		result = netlink_dump(NETLINK_NETFILTER, request, read, reading, error);
	}
	return result;
}

/* Dumps one kind and checks that there are `count` of it. */
static int reading_check(struct reading *reading, uint16_t type, mnl_cb_t read, const char *what,
			 size_t count, struct error *error)
{
	int result = reading_dump(reading, type, read, error);

	if (result == -ESTALE)
		return error_set(error, ESTALE,
				 "the kernel's rules are those of another version of postcask");
	if (result == -EBADMSG)
		return error_set(error, EBADMSG,
				 "the kernel's rules are not those of postcask: %s %zu differs",
				 what, reading->seen + 1);
	if (result < 0)
		return error_wrap(error, "reading back each %s", what);
	if (reading->seen != count)
		return error_set(error, type == NFT_MSG_GETTABLE ? ENOENT : EBADMSG,
				 "the kernel's rules are not those of postcask: "
				 "%zu times a %s instead of %zu",
				 reading->seen, what, count);
	return 0;
}

static size_t set_size(const struct nftnl_set *set)
{
	struct nftnl_set_elems_iter *elements = nftnl_set_elems_iter_create(set);
	size_t size = 0;

	while (elements && nftnl_set_elems_iter_next(elements))
		size++;
	if (elements)
		nftnl_set_elems_iter_destroy(elements);
	return size;
}

static int reading_check_elements(struct reading *reading, struct error *error)
{
	int result;

	/* open_ports may hold any mail ports: read_element knows them */
	reading->set_index = 0;
	result = reading_dump(reading, NFT_MSG_GETSETELEM, read_elements, error);
	if (result < 0)
		return error_wrap(error, "the open ports are not those of postcask");
	for (size_t i = 1; result == 0 && i < RULESET_SETS; i++) {
		/* who is in a limit's set, the kernel alone says */
		if (nftnl_set_get_u32(reading->expected->sets[i], NFTNL_SET_FLAGS) & NFT_SET_EVAL)
			continue;
		reading->set_index = i;
		result = reading_check(reading, NFT_MSG_GETSETELEM, read_elements, "set element",
				       set_size(reading->expected->sets[i]), error);
	}
	return result;
}

int readback_verify(struct readback *ret, struct error *error)
{
	static const struct {
		uint16_t type;
		mnl_cb_t read;
		const char *what;
		size_t count;
	} KINDS[] = {
	    {NFT_MSG_GETTABLE, read_table, "table", 1},
	    {NFT_MSG_GETCHAIN, read_chain, "chain", RULESET_CHAINS},
	    {NFT_MSG_GETSET, read_set, "set", RULESET_SETS},
	    {NFT_MSG_GETRULE, read_rule, "rule", RULESET_RULES},
	};
	_cleanup_(ruleset_clear) struct ruleset expected = RULESET_INIT;
	struct readback readback = {0};
	struct reading reading = {.expected = &expected, .readback = &readback};
	int result = ruleset_compose(0, &expected, error);

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(KINDS); i++)
		result = reading_check(&reading, KINDS[i].type, KINDS[i].read, KINDS[i].what,
				       KINDS[i].count, error);
	if (result == 0)
		result = reading_check_elements(&reading, error);
	if (result == 0)
		*ret = readback;
	return result;
}
