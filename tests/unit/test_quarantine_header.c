// SPDX-License-Identifier: GPL-3.0-or-later
/* The beginning of a file in quarantine, and strangers' text made fit to be shown. */
#include "test.h"

#include <errno.h>

#include "quarantine/entry.h"
#include "quarantine/harmless.h"
#include "quarantine/release.h"

#define TOP                                                                                        \
	"Return-Path: <stranger@example.com>\nDelivered-To: virus-quarantine\n"                    \
	"X-Envelope-From: <stranger@example.com>\n"
#define TO    "X-Envelope-To: <alice@example.org>, <\"a > b\"@example.org>\n"
#define ID    "X-Quarantine-ID: <fUzETONCOgac>\n"
#define ALERT "X-Amavis-Alert: INFECTED, message contains virus:\n Eicar, Other\n"
#define END                                                                                        \
	"Received: from a by b\n (amavis, port 10024) with ESMTP id fUzETONCOgac for <x>;\n now\n"
#define MESSAGE                                                                                    \
	"Received: from c\nX-Envelope-To: <mallory@example.com>\n"                                 \
	"X-Amavis-Alert: INFECTED, message contains virus: none\nSubject: =?utf-8?q?b=C3=BCro?=\n" \
	"\nbody\n"

static void parses_what_amavis_writes(void **state _unused_)
{
	static const char text[] = TOP TO ID ALERT END MESSAGE;
	_cleanup_(quarantine_header_free) struct quarantine_header header = QUARANTINE_HEADER_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	assert_int_equal(quarantine_header_parse(text, strlen(text), &header, &error), 0);
	assert_string_equal(header.id, "fUzETONCOgac");
	assert_string_equal(header.sender, "stranger@example.com");
	assert_int_equal(header.recipient_count, 2);
	assert_string_equal(header.recipients[0], "alice@example.org");
	assert_string_equal(header.recipients[1], "\"a > b\"@example.org");
	assert_string_equal(header.reason, "Eicar, Other");
	assert_string_equal(header.subject, "b\xc3\xbcro");
	assert_string_equal(text + header.offset, MESSAGE);
}

/* A sender as mailing lists make them does not fit into the first line. */
static void parses_a_long_and_an_odd_sender(void **state _unused_)
{
	static const char text[] =
	    "Return-Path:\n <\"a\033>\"@x>\nX-Envelope-From:\n <\"a\033>\"@x>\n"
	    "X-Envelope-To:\n <alice@example.org>,\n <\"b c\n d\"@example.org>\n" ID END MESSAGE;
	_cleanup_(quarantine_header_free) struct quarantine_header header = QUARANTINE_HEADER_INIT;

	assert_int_equal(quarantine_header_parse(text, strlen(text), &header, NULL), 0);
	assert_string_equal(header.sender, "\"a\033>\"@x");
	assert_string_equal(header.recipients[0], "alice@example.org");
	assert_string_equal(header.recipients[1], "\"b c d\"@example.org");
}

static void only_who_did_not_get_it_is_a_recipient(void **state _unused_)
{
	static const char text[] =
	    TOP TO "X-Envelope-To-Blocked: <alice@example.org>\n" ID END MESSAGE;
	_cleanup_(quarantine_header_free) struct quarantine_header header = QUARANTINE_HEADER_INIT;

	assert_int_equal(quarantine_header_parse(text, strlen(text), &header, NULL), 0);
	assert_int_equal(header.recipient_count, 1);
	assert_string_equal(header.recipients[0], "alice@example.org");
	assert_string_equal(header.reason, "");
}

/* All blank, it was read beyond its end (sanitized: memory is filled with blanks). */
static void an_empty_list_of_recipients_says_nothing_new(void **state _unused_)
{
	static const char *const empty[] = {"", " ", " \t ,", ",,", " \n\t\n "};

	for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
		_cleanup_(quarantine_header_free) struct quarantine_header header =
		    QUARANTINE_HEADER_INIT;
		_cleanup_free_ char *text = NULL;

		assert_true(asprintf(&text, TOP TO "X-Envelope-To:%s\n" ID END MESSAGE, empty[i]) >
			    0);
		assert_int_equal(quarantine_header_parse(text, strlen(text), &header, NULL), 0);
		assert_int_equal(header.recipient_count, 2);
	}
}

/* Every beginning of a good file asks for more or is whole, and none is called damaged. */
static void a_cut_header_asks_for_more(void **state _unused_)
{
	static const char text[] = TOP TO ID ALERT END MESSAGE;
	size_t whole = strlen(TOP TO ID ALERT END);

	for (size_t size = 0; size < sizeof(text); size++) {
		_cleanup_(quarantine_header_free) struct quarantine_header header =
		    QUARANTINE_HEADER_INIT;
		_cleanup_free_ char *copy = malloc(size ? size : 1);

		memcpy(copy, text, size);
		assert_int_equal(quarantine_header_parse(copy, size, &header, NULL),
				 size > whole ? 0 : -ENODATA);
	}
}

