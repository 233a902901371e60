// SPDX-License-Identifier: GPL-3.0-or-later
/* What is made of SPF records and of lists of tags, and of answers in a book. */
#include "test.h"

#include <errno.h>

#include "dns/book.h"
#include "dns/spf.h"
#include "dns/tags.h"
#include "dns/zone.h"

static const char *const WORLD[][3] = {
    {"example.org", "MX", "10 mail.example.org."},
    {"mail.example.org", "A", "192.0.2.25"},
    {"mail.example.org", "AAAA", "2001:db8::25"},
    {"example.org", "A", "192.0.2.80"},
    {"good.example", "TXT", "v=spf1 ip4:192.0.2.0/27 -all"},
    {"bad.example", "TXT", "v=spf1 ip4:198.51.100.0/24 -all"},
    {"twice.example", "TXT", "v=spf1 -all"},
    {"twice.example", "TXT", "v=spf1 ~all"},
    {"loop.example", "TXT", "v=spf1 include:loop.example -all"},
    {"dead.example", "SILENT", ""},
};

/* A book with all of it, and no such name for the rest. */
static const struct dns_answer *look(void *context, const char *name, const char *type)
{
	struct dns_answer answer = {.authoritative = true,
				    .records = calloc(8, sizeof(struct dns_record))};
	const struct dns_answer *known = dns_book_look(context, name, type);

	if (known) { /* who was given it still reads it */
		free(answer.records);
		return known;
	}
	for (size_t i = 0; i < ARRAY_SIZE(WORLD); i++) {
		if (!dns_name_equal(WORLD[i][0], name))
			continue;
		if (strcmp(WORLD[i][1], "SILENT") == 0)
			dns_answer_silent(&answer, "nobody answers");
		else if (strcmp(WORLD[i][1], type) == 0)
			answer.records[answer.count++] =
			    (struct dns_record){.name = strdup(name),
						.type = strdup(type),
						.value = strdup(WORLD[i][2])};
	}
	assert_int_equal(dns_book_put(context, NULL, name, type, &answer), 0);
	return dns_book_look(context, name, type);
}

static struct spf_verdict judge(const char *text, const char *address)
{
	_cleanup_(dns_book_free) struct dns_book *book = dns_book_new(NULL);
	struct spf_verdict verdict;

	spf_evaluate("example.org", text, address, look, book, &verdict);
	return verdict;
}

