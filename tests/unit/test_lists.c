// SPDX-License-Identifier: GPL-3.0-or-later
/* DNS lists of senders: how they are named and asked, what their answers mean, and when one is
 * used. */
#include "test.h"

#include "base/json_file.h"
#include "lists/attributes.h"
#include "lists/life.h"
#include "lists/recall.h"
#include "lists/tested.h"
#include "net/dns_message.h"

/* ---- Items of the settings ---- */

static struct blocklist item(const char *text)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct blocklist list = {0};

	if (blocklist_parse(text, strlen(text), &list, &error) < 0)
		fail_msg("%s: %s", text, error_text(&error));
	return list;
}

static void items_have_one_form(void **state _unused_)
{
	static const char *const forms[][2] = {
	    {"zen.example.net", "zen.example.net=127.0.0.[2..254]*1"},
	    {"ZEN.Example.net*3", "zen.example.net=127.0.0.[2..254]*3"},
	    {"KEY-1@zen.example.net=127.0.0.[2;4..9]*100",
	     "key-1@zen.example.net=127.0.0.[2;4..9]*100"},
	    {"a.b@zen.example.net", "a.b@zen.example.net=127.0.0.[2..254]*1"},
	    {"list.example=127.0.[2..20].[1..3]*-2", "list.example=127.0.[2..20].[1..3]*-2"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct blocklist list = item(forms[i][0]);
		_cleanup_free_ char *text = blocklist_text(&list);

		assert_string_equal(text, forms[i][1]);
		list = item(text);
		free(TAKE_POINTER(text));
		text = blocklist_text(&list);
		assert_string_equal(text, forms[i][1]);
	}
}

/* No sentence has anything of the item in it: a key may be anywhere in what was meant. */
static void refusals_quote_nothing(void **state _unused_)
{
	static const char *const items[] = {
	    "",
	    "@",
	    "*",
	    "=",
	    "qqsecretqq",
	    "qqsecretqq@",
	    "qqsecretqq@@x.example",
	    "qq secretqq@x.example",
	    "qqsecretqq@x",
	    "qqsecretqq@x.example=127",
	    "qqsecretqq@x.example*0",
	    "x.example*qqsecretqq",
	    "x.example=qqsecretqq",
	    "qqsecretqq12345678901234567890.x.example",
	    "qqsecretqq@x.example=127.0.0.[0..255]",
	    ".qqsecretqq@x.example",
	    "qqsecretqq..a@x.example",
	    "qqsecretqq_.\xff@x.example",
	};

	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		_cleanup_(error_clear) struct error error = ERROR_INIT;
		struct blocklist list;

		if (blocklist_parse(items[i], strlen(items[i]), &list, &error) == 0)
			fail_msg("%s is accepted", items[i]);
		assert_non_null(strstr(error_text(&error), "; "));
		assert_null(strstr(error_text(&error), "qq"));
	}
}

static void codes(void **state _unused_)
{
	static const char *const wrong[] = {"",
					    "127",
					    "127.0.0",
					    "127.0.0.",
					    "127.0.0.2.",
					    "127.0.0.256",
					    "127.0.0.[2..1]",
					    "127.0.0.[]",
					    "127.0.0.[2",
					    "127.0.0.2]",
					    "127.0.0.[2;]",
					    "127.0.0.-1",
					    "127.0.0.[2..]",
					    "127.0.0.[[2]]",
					    "127.0.0.2 ",
					    "127..0.2",
					    "127.0.0.x"};
	struct blocklist_codes set;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (blocklist_codes_parse(wrong[i], &set) == 0)
			fail_msg("%s", wrong[i]);
	assert_int_equal(blocklist_codes_parse("127.0.[2..20].[0;3;250..255]", &set), 0);
	assert_true(blocklist_codes_have(&set, (const uint8_t[]){127, 0, 2, 0}));
	assert_true(blocklist_codes_have(&set, (const uint8_t[]){127, 0, 20, 3}));
	assert_true(blocklist_codes_have(&set, (const uint8_t[]){127, 0, 10, 255}));
	assert_false(blocklist_codes_have(&set, (const uint8_t[]){127, 0, 1, 3}));
	assert_false(blocklist_codes_have(&set, (const uint8_t[]){127, 0, 21, 3}));
	assert_false(blocklist_codes_have(&set, (const uint8_t[]){127, 0, 10, 1}));
	assert_false(blocklist_codes_have(&set, (const uint8_t[]){126, 0, 10, 0}));
}

