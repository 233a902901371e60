// SPDX-License-Identifier: GPL-3.0-or-later
/* The self-test's verifier: what the filter has signed is good, and whatever is changed of it, bit
 * for bit, is not. */
#include "test.h"

#include <errno.h>

#include "base/buffer.h"
#include "dkim/verify.h"
#include "dkim_message.h"

#define BOTH (1u << DKIM_RSA | 1u << DKIM_ED25519)

static int verify(const char *text, size_t size, const char *state, unsigned algorithms)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	json_t *published = dkim_published(state);
	int result = dkim_verify(text, size, published, algorithms, &error);

	json_decref(published);
	assert_true((result < 0) == (error.code < 0));
	return result;
}

static void test_a_good_one(void **state _unused_)
{
	assert_int_equal(verify(dkim_message, sizeof(dkim_message) - 1, "current", BOTH), 0);
	assert_int_equal(verify(dkim_message, sizeof(dkim_message) - 1, "next", BOTH), -EBADMSG);
}

/* What is not signed may change: lines on top, blanks in a header line. */
static void test_what_may_change(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_add_text(&text, "Received: by a\r\n\twith b\r\nX-Spam-Flag: NO\r\n");
	buffer_add_text(&text, dkim_message);
	buffer_add_text(&text, "\r\n\r\n");
	assert_int_equal(verify(buffer_text(&text), text.size, "current", BOTH), 0);
}

static void test_a_line_more(void **state _unused_)
{
	static const char *const lines[] = {"From: b@example.org\r\n", "Cc: a@b.example\r\n",
					    "Subject: b\r\n", "Content-Type: text/html\r\n",
					    "Date: Mon, 1 Jan 2024 00:00:00 +0000\r\n"};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

		buffer_add_text(&text, lines[i]);
		buffer_add_text(&text, dkim_message);
		if (verify(buffer_text(&text), text.size, "current", BOTH) == 0)
			fail_msg("good with %s", lines[i]);
	}
}

/* No byte from the first signed line on may be another: of the signatures it may be a blank. */
static void test_every_byte(void **state _unused_)
{
	const char *from = strstr(dkim_message, "\r\nSubject: ") + 2;
	_cleanup_free_ char *text = strdup(dkim_message);

	for (size_t i = (size_t)(from - dkim_message); i < sizeof(dkim_message) - 1; i++) {
		text[i] ^= 1;
		if (verify(text, sizeof(dkim_message) - 1, "current", BOTH) == 0 &&
		    strncasecmp(text + i, dkim_message + i, 1) != 0)
			fail_msg("good with another byte %zu: %.20s", i, dkim_message + i);
		text[i] ^= 1;
	}
}

static void test_cut_off(void **state _unused_)
{
	const char *body = strstr(dkim_message, "\r\n\r\n") + 4;

	/* empty lines at the end may go */
	for (size_t size = 0; size <= (size_t)(body - dkim_message); size += 7)
		assert_int_equal(verify(dkim_message, size, "current", BOTH), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_good_one),	cmocka_unit_test(test_what_may_change),
	    cmocka_unit_test(test_a_line_more), cmocka_unit_test(test_every_byte),
	    cmocka_unit_test(test_cut_off),
	};

	return cmocka_run_group_tests_name("DKIM of the self-test", tests, NULL, NULL);
}
