// SPDX-License-Identifier: GPL-3.0-or-later
/* The script that answers for somebody, what it is made of, and who is counted. */
#include "test.h"

#include <errno.h>

#include "base/json_file.h"
#include "vacation/count.h"
#include "vacation/vacation.h"

static const struct vacation_owner ALICE = {"example.org", "alice"};

static char *script_of(json_t *asked)
{
	struct buffer script = BUFFER_INIT;
	struct error error = ERROR_INIT;

	assert_int_equal(vacation_script(asked, &script, &error), 0);
	json_decref(asked);
	return buffer_take(&script);
}

static void refuses(json_t *asked, const char *said)
{
	_cleanup_(buffer_free) struct buffer script = BUFFER_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	assert_true(vacation_script(asked, &script, &error) < 0);
	assert_non_null(strstr(error_text(&error), said));
	json_decref(asked);
}

/* ---- The script ---- */

static void a_text_for_all_is_asked_about_once(void **state _unused_)
{
	_cleanup_free_ char *script =
	    script_of(json_pack("{s:s, s:s, s:s}", "address", "alice@example.org", "inside",
				"Away.", "outside", "Away."));

	assert_non_null(
	    strstr(script, "elsif execute \"answer\" \"all\" {\n    vacation \"Away.\";\n"));
	assert_null(strstr(script, "\"inside\" {"));
	assert_null(strstr(script, "currentdate"));
}

static void two_texts_are_for_two_kinds(void **state _unused_)
{
	_cleanup_free_ char *script = script_of(
	    json_pack("{s:s, s:s, s:s, s:s, s:s}", "from", "2026-12-24", "until", "2027-01-06",
		      "subject", "Away", "inside", "In.", "outside", "Out."));

	assert_non_null(strstr(script, "currentdate :value \"lt\" \"date\" \"2026-12-24\""));
	assert_non_null(strstr(script, "currentdate :value \"gt\" \"date\" \"2027-01-06\""));
	assert_non_null(strstr(script, "\"inside\" {\n    vacation :subject \"Away\" \"In.\";\n"));
	assert_non_null(
	    strstr(script, "\"outside\" {\n    vacation :subject \"Away\" \"Out.\";\n"));
}

static void other_addresses_are_strings_too(void **state _unused_)
{
	_cleanup_free_ char *script =
	    script_of(json_pack("{s:s, s:[s, s]}", "inside", "x", "also", "a@b", "\"o'x\\@c"));

	assert_non_null(strstr(script, "vacation :addresses [\"a@b\", \"\\\"o'x\\\\@c\"] \"x\";"));
	refuses(json_pack("{s:s, s:[s]}", "inside", "x", "also", "nobody"), "no address");
	refuses(json_pack("{s:s, s:[s]}", "inside", "x", "also", "a@b c@d"), "no address");
	refuses(json_pack("{s:s, s:[i]}", "inside", "x", "also", 1), "no address");
}

/* Where a string of Sieve ends that begins at a quote; RFC 5228, 2.4.2. */
static const char *end_of_string(const char *at, struct buffer *read)
{
	for (at++; *at && *at != '"'; at++) {
		if (*at == '\\')
			at++;
		buffer_add_char(read, *at);
	}
	return at;
}

static void a_text_stays_a_string(void **state _unused_)
{
	static const char *const TEXTS[] = {
	    "\"; discard; #",
	    "\\",
	    "\\\"",
	    "\\\\\"; redirect \"x@y.example\";",
	    "${x}",
	    "${unicode:24}",
	    "a\n.\n*/\n\";\nstop;",
	    "#\n\"",
	    "text:\nx\n.\n",
	    "é\t\"ü\"\\",
	};

	for (size_t i = 0; i < ARRAY_SIZE(TEXTS); i++) {
		_cleanup_free_ char *script = script_of(json_pack("{s:s}", "outside", TEXTS[i]));
		_cleanup_(buffer_free) struct buffer read = BUFFER_INIT;
		const char *at = strstr(script, "    vacation \"");

		assert_non_null(at);
		at = end_of_string(strchr(at, '"'), &read);
		assert_string_equal(buffer_text(&read), TEXTS[i]);
		assert_string_equal(at, "\";\n}\n");
		assert_null(strstr(script, "\"variables\""));
		assert_null(strstr(script, "\"encoded-character\""));
	}
}

static void what_was_asked_for_stands_in_it(void **state _unused_)
{
	static const char TEXT[] = "two\nlines\n# {}\n\"q\" é";
	_cleanup_json_ json_t *asked = json_pack("{s:s, s:s}", "subject", "s", "inside", TEXT);
	_cleanup_json_ json_t *read = NULL;
	_cleanup_free_ char *script = script_of(json_incref(asked));

	assert_int_equal(vacation_asked(script, &read, NULL), 0);
	assert_true(json_equal(asked, read));
	assert_true(vacation_asked("require [\"vacation\"];\n", &read, NULL) < 0);
	assert_true(vacation_asked("", &read, NULL) < 0);
}

static void what_cannot_be_is_refused(void **state _unused_)
{
	char large[VACATION_TEXT + 2];

	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	refuses(json_pack("{s:s, s:s}", "inside", "x", "from", "2027-02-29"), "no day");
	refuses(json_pack("{s:s, s:s}", "inside", "x", "from", "2027-1-1"), "no day");
	refuses(json_pack("{s:s, s:s}", "inside", "x", "until", "2027-01-01\" "), "no day");
	refuses(json_pack("{s:s, s:s, s:s}", "inside", "x", "from", "2027-01-02", "until",
			  "2027-01-01"),
		"before it begins");
	refuses(json_pack("{s:s}", "subject", "x"), "no text");
	refuses(json_pack("{s:s}", "inside", large), "more than 32 KiB");
	refuses(json_pack("{s:s, s:s}", "inside", "x", "subject", "a\nBcc: b"), "one line");
	refuses(json_pack("{s:s}", "inside", "a\001b"), "control character");
	refuses(json_pack("{s:s, s:s}", "inside", "x", "subject", "a\r"), "control character");
}