/* ---- Names ---- */

static const char rendered[] = "# lists\n\nk3y@zen.example.net=127.0.0.[2..3]*2\n"
			       "wl.example=127.0.[2..20].[1..3]*-2\n"
			       "k3y@zen.example.net=127.0.0.[10..11]*1\n";

static struct catalog *catalog(void)
{
	static struct catalog found;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *text = strdup(rendered);

	if (catalog_parse(text, &found, &error) < 0)
		fail_msg("%s", error_text(&error));
	return &found;
}

static void items_of_a_zone_are_one_list(void **state _unused_)
{
	const struct catalog *lists = catalog();
	const struct catalog_list *zen = catalog_find(lists, "zen.example.net");

	assert_int_equal(lists->count, 2);
	assert_string_equal(zen->asked, "k3y.zen.example.net");
	assert_false(zen->welcomes);
	assert_true(catalog_count(zen, (const uint8_t[]){127, 0, 0, 2}));
	assert_true(catalog_count(zen, (const uint8_t[]){127, 0, 0, 11}));
	assert_false(catalog_count(zen, (const uint8_t[]){127, 0, 0, 4}));
	assert_true(catalog_find(lists, "wl.example")->welcomes);
	assert_null(catalog_find(lists, "k3y.zen.example.net"));
}

static void names_asked(void **state _unused_)
{
	const struct catalog_list *zen = catalog_find(catalog(), "zen.example.net");
	struct catalog_address address;
	char name[CATALOG_ASKED];

	assert_true(catalog_address("192.0.2.99", &address));
	catalog_ask(zen, &address, name);
	assert_string_equal(name, "99.2.0.192.k3y.zen.example.net");
	assert_true(catalog_address("2001:db8::12", &address));
	catalog_ask(zen, &address, name);
	assert_string_equal(name, "2.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
				  "k3y.zen.example.net");
	assert_false(catalog_address("192.0.2", &address));
	assert_false(catalog_address("x", &address));
}

/* RFC 5782 §5, and addresses that are nobody's. */
static void points(void **state _unused_)
{
	static const char *const expected[LIFE_POINTS] = {
	    [LIFE_LISTED4] = "2.0.0.127.",
	    [LIFE_UNLISTED4] = "1.0.0.127.",
	    [LIFE_LISTED6] = "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.",
	    [LIFE_UNLISTED6] = "1.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.",
	    [LIFE_NOBODY6] = "",
	};
	const struct catalog_list *list = catalog_find(catalog(), "wl.example");
	char name[CATALOG_ASKED];

	for (enum life_point point = 0; point < LIFE_POINTS; point++)
		for (uint32_t random = 0; random < 1000; random++) {
			struct catalog_address address = life_address(point, random * 2654435761u);
			const uint8_t *b = address.bytes;

			catalog_ask(list, &address, name);
			if (point == LIFE_NOBODY4)
				assert_true((b[0] == 192 && b[1] == 0 && b[2] == 2) ||
					    (b[0] == 198 && b[1] == 51 && b[2] == 100) ||
					    (b[0] == 203 && b[1] == 0 && b[2] == 113));
			else if (point == LIFE_FRESH4)
				assert_true(b[0] == 198 && (b[1] == 18 || b[1] == 19));
			else if (strncmp(name, expected[point], strlen(expected[point])) != 0)
				fail_msg("%s", name);
			if (point == LIFE_NOBODY6)
				assert_non_null(strstr(name, ".8.b.d.0.1.0.0.2.wl.example"));
		}
}

/* An answer with its OPT record's options, "" for none. */
static enum lookup_result read_with(const void *options, uint8_t size)
{
	unsigned char bytes[512];
	size_t end =
	    dns_message_ask("2.0.0.127.zen.example.net", ns_t_a, 7, 0, LOOKUP_ANSWER, bytes) - 11;
	static const unsigned char listed[] = {0xc0, 12, 0, 1, 0,   1, 0, 0,
					       0,    60, 0, 4, 127, 0, 0, 2};
	static const unsigned char opt[] = {0, 0, 41, 4, 208, 0, 0, 0, 0, 0};
	struct lookup_answer answer = {0};