static void spf_is_judged(void **state _unused_)
{
	static const struct {
		const char *text, *address;
		enum spf_result result;
		unsigned lookups;
	} rows[] = {
	    {"v=spf1 mx ~all", "192.0.2.25", SPF_PASS, 1},
	    {"v=spf1 mx ~all", "2001:db8::25", SPF_PASS, 1},
	    {"v=spf1 mx ~all", "192.0.2.26", SPF_SOFTFAIL, 1},
	    {"v=spf1 mx/24 ~all", "192.0.2.26", SPF_PASS, 1},
	    {"v=spf1 mx//64 -all", "2001:db8::26", SPF_PASS, 1},
	    {"v=spf1 a:mail.example.org/24//64 -all", "2001:db8::26", SPF_PASS, 1},
	    {"v=spf1 a -all", "192.0.2.25", SPF_FAIL, 1},
	    {"V=SPF1 ?ip4:192.0.2.25 -all", "192.0.2.25", SPF_NEUTRAL, 0},
	    {"v=spf1 ip6:2001:db8::/32 -all", "2001:db8:9::1", SPF_PASS, 0},
	    {"v=spf1 include:good.example -all", "192.0.2.25", SPF_PASS, 1},
	    {"v=spf1 include:bad.example ~all", "192.0.2.25", SPF_SOFTFAIL, 1},
	    {"v=spf1 redirect=good.example", "192.0.2.99", SPF_FAIL, 1},
	    {"v=spf1 exists:mail.example.org -all", "192.0.2.99", SPF_PASS, 1},
	    {"v=spf1", "192.0.2.25", SPF_NEUTRAL, 0},
	    {"v=spf1 -all mx", "192.0.2.25", SPF_FAIL, 0},
	    {"v=spf1 include:twice.example -all", "192.0.2.25", SPF_BROKEN, 1},
	    {"v=spf1 include:loop.example -all", "192.0.2.25", SPF_BROKEN, 10},
	    {"v=spf1 include:gone.example -all", "192.0.2.25", SPF_BROKEN, 1},
	    {"v=spf1 foo:bar -all", "192.0.2.25", SPF_BROKEN, 0},
	    {"v=spf1 ip4:192.0.2.256 -all", "192.0.2.25", SPF_BROKEN, 0},
	    {"v=spf1 a/33 -all", "192.0.2.25", SPF_BROKEN, 0},
	    {"v=spf1 include:dead.example -all", "192.0.2.25", SPF_UNKNOWN, 1},
	    {"v=spf1 a:%{i}.example -all", "192.0.2.25", SPF_UNKNOWN, 1},
	    {"v=spf1 a:%{i}.example mx -all", "192.0.2.25", SPF_PASS, 2},
	    {"v=spf10 mx", "192.0.2.25", SPF_NONE, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct spf_verdict verdict = judge(rows[i].text, rows[i].address);

		if (verdict.result != rows[i].result || verdict.lookups != rows[i].lookups)
			fail_msg("%s: %d, %u look-ups, %s", rows[i].text, verdict.result,
				 verdict.lookups, verdict.why);
	}
}

static void its_end_and_its_cost_are_seen(void **state _unused_)
{
	assert_true(judge("v=spf1 mx +all", "192.0.2.25").everybody);
	assert_false(judge("v=spf1 mx ~all", "192.0.2.25").everybody);
	assert_true(judge("v=spf1 mx", "192.0.2.25").open_end);
	assert_false(judge("v=spf1 redirect=good.example", "192.0.2.25").open_end);
	assert_int_equal(judge("v=spf1 a:x.example a:y.example mx ~all", "192.0.2.25").voids, 2);
	assert_int_equal(judge("v=spf1 mx a a a a a a a a a a a ~all", "192.0.2.25").lookups, 12);
}

static const struct dns_answer *look_alone(void *context, const char *name, const char *type)
{
	return dns_book_look(context, name, type);
}

static void an_answer_that_is_to_come_leaves_it_open(void **state _unused_)
{
	_cleanup_(dns_book_free) struct dns_book *book = dns_book_new(NULL);
	struct spf_verdict verdict;

	spf_evaluate("example.org", "v=spf1 mx ~all", "192.0.2.25", look_alone, book, &verdict);
	assert_int_equal(verdict.result, SPF_OPEN);
	/* Nobody is asked without a resolver, and that is an answer too. */
	assert_true(dns_book_ask(book, 10));
	assert_false(dns_book_ask(book, 10));
	assert_int_equal(dns_book_look(book, "EXAMPLE.org.", "MX")->code, DNS_SILENT);
}

static void tags_are_read(void **state _unused_)
{
	struct slice list = SLICE(" v=DMARC1 ;p = none;; pct; =x ; rua=a=b "), value;
	static const char *const wanted[][2] = {
	    {"v", "DMARC1"}, {"p", "none"}, {"pct", ""}, {"", "x"}, {"rua", "a=b"}};
	struct dns_tag tag;

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		enum dns_tag_kind kind = dns_tag_next(&list, &tag);

		assert_int_equal(kind, i == 2 || i == 3 ? DNS_TAG_BROKEN : DNS_TAG_GOOD);
		assert_true(slice_equal(tag.name, slice_of(wanted[i][0])));
		assert_true(slice_equal(tag.value, slice_of(wanted[i][1])));
	}
	assert_int_equal(dns_tag_next(&list, &tag), DNS_TAG_END);
	assert_true(dns_tag_find("v=x; P=MII", "p", &value));
	assert_true(slice_equal(value, SLICE("MII")));
	assert_false(dns_tag_find("v=x", "p", &value));
	assert_true(dns_tag_version("v = STSv1; id=1", "STSv1"));
	assert_false(dns_tag_version("id=1; v=STSv1", "STSv1"));
	assert_false(dns_tag_version("v=STSv10", "STSv1"));
}

