// SPDX-License-Identifier: GPL-3.0-or-later
#include "test.h"

#include "base/cleanup.h"
#include "dmarc_cases.h"
#include "policy/dmarc.h"

enum { LEAST_CASES = 150, ASKED = 64 };

/* A zone as the cases have it, and which names were asked for. */
struct zone {
	const char *text;
	char asked[ASKED][NAME_SIZE];
	size_t count;
	bool slow; /* an answer is there when it is asked for the second time */
};

static bool was_asked(struct zone *zone, const char *name)
{
	for (size_t i = 0; i < zone->count; i++)
		if (!strcmp(zone->asked[i], name))
			return true;
	assert_true(zone->count < ASKED);
	strcpy(zone->asked[zone->count++], name);
	return false;
}

static enum dmarc_look zone_record(void *context, const char *name, struct dmarc_record *ret)
{
	struct zone *zone = context;
	struct slice rest = slice_of(zone->text), line, at;
	enum dmarc_look look = DMARC_LOOK_NOTHING;

	if (!was_asked(zone, name) && zone->slow)
		return DMARC_LOOK_WAIT;
	while (rest.size) {
		if (!slice_until(&rest, SLICE("\n"), &line))
			line = rest, rest = (struct slice){0};
		assert_true(slice_until(&line, SLICE(" "), &at));
		if (!slice_equal(at, slice_of(name)) || slice_equal(line, SLICE("+")))
			continue;
		if (slice_equal(line, SLICE("!")))
			return DMARC_LOOK_ERROR;
		if (dmarc_record_parse(line, ret)) /* several are none */
			look = look == DMARC_LOOK_NOTHING ? DMARC_LOOK_FOUND : DMARC_LOOK_WAIT;
	}
	return look == DMARC_LOOK_WAIT ? DMARC_LOOK_NOTHING : look;
}

static enum dmarc_look zone_exists(void *context, const char *name)
{
	const struct zone *zone = context;
	char row[NAME_SIZE + sizeof("\n\n +")], text[4096];

	snprintf(text, sizeof(text), "\n%s\n", zone->text);
	snprintf(row, sizeof(row), "\n%s +\n", name);
	return strstr(text, row) ? DMARC_LOOK_FOUND : DMARC_LOOK_NOTHING;
}

static struct slice next_word(struct slice *text)
{
	struct slice word;

	if (!slice_until(text, SLICE(" "), &word)) {
		word = *text;
		*text = (struct slice){0};
	}
	return word;
}

static struct dmarc_message message_of(const struct dmarc_case *test)
{
	struct slice from = slice_of(test->from), proved = slice_of(test->proved);
	struct dmarc_message message = {0};

	while (from.size) {
		if (name_take(next_word(&from), message.authors[message.author_count]))
			message.author_count++;
		else
			message.unreadable = true;
	}
	while (proved.size) {
		struct dmarc_identifier *identifier =
		    &message.identifiers[message.identifier_count++];
		struct slice word = next_word(&proved);

		identifier->spf = word.at[0] == 's';
		word.at++, word.size--;
		identifier->unknown = slice_skip(&word, SLICE("?"));
		assert_true(slice_skip(&word, SLICE("=")) && name_take(word, identifier->domain));
	}
	return message;
}

static void describe(const struct dmarc_verdict *verdict, char *text, size_t size)
{
	bool applies = verdict->record[0] || verdict->result == DMARC_FAIL;

	snprintf(text, size, "%s%s%s%s%s", dmarc_result_name(verdict->result), applies ? " " : "",
		 applies ? dmarc_policy_name(verdict->applied) : "", verdict->record[0] ? " " : "",
		 verdict->record);
}

/* No walk asks for more than eight names, whatever the domain. */
static void check_questions(const struct zone *zone, const struct dmarc_message *message)
{
	for (size_t i = 0; i < message->author_count; i++) {
		size_t count = 0;

		for (size_t j = 0; j < zone->count; j++)
			count += name_is_within(message->authors[i], zone->asked[j]);
		if (count > DMARC_WALK)
			fail_msg("%zu questions for %s", count, message->authors[i]);
	}
	assert_true(zone->count <=
		    DMARC_WALK * (message->author_count + message->identifier_count));
}

static void check_case(const struct dmarc_case *test, bool slow)
{
	struct zone zone = {.text = test->zone, .slow = slow};
	struct dmarc_source source = {zone_record, zone_exists, &zone};
	struct dmarc_message message = message_of(test);
	struct dmarc_verdict verdict;
	char said[NAME_SIZE + 40];
	int rounds = 0;

	do {
		dmarc_evaluate(&message, &source, &verdict);
	} while (verdict.result == DMARC_WAIT && ++rounds < 4);
	describe(&verdict, said, sizeof(said));
	if (strcmp(said, test->said))
		fail_msg("%s: \"%s\", not \"%s\"", test->rule, said, test->said);
	check_questions(&zone, &message);
	/* One round for the authors, one for those that may be aligned. */
	assert_true(rounds <= (slow ? 2 : 0));
}

static void cases(void **state _unused_)
{
	assert_true(ARRAY_SIZE(dmarc_cases) >= LEAST_CASES);
	for (size_t i = 0; i < ARRAY_SIZE(dmarc_cases); i++) {
		check_case(&dmarc_cases[i], false);
		check_case(&dmarc_cases[i], true);
	}
}

/* What was asked ahead is all that the verdict of an ordinary message needs. */
static void ahead(void **state _unused_)
{
	const struct dmarc_case test = {"", "example.org v=DMARC1; p=reject", "a.b.example.org",
					"d=example.org", ""};
	struct zone zone = {.text = test.zone, .slow = true};
	struct dmarc_source source = {zone_record, zone_exists, &zone};
	struct dmarc_message message = message_of(&test);
	struct dmarc_verdict verdict;

	dmarc_ask_ahead(message.authors[0], &source);
	assert_int_equal(zone.count, 4);
	dmarc_evaluate(&message, &source, &verdict);
	assert_int_equal(verdict.result, DMARC_PASS);
	assert_int_equal(zone.count, 4);
}

static void names(void **state _unused_)
{
	char long_label[80], name[NAME_SIZE];

	memset(long_label, 'a', sizeof(long_label));
	assert_true(name_take((struct slice){long_label, 63}, name));
	assert_false(name_take((struct slice){long_label, 64}, name));
	assert_false(name_take(SLICE(""), name));
	assert_false(name_take(SLICE("."), name));
	assert_false(name_take(SLICE(".org"), name));
	assert_false(name_take(SLICE("a.."), name));
	assert_false(name_take(SLICE("a\0b"), name));
	assert_false(name_take(SLICE("a b.org"), name));
	assert_false(name_take(SLICE("a/b.org"), name));
	assert_true(name_take(SLICE("WWW.Example.ORG."), name));
	assert_string_equal(name, "www.example.org");
	assert_int_equal(name_labels(name), 3);
	assert_string_equal(name_last(name, 2), "example.org");
	assert_string_equal(name_last(name, 9), "www.example.org");
	assert_true(name_is_within("example.org", "example.org"));
	assert_true(name_is_within("a.example.org", "example.org"));
	assert_false(name_is_within("aexample.org", "example.org"));
	assert_false(name_is_within("org", "example.org"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cases),
	    cmocka_unit_test(ahead),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