	bytes[2] = 0x81;
	bytes[3] = 0x80;
	bytes[7] = 1;
	memcpy(bytes + end, listed, sizeof(listed));
	end += sizeof(listed);
	memcpy(bytes + end, opt, sizeof(opt));
	end += sizeof(opt);
	bytes[end++] = size;
	memcpy(bytes + end, options, size);
	assert_true(lookup_read(bytes, end + size, "2.0.0.127.zen.example.net", &answer));
	return answer.result;
}

/* What a cache gives though it has run out is no answer. */
static void expired_answers(void **state _unused_)
{
	assert_int_equal(read_with("", 0), LOOKUP_FOUND);
	assert_int_equal(read_with("\0\x0f\0\2\0\3", 6), LOOKUP_FAILED);
	assert_int_equal(read_with("\0\x0a\0\1x\0\x0f\0\3\0\3!", 12), LOOKUP_FAILED);
	assert_int_equal(read_with("\0\x0f\0\2\0\2", 6), LOOKUP_FOUND);	  /* another word */
	assert_int_equal(read_with("\0\x0f\0\x09\0\3", 6), LOOKUP_FOUND); /* too long */
	assert_int_equal(read_with("\0\x0f\0", 3), LOOKUP_FOUND);
}

/* ---- Verdicts ---- */

static struct lookup_answer found(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct lookup_answer){LOOKUP_FOUND, 60, 1, {{a, b, c, d}}};
}

static const struct lookup_answer nothing = {.result = LOOKUP_NOTHING, .ttl = 60};
static const struct lookup_answer failed = {.result = LOOKUP_FAILED};
static const struct lookup_answer silent = {.result = LOOKUP_SILENT};

static enum verdict judge(const char *zone, const struct lookup_answer answers[LIFE_POINTS])
{
	const struct catalog_list *list = catalog_find(catalog(), zone);
	enum life_kind kinds[LIFE_POINTS];

	for (enum life_point point = 0; point < LIFE_POINTS; point++)
		kinds[point] = life_kind_of(list, point, &answers[point]);
	return life_verdict(list, kinds);
}

/* A good list with one answer that is another. */
static enum verdict with(enum life_point point, struct lookup_answer answer)
{
	struct lookup_answer answers[LIFE_POINTS] = {found(127, 0, 0, 2), nothing, nothing, nothing,
						     found(127, 0, 0, 2), nothing, nothing};

	answers[point] = answer;
	return judge("zen.example.net", answers);
}

static enum verdict all(struct lookup_answer answer)
{
	struct lookup_answer answers[LIFE_POINTS];

	for (enum life_point point = 0; point < LIFE_POINTS; point++)
		answers[point] = answer;
	return judge("zen.example.net", answers);
}

static void seven_ways_to_fail(void **state _unused_)
{
	assert_int_equal(all(found(127, 255, 255, 254)), VERDICT_REFUSED);
	assert_int_equal(all(found(127, 0, 0, 2)), VERDICT_LIES);
	assert_int_equal(all(silent), VERDICT_SILENT);
	assert_int_equal(all(failed), VERDICT_FAILS);
	assert_int_equal(all(nothing), VERDICT_EMPTY);
	assert_int_equal(all(found(203, 0, 113, 80)), VERDICT_OUTSIDE);
	assert_int_equal(all(found(127, 0, 0, 255)), VERDICT_REFUSED);
	/* A catch-all of the loopback itself. */
	assert_int_equal(all(found(127, 0, 0, 1)), VERDICT_LIES);
}

