// SPDX-License-Identifier: GPL-3.0-or-later
#include "test.h"

#include "probe/message.h"

static void compose(enum message_kind kind, struct message *message)
{
	*message = MESSAGE_INIT;
	assert_int_equal(message_compose(kind, "a@b", message), 0);
	assert_non_null(strstr(message->text.data, message->id));
}

/* Lines end in CR LF, are at most 998 long, and no NUL is in them. */
static void check_wire_format(const struct message *message)
{
	size_t line = 0;

	for (size_t i = 0; i < message->text.size; i++) {
		char c = message->text.data[i];

		assert_int_not_equal(c, '\0');
		if (c == '\n')
			assert_int_equal(message->text.data[i - 1], '\r');
		line = c == '\n' ? 0 : line + 1;
		assert_true(line <= 999);
	}
	assert_int_equal(line, 0);
}

static void composes_messages_that_can_be_sent(void **state _unused_)
{
	static const enum message_kind kinds[] = {MESSAGE_PLAIN, MESSAGE_SPAM, MESSAGE_VIRUS};
	char *ids[ARRAY_SIZE(kinds)];

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_(message_free) struct message message;

		compose(kinds[i], &message);
		check_wire_format(&message);
		ids[i] = strdup(message.id);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(ids[i], ids[j]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		free(ids[i]);
}

static void the_plain_message_tries_the_path(void **state _unused_)
{
	_cleanup_(message_free) struct message message;

	compose(MESSAGE_PLAIN, &message);
	assert_non_null(strstr(message.text.data, "\r\n.\r\n"));
	assert_non_null(strstr(message.text.data, "\r\n..\r\n"));
	assert_non_null(strstr(message.text.data, "\xc3\xbc"));
	assert_non_null(strstr(message.text.data, " \t\r\n"));
}

/* The strings that scanners know, in two halves: this program must not hold them
 * either. */
static void the_test_strings_are_right(void **state _unused_)
{
	_cleanup_(message_free) struct message spam;
	_cleanup_(message_free) struct message virus;
	char wanted[128];

	compose(MESSAGE_SPAM, &spam);
	snprintf(wanted, sizeof(wanted), "\r\n%s%s\r\n", "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-",
		 "STANDARD-ANTI-UBE-TEST-EMAIL*C.34X");
	assert_non_null(strstr(spam.text.data, wanted));

	/* base64 of the 68 bytes, broken at 76 */
	compose(MESSAGE_VIRUS, &virus);
	snprintf(wanted, sizeof(wanted), "\r\n%s%s\r\n%s\r\n--",
		 "WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJ", "Q0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNU",
		 "LUZJTEUhJEgrSCo=");
	assert_non_null(strstr(virus.text.data, wanted));
}

static bool program_holds(const char *program, size_t size, const char *half, const char *rest)
{
	char whole[128];

	snprintf(whole, sizeof(whole), "%s%s", half, rest);
	return memmem(program, size, whole, strlen(whole)) != NULL;
}

static void the_program_holds_none_of_them(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *program = NULL;
	size_t size;

	assert_int_equal(file_read("/proc/self/exe", 64 << 20, &program, &size, &error), 0);
	assert_false(program_holds(program, size, "EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE"));
	assert_false(program_holds(program, size, "*GTUBE-STANDARD-", "ANTI-UBE-TEST-EMAIL*"));
	assert_false(program_holds(program, size, "WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJ",
				   "Q0FSLVNUQU5E"));
}

static bool arrives(const struct message *message, const char *header, const char *body,
		    size_t *difference)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_addf(&text, "Received: by x\r\n%s\r\n%s", header, body);
	return message_matches(message, text.data, text.size, difference);
}

static void compares_bodies_to_the_byte(void **state _unused_)
{
	_cleanup_(message_free) struct message message;
	_cleanup_free_ char *header = NULL, *body = NULL, *changed = NULL;
	size_t difference = 0;
	char *end;

	compose(MESSAGE_PLAIN, &message);
	end = strstr(message.text.data, "\r\n\r\n");
	header = strndup(message.text.data, (size_t)(end + 2 - message.text.data));
	body = strdup(end + 4);
	assert_true(arrives(&message, header, body, NULL));
	assert_false(arrives(&message, "Message-ID: <other>\r\n", body, NULL));
	assert_int_equal(asprintf(&changed, "%s\r\n", body), strlen(body) + 2);
	assert_false(arrives(&message, header, changed, &difference));
	assert_int_equal(difference, strlen(body));
	changed[10] ^= 0x80;
	assert_false(arrives(&message, header, changed, &difference));
	assert_int_equal(difference, 10);
	changed[10] = '\0';
	assert_false(arrives(&message, header, changed, &difference));
	assert_false(message_matches(&message, "", 0, NULL));
	assert_false(message_matches(&message, header, strlen(header), NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(composes_messages_that_can_be_sent),
	    cmocka_unit_test(the_plain_message_tries_the_path),
	    cmocka_unit_test(the_test_strings_are_right),
	    cmocka_unit_test(the_program_holds_none_of_them),
	    cmocka_unit_test(compares_bodies_to_the_byte),
	};

	return cmocka_run_group_tests_name("probe messages", tests, NULL, NULL);
}