static void refuses_everything_else(void **state _unused_)
{
	static const char *const texts[] = {
	    "\n",
	    "no field\nReceived: x\n\n",
	    TOP TO END MESSAGE,					    /* no id */
	    TOP ID END MESSAGE,					    /* no recipient */
	    TO ID END MESSAGE,					    /* no sender */
	    TOP TOP TO ID END MESSAGE,				    /* two senders */
	    TOP TO ID ID END MESSAGE,				    /* two ids */
	    TOP TO ID "Received: from c\n" END MESSAGE,		    /* not amavis's line */
	    TOP TO "X-Quarantine-ID: <../../etc>\n" END MESSAGE,    /* no id of amavis */
	    TOP TO "X-Quarantine-ID: <fUzETONCOgaX>\n" END MESSAGE, /* another one */
	    TOP "X-Envelope-To: alice@example.org\n" ID END MESSAGE,
	    TOP "X-Envelope-To: <alice@example.org\n" ID END MESSAGE,
	    TOP "X-Envelope-To: <a@b>, <>\n" ID END MESSAGE,
	    TOP "X-Envelope-To: <a\n\tb@c>\n" ID END MESSAGE,
	    TOP TO ID "\n" END MESSAGE,
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(quarantine_header_free) struct quarantine_header header =
		    QUARANTINE_HEADER_INIT;
		_cleanup_(error_clear) struct error error = ERROR_INIT;

		assert_int_equal(
		    quarantine_header_parse(texts[i], strlen(texts[i]), &header, &error), -EBADMSG);
		assert_null(header.id);
	}
}

static void makes_text_harmless(void **state _unused_)
{
	static const struct {
		const char *text, *shown, *plain;
		size_t limit;
	} cases[] = {
	    {"", "", "", 9},
	    {"plain text", "plain text", "plain text", 10},
	    {"plain text", "plain ...", "plain ...", 9},
	    {"\x1b[31mred\a", "?[31mred?", "??31mred?", 20},
	    {"a\tb\nc\r\x7f", "a?b?c??", "a?b?c??", 20},
	    {"\xc2\x9b"
	     "31m",
	     "?31m", "?31m", 20},				 /* C1: CSI in one character */
	    {"\xe2\x80\xaegnp.exe", "?gnp.exe", "?gnp?exe", 20}, /* right to left */
	    {"\xff\xc0\x80.", "???.", "???.", 20},
	    {"b\xc3\xbcro", "b\xc3\xbcro", "b\xc3\xbcro", 4},
	    {"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "\xe6\x97\xa5...", "\xe6\x97\xa5...",
	     5}, /* two columns each */
	    {"\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac", 4},
	    {"see http://evil.example. Now", "see http://evil.example. Now",
	     "see http???evil?example. Now", 40},
	    {"a\xf3\xa0\x81\x81z", "a?z", "a?z", 9}, /* tag characters */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buffer_free) struct buffer shown = BUFFER_INIT, plain = BUFFER_INIT;

		harmless_add(&shown, cases[i].text, strlen(cases[i].text), cases[i].limit);
		harmless_add_plain(&plain, cases[i].text, strlen(cases[i].text), cases[i].limit);
		assert_string_equal(buffer_text(&shown), cases[i].shown);
		assert_string_equal(buffer_text(&plain), cases[i].plain);
	}
}

static void decodes_encoded_words(void **state _unused_)
{
	static const struct {
		const char *value, *text;
	} cases[] = {
	    {" plain", " plain"},
	    {"=?utf-8?q?b=C3=BCro_1?=", "b\xc3\xbcro 1"},
	    {"=?UTF-8?B?YsO8cm8=?=", "b\xc3\xbcro"},
	    {"=?utf-8*de?Q?a?= =?utf-8?q?b?=\n =?utf-8?q?c?= d", "abc d"},
	    {"x =?iso-8859-1?q?=FC?= y", "x \xc3\xbc y"},
	    {"=?windows-1252?q?=80=E4?=", "?\xc3\xa4"},
	    {"=?koi8-r?q?=C1?= x", "=?koi8-r?q?=C1?= x"},
	    {"=?utf-8?x?abc?=", "=?utf-8?x?abc?="},
	    {"=?utf-8?q?no end", "=?utf-8?q?no end"},
	    {"=?utf-8?q?", "=?utf-8?q?"},
	    {"a = b =? c", "a = b =? c"},
	    {"folded\n\t line ", "folded line"},
	    {"=?utf-8?q?=1b[0m=zz=?=", "\x1b[0m=zz="},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

		harmless_decode(&text, cases[i].value, strlen(cases[i].value));
		assert_string_equal(buffer_text(&text), cases[i].text);
	}
}

static void checks_addresses(void **state _unused_)
{
	assert_true(quarantine_address_is_valid(""));
	assert_true(quarantine_address_is_valid("alice@example.org"));
	assert_true(quarantine_address_is_valid("\"a > b\\\"\"@example.org"));
	assert_true(quarantine_address_is_valid("\"a\033\"@example.org"));
	assert_false(quarantine_address_is_valid("a b@example.org"));
	assert_false(quarantine_address_is_valid("a\033@example.org"));
	assert_false(quarantine_address_is_valid("\"a\nb\"@example.org"));
	assert_false(quarantine_address_is_valid("a@b>\r\nDATA"));
	assert_false(quarantine_address_is_valid("\"a\\\nRCPT TO:<x@y>\\\n\"@b"));
	assert_false(quarantine_address_is_valid("\"a\\\r\"@b"));
	assert_false(quarantine_address_is_valid("\"a\r\n\"@b"));
	assert_false(quarantine_address_is_valid("\"open@b"));
	assert_false(quarantine_address_is_valid("a@b,c@d"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parses_what_amavis_writes),
	    cmocka_unit_test(parses_a_long_and_an_odd_sender),
	    cmocka_unit_test(only_who_did_not_get_it_is_a_recipient),
	    cmocka_unit_test(an_empty_list_of_recipients_says_nothing_new),
	    cmocka_unit_test(a_cut_header_asks_for_more),
	    cmocka_unit_test(refuses_everything_else),
	    cmocka_unit_test(makes_text_harmless),
	    cmocka_unit_test(decodes_encoded_words),
	    cmocka_unit_test(checks_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