static void single_answers(void **state _unused_)
{
	assert_int_equal(with(LIFE_LISTED4, found(127, 0, 0, 10)), VERDICT_GOOD);
	assert_int_equal(with(LIFE_LISTED6, nothing), VERDICT_GOOD); /* it has no IPv6 */
	assert_int_equal(with(LIFE_LISTED6, silent), VERDICT_GOOD);
	assert_int_equal(with(LIFE_LISTED4, found(127, 0, 0, 77)), VERDICT_CODES);
	assert_int_equal(with(LIFE_LISTED4, nothing), VERDICT_EMPTY);
	assert_int_equal(with(LIFE_LISTED4, failed), VERDICT_FAILS);
	assert_int_equal(with(LIFE_FRESH4, silent), VERDICT_SILENT);
	for (enum life_point point = 0; point < LIFE_POINTS; point++) {
		bool listed = point == LIFE_LISTED4 || point == LIFE_LISTED6;

		assert_int_equal(with(point, found(127, 0, 0, 2)),
				 listed ? VERDICT_GOOD : VERDICT_LIES);
		assert_int_equal(with(point, found(127, 255, 255, 252)), VERDICT_REFUSED);
		assert_int_equal(with(point, found(8, 8, 8, 8)), VERDICT_OUTSIDE);
	}
}

/* DNSWL's test point says "listed, with no trust", which counts for nothing. */
static void lists_of_who_is_welcome(void **state _unused_)
{
	struct lookup_answer answers[LIFE_POINTS] = {
	    found(127, 0, 10, 0), nothing, nothing, nothing, nothing, nothing, nothing};

	assert_int_equal(judge("wl.example", answers), VERDICT_GOOD);
	answers[LIFE_FRESH4] = found(127, 0, 5, 3);
	assert_int_equal(judge("wl.example", answers), VERDICT_LIES);
	answers[LIFE_FRESH4] = found(127, 0, 0, 255);
	assert_int_equal(judge("wl.example", answers), VERDICT_REFUSED);
}

static void each_verdict_has_its_sentence(void **state _unused_)
{
	for (enum verdict verdict = VERDICT_GOOD; verdict < VERDICTS; verdict++) {
		_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

		assert_int_equal(verdict_find(verdict_name(verdict)), verdict);
		verdict_say(verdict, catalog_find(catalog(), "zen.example.net"), &text);
		assert_int_equal(text.size > 0, verdict != VERDICT_GOOD);
		assert_null(strstr(buffer_text(&text), "k3y"));
	}
	assert_int_equal(verdict_find("nothing"), VERDICTS);
}

/* ---- What follows ---- */

enum { NOW = 1795515240 };

/* Tests when they are due, from `*at_ms` on, until `seconds` are over or the state is another. */
static int64_t go_on(struct life *life, enum verdict verdict, int64_t *at_ms, int64_t seconds)
{
	enum life_state before = life->state;
	int64_t begin_ms = *at_ms, end_ms = begin_ms + seconds * 1000;

	while (life->state == before && life_due(life) <= end_ms) {
		if (life_due(life) > *at_ms)
			*at_ms = life_due(life);
		life_judge(life, verdict, *at_ms, NOW + *at_ms / 1000);
	}
	return (*at_ms - begin_ms) / 1000;
}

static void a_list_is_used_after_its_first_test(void **state _unused_)
{
	struct life life = {0};
	int64_t at_ms = 5000;

	assert_false(life_counts(&life, NOW));
	assert_int_equal(life_due(&life), 0);
	go_on(&life, VERDICT_GOOD, &at_ms, 1);
	assert_true(life_counts(&life, NOW));
	assert_int_equal(life_due(&life), 5000 + LIFE_IDLE_MS);
	life.asked = true;
	assert_int_equal(life_due(&life), 5000 + LIFE_BUSY_MS);
	life.suspect = true;
	assert_int_equal(life_due(&life), 5000 + LIFE_SUSPECT_MS);
}

static void a_bad_list_is_cut_off_and_comes_back(void **state _unused_)
{
	struct life life = {0};
	int64_t at_ms = 0;

	go_on(&life, VERDICT_GOOD, &at_ms, 1);
	life.asked = true;
	assert_in_range(go_on(&life, VERDICT_REFUSED, &at_ms, 1000), 1, 60);
	assert_int_equal(life.state, LIFE_CUT);
	assert_int_equal(life.since, NOW + at_ms / 1000);
	assert_int_equal(life.verdict, VERDICT_REFUSED);
	assert_int_equal(go_on(&life, VERDICT_REFUSED, &at_ms, 24 * 3600) / 3600, 24);
	assert_in_range(go_on(&life, VERDICT_GOOD, &at_ms, 1000), 1, 600);
	assert_true(life_counts(&life, NOW + at_ms / 1000));
	assert_int_equal(life.verdict, VERDICT_GOOD);
}