/* ---- On the disk ---- */

/* A sievec that takes all scripts, or none. */
static void fake_sievec(const char *folder, const char *line)
{
	_cleanup_free_ char *path = file_join(folder, "sievec");
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_addf(&text, "#!/bin/sh\n%s\n", line);
	assert_int_equal(file_replace(path, text.data, text.size, 0755, -1, -1, NULL), 0);
	setenv("PATH", folder, 1);
}

static void a_script_that_is_not_understood_replaces_none(void **state)
{
	_cleanup_json_ json_t *asked = json_pack("{s:s}", "inside", "one");
	_cleanup_json_ json_t *other = json_pack("{s:s}", "inside", "two"), *read = NULL;
	_cleanup_free_ char *left = file_join(*state, "example.org/.alice.sieve");
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = strdup(getenv("PATH"));

	assert_int_equal(vacation_load(*state, &ALICE, &read, NULL), -ENOENT);
	fake_sievec(*state, ": > \"$2\"");
	assert_int_equal(vacation_save(*state, &ALICE, asked, &error), 0);
	fake_sievec(*state, "echo 'line 1: error'; exit 1");
	assert_true(vacation_save(*state, &ALICE, other, &error) < 0);
	assert_non_null(strstr(error_text(&error), "line 1: error"));
	assert_false(file_exists(left));
	assert_int_equal(vacation_load(*state, &ALICE, &read, NULL), 0);
	assert_true(json_equal(asked, read));
	assert_int_equal(vacation_remove(*state, &ALICE, NULL), 0);
	assert_int_equal(vacation_remove(*state, &ALICE, NULL), -ENOENT);
	setenv("PATH", path, 1);
}

static void a_name_leads_nowhere_else(void **state)
{
	static const struct vacation_owner BAD[] = {{"..", "alice"},
						    {"example.org", "../x"},
						    {"example.org", ""},
						    {"a/b", "c"},
						    {"x", ".y"}};
	_cleanup_json_ json_t *asked = json_pack("{s:s}", "inside", "one");

	for (size_t i = 0; i < ARRAY_SIZE(BAD); i++)
		assert_int_equal(vacation_save(*state, &BAD[i], asked, NULL), -EINVAL);
}

/* ---- The count ---- */

#define HASH "0123456789abcdef"

static void two_hundred_a_day(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer day = BUFFER_INIT;
	bool known;

	buffer_add_text(&day, "not a state");
	for (int i = 0; i <= COUNT_PER_DAY; i++) {
		struct buffer next = BUFFER_INIT;
		char hash[32];

		snprintf(hash, sizeof(hash), "%016x", i);
		assert_int_equal(count_step((struct slice){day.data, day.size}, 7, slice_of(hash),
					    &next, &known),
				 i < COUNT_PER_DAY);
		assert_false(known);
		buffer_free(&day);
		day = next;
	}
	{
		_cleanup_(buffer_free) struct buffer next = BUFFER_INIT, later = BUFFER_INIT;
		struct slice full = {day.data, day.size};

		assert_true(count_step(full, 7, SLICE("0000000000000003"), &next, &known));
		assert_true(known);
		assert_true(count_step(full, 8, SLICE(HASH), &later, &known));
		assert_string_equal(buffer_text(&later), "8\n" HASH "\n");
	}
}

static void an_answer_is_counted_on_the_disk(void **state)
{
	_cleanup_free_ char *folder = file_join(*state, "count");
	_cleanup_free_ char *path = file_join(*state, "count/a@example.org");
	bool allowed = false;

	assert_int_equal(
	    count_answer(folder, "a@example.org", "X@far.example", 86400, &allowed, NULL), 0);
	assert_true(allowed && file_exists(path));
	assert_true(count_answer(folder, "../a@example.org", "x", 0, &allowed, NULL) < 0);
	assert_true(count_answer(folder, ".lock", "x", 0, &allowed, NULL) < 0);
}

static void our_own_domains_are_ours(void **state _unused_)
{
	const struct slice domains = SLICE("# ours\nexample.org\nexample.net\n");

	assert_true(count_is_own(domains, "a@example.org"));
	assert_true(count_is_own(domains, "a@EXAMPLE.net"));
	assert_false(count_is_own(domains, "a@sub.example.org"));
	assert_false(count_is_own(domains, "a@example.or"));
	assert_false(count_is_own(domains, "a@# ours"));
	assert_false(count_is_own(domains, "a@"));
	assert_false(count_is_own(domains, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_text_for_all_is_asked_about_once),
	    cmocka_unit_test(two_texts_are_for_two_kinds),
	    cmocka_unit_test(other_addresses_are_strings_too),
	    cmocka_unit_test(a_text_stays_a_string),
	    cmocka_unit_test(what_was_asked_for_stands_in_it),
	    cmocka_unit_test(what_cannot_be_is_refused),
	    folder_test(a_script_that_is_not_understood_replaces_none),
	    folder_test(a_name_leads_nowhere_else),
	    cmocka_unit_test(two_hundred_a_day),
	    folder_test(an_answer_is_counted_on_the_disk),
	    cmocka_unit_test(our_own_domains_are_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