static void names_and_values_are_compared_as_the_dns_does(void **state _unused_)
{
	assert_true(dns_name_equal("Example.ORG.", "example.org"));
	assert_false(dns_name_equal("example.org", "example.or"));
	assert_true(dns_name_below("a.example.org", "example.org."));
	assert_true(dns_name_below("example.org", "."));
	assert_false(dns_name_below("anexample.org", "example.org"));
	assert_true(dns_value_equal("TLSA", "3 1 1 AB CD", "3 1 1 abcd"));
	assert_false(dns_value_equal("TXT", "v=DKIM1; p=AB", "v=DKIM1; p=ab"));
	assert_false(dns_value_equal("TXT", "a b", "ab"));
}

/* "x TXT?": two strings in one record, with an octet that is no letter. */
static const unsigned char MESSAGE[] = {0,   0, 0x84, 0,  0, 1, 0,    1,   0, 0,   0, 0,  1,
					'x', 0, 0,    16, 0, 1, 0xc0, 12,  0, 16,  0, 1,  0,
					0,   0, 60,   0,  7, 2, '.',  'A', 3, '2', 1, '"'};

static void answers_are_read(void **state _unused_)
{
	struct dns_answer answer;

	for (size_t size = 0; size < sizeof(MESSAGE); size++)
		assert_int_equal(dns_answer_parse(MESSAGE, size, &answer), -EBADMSG);
	assert_int_equal(dns_answer_parse(MESSAGE, sizeof(MESSAGE), &answer), 0);
	assert_true(answer.authoritative);
	assert_int_equal(answer.count, 1);
	assert_string_equal(answer.records[0].name, "x");
	assert_string_equal(answer.records[0].value, ".A2\\001\"");
	assert_string_equal(answer.records[0].exact, "\".A\" \"2\\001\\\"\"");
	assert_int_equal(answer.records[0].ttl, 60);
	dns_answer_clear(&answer);
}

static void put(struct dns_book *book, const char *name, const char *type, const char *value,
		const char *zone)
{
	struct dns_answer answer = {.records = calloc(1, sizeof(struct dns_record))};

	if (value)
		answer.records[answer.count++] = (struct dns_record){
		    .name = strdup(name), .type = strdup(type), .value = strdup(value)};
	answer.zone = zone ? strdup(zone) : NULL;
	assert_int_equal(dns_book_put(book, NULL, name, type, &answer), 0);
}

static void the_zone_of_a_name_is_found(void **state _unused_)
{
	_cleanup_(dns_book_free) struct dns_book *book = dns_book_new(NULL);
	struct dns_zone zone;

	assert_false(dns_zone_find(book, "a.example.org", &zone));
	put(book, "a.example.org", "SOA", NULL, "example.org");
	put(book, "example.org", "NS", "ns.example.net.", NULL);
	put(book, "ns.example.net", "A", "192.0.2.53", NULL);
	assert_false(dns_zone_find(book, "a.example.org", &zone));
	put(book, "ns.example.net", "AAAA", NULL, NULL);
	assert_true(dns_zone_find(book, "a.example.org", &zone));
	assert_string_equal(zone.apex, "example.org");
	assert_int_equal(zone.count, 1);
	assert_string_equal(zone.servers[0].address, "192.0.2.53");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(spf_is_judged),
	    cmocka_unit_test(its_end_and_its_cost_are_seen),
	    cmocka_unit_test(an_answer_that_is_to_come_leaves_it_open),
	    cmocka_unit_test(tags_are_read),
	    cmocka_unit_test(names_and_values_are_compared_as_the_dns_does),
	    cmocka_unit_test(answers_are_read),
	    cmocka_unit_test(the_zone_of_a_name_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