/* One bad test, a lost datagram say, cuts nothing off; one good one brings nothing back. */
static void single_tests_change_nothing(void **state _unused_)
{
	struct life life = {0};
	int64_t at_ms = 0;

	go_on(&life, VERDICT_GOOD, &at_ms, 1);
	assert_false(life_judge(&life, VERDICT_SILENT, 1000, NOW));
	assert_int_equal(life_due(&life), 1000 + LIFE_AGAIN_MS);
	assert_false(life_judge(&life, VERDICT_GOOD, 4000, NOW));
	assert_false(life_judge(&life, VERDICT_SILENT, 8000, NOW));
	assert_int_equal(life.state, LIFE_USED);
	assert_true(life_judge(&life, VERDICT_SILENT, 9000, NOW));
	assert_true(life_judge(&life, VERDICT_FAILS, 10000, NOW)); /* another sentence */
	for (unsigned i = 1; i < LIFE_GOOD; i++)
		assert_false(life_judge(&life, VERDICT_GOOD, 11000, NOW));
	assert_false(life_judge(&life, VERDICT_FAILS, 12000, NOW));
	for (unsigned i = 1; i < LIFE_GOOD; i++)
		assert_false(life_judge(&life, VERDICT_GOOD, 13000, NOW));
	assert_true(life_judge(&life, VERDICT_GOOD, 14000, NOW));
}

/* What was said falsely may be in caches, of whoever asked, for as long as it holds. */
static void false_answers_run_out_first(void **state _unused_)
{
	struct life life = {0};
	int64_t at_ms = 0;

	go_on(&life, VERDICT_GOOD, &at_ms, 1);
	life_lied(&life, 300, NOW);
	assert_false(life_counts(&life, NOW + 300 + LIFE_CUT_MS / 1000 - 1));
	assert_true(life_counts(&life, NOW + 300 + LIFE_CUT_MS / 1000));
	go_on(&life, VERDICT_LIES, &at_ms, 1000);
	life_lied(&life, 7200, NOW + at_ms / 1000);
	assert_in_range(go_on(&life, VERDICT_GOOD, &at_ms, 20000), 7200, 7300);
	assert_int_equal(life.state, LIFE_USED);
	life_lied(&life, UINT32_MAX, NOW);
	assert_true(life_counts(&life, NOW + LOOKUP_TTL + 60));
}

/* ---- What a next life knows ---- */

static void begin(struct sources *sources)
{
	memset(sources, 0, sizeof(*sources));
	sources->now = NOW;
	tested_begin(sources, catalog(), 0);
}

static void a_cut_outlasts_a_restart(void **state _unused_)
{
	static struct sources one, two;
	struct life *life;
	json_t *known;
	_cleanup_free_ char *text = NULL;

	begin(&one);
	begin(&two);
	life = &tested_find(&one, "zen.example.net")->life;
	life_judge(life, VERDICT_LIES, 0, NOW);
	life_judge(life, VERDICT_LIES, 0, NOW);
	life_lied(life, 300, NOW);
	life_judge(&tested_find(&one, "wl.example")->life, VERDICT_GOOD, 0, NOW);
	known = recall_write(&one);
	text = json_dumps(known, 0);
	assert_null(strstr(text, "k3y"));
	recall_read(&two, known);
	life = &tested_find(&two, "zen.example.net")->life;
	assert_int_equal(life->state, LIFE_CUT);
	assert_int_equal(life->verdict, VERDICT_LIES);
	assert_int_equal(life->since, NOW);
	assert_int_equal(life->lies_until, NOW + 300 + LIFE_CUT_MS / 1000);
	assert_int_equal(life_due(life), 0); /* and is tested at once */
	life_judge(life, VERDICT_GOOD, 0, NOW + 1000);
	assert_false(life_counts(life, NOW + 1000));
	/* One that was good is tested before it is used again. */
	life = &tested_find(&two, "wl.example")->life;
	assert_false(life_counts(life, NOW));
	life_judge(life, VERDICT_GOOD, 0, NOW + 50);
	assert_true(life_counts(life, NOW + 50));
	assert_int_equal(life->since, NOW);
	json_decref(known);
}

static void what_is_known_may_be_damaged(void **state _unused_)
{
	static const char *const texts[] = {
	    "{}", "{\"lists\": 1}", "{\"lists\": [1, {}, {\"zone\": 2}]}",
	    "{\"lists\": [{\"zone\": \"zen.example.net\", \"state\": \"cut\", \"verdict\": "
	    "\"good\", \"lies_until\": 99999999999999}]}"};
	static struct sources sources;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		json_t *known = json_loads(texts[i], 0, NULL);
		const struct life *life;

		begin(&sources);
		recall_read(&sources, known);
		life = &tested_find(&sources, "zen.example.net")->life;
		assert_int_equal(life->state, LIFE_NEW);
		assert_true(life->lies_until <= NOW + LOOKUP_TTL + 60);
		json_decref(known);
	}
}

/* ---- What postscreen says ---- */

#define ASKED                                                                                      \
	"rbl_domain\0zen.example.net\0client_address\0"                                            \
	"192.0.2.9\0label\0"                                                                       \
	"42\0"

static void attributes(void **state _unused_)
{
	static const char whole[] = ASKED; /* and the NUL after the last */
	_cleanup_(buffer_free) struct buffer bytes = BUFFER_INIT;
	struct attributes found;

	for (size_t size = 0; size < sizeof(whole); size++)
		assert_int_equal(attributes_parse(whole, size, &found), ATTRIBUTES_MORE);
	assert_int_equal(attributes_parse(whole, sizeof(whole), &found), ATTRIBUTES_WHOLE);
	assert_string_equal(found.zone, "zen.example.net");
	assert_string_equal(found.client, "192.0.2.9");
	assert_string_equal(found.label, "42");
	attributes_answer(&found, "127.0.0.2 127.0.0.3", 60, &bytes);
	assert_int_equal(bytes.size, sizeof(ASKED "rbl_addr\0"
						  "127.0.0.2 127.0.0.3\0ttl\0"
						  "60\0"));
	assert_memory_equal(bytes.data,
			    ASKED "rbl_addr\0"
				  "127.0.0.2 127.0.0.3\0ttl\0"
				  "60\0",
			    bytes.size);
}

static void wrong_attributes(void **state _unused_)
{
	static char big[ATTRIBUTES_LIMIT + 1];
	struct attributes found;

	memset(big, 'x', sizeof(big));
	assert_int_equal(attributes_parse(big, sizeof(big), &found), ATTRIBUTES_WRONG);
	assert_int_equal(attributes_parse(big, ATTRIBUTES_LIMIT, &found), ATTRIBUTES_WRONG);
	assert_int_equal(attributes_parse("", 1, &found), ATTRIBUTES_WRONG);
	assert_int_equal(attributes_parse(ASKED "\0x", sizeof(ASKED) + 1, &found),
			 ATTRIBUTES_WRONG);
	assert_int_equal(
	    attributes_parse("label\0x\0rbl_domain\0a\0client_address\0b\0", 39, &found),
	    ATTRIBUTES_WRONG);
	for (size_t i = 0; i < 100; i++)
		memcpy(big + 4 * i, "a\0b", 4);
	assert_int_equal(attributes_parse(big, 400, &found), ATTRIBUTES_WRONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(items_have_one_form),
	    cmocka_unit_test(refusals_quote_nothing),
	    cmocka_unit_test(codes),
	    cmocka_unit_test(items_of_a_zone_are_one_list),
	    cmocka_unit_test(names_asked),
	    cmocka_unit_test(points),
	    cmocka_unit_test(expired_answers),
	    cmocka_unit_test(seven_ways_to_fail),
	    cmocka_unit_test(single_answers),
	    cmocka_unit_test(lists_of_who_is_welcome),
	    cmocka_unit_test(each_verdict_has_its_sentence),
	    cmocka_unit_test(a_list_is_used_after_its_first_test),
	    cmocka_unit_test(a_bad_list_is_cut_off_and_comes_back),
	    cmocka_unit_test(single_tests_change_nothing),
	    cmocka_unit_test(false_answers_run_out_first),
	    cmocka_unit_test(a_cut_outlasts_a_restart),
	    cmocka_unit_test(what_is_known_may_be_damaged),
	    cmocka_unit_test(attributes),
	    cmocka_unit_test(wrong_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
