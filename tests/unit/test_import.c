// SPDX-License-Identifier: GPL-3.0-or-later
#include "test.h"

#include <errno.h>
#include <string.h>

#include "import/flags.h"
#include "import/folder.h"
#include "import/list.h"
#include "import/mbox.h"
#include "import/message.h"
#include "import/words.h"

/* A response as the reader leaves it: `literal` stands where "^" does. */
static struct imap_response response_of(const char *text, const char *literal)
{
	struct imap_response response = IMAP_RESPONSE_INIT;
	const char *place = literal ? strchr(text, '^') : NULL;

	if (!place) {
		buffer_add_text(&response.text, text);
		return response;
	}
	buffer_add(&response.text, text, (size_t)(place - text));
	response.literals = 1;
	response.literal_at = response.text.size;
	response.literal_size = strlen(literal);
	buffer_add_text(&response.text, literal);
	buffer_add_text(&response.text, place + 1);
	return response;
}

static bool fetched_of(const char *text, const char *literal, struct fetched *ret, char *body)
{
	struct imap_response response = response_of(text, literal);
	bool good = words_fetch(&response, ret);

	if (good)
		slice_copy(ret->body, body, 64);
	imap_response_free(&response);
	return good;
}

static void reads_a_message(void **state _unused_)
{
	struct fetched fetched;
	char body[64];

	assert_true(fetched_of("* 12 FETCH (UID 7 FLAGS (\\Seen $x) RFC822.SIZE 9 INTERNALDATE "
			       "\" 1-Jan-2020 02:00:00 +0100\" "
			       "BODY[HEADER.FIELDS (DATE FROM)] ^ MODSEQ (4))",
			       ")(\"\r\n", &fetched, body));
	assert_int_equal(fetched.uid, 7);
	assert_int_equal(fetched.size, 9);
	assert_int_equal(fetched.date, 1577840400);
	assert_string_equal(body, ")(\"\r\n");
	assert_true(fetched_of("* 1 fetch (BODY[] NIL uid 4294967295)", NULL, &fetched, body));
	assert_true(fetched.has_body && fetched.body.size == 0);
	assert_int_equal(fetched.uid, 4294967295);
	assert_true(fetched_of("* 1 FETCH (BODY[] \"\" ENVELOPE (\"a)\" (NIL)) UID 3)", NULL,
			       &fetched, body));
	assert_int_equal(fetched.uid, 3);
}

static void refuses_what_is_no_message(void **state _unused_)
{
	static const char *const broken[] = {
	    "",
	    "*",
	    "* 1 FETCH",
	    "* 1 FETCH (",
	    "* 1 FETCH (UID 7",
	    "* 1 FETCH (UID 4294967296)",
	    "* 1 FETCH (UID x)",
	    "* 1 FETCH (UID -1)",
	    "* 1 FETCH (FLAGS \\Seen)",
	    "* 1 FETCH (FLAGS (\\Seen)",
	    "* 1 FETCH (INTERNALDATE \"1-Jan-2020)",
	    "* 1 FETCH (BODY[HEADER (A)",
	    "* 1 FETCH (BODY[])",
	    "* 1 EXPUNGE",
	    "* x FETCH (UID 1)",
	    "* 99999999999 FETCH (UID 1)",
	};
	struct fetched fetched;
	char body[64];

	for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
		assert_false(fetched_of(broken[i], NULL, &fetched, body));
}

static void reads_folders(void **state _unused_)
{
	static const struct {
		const char *text, *literal, *name;
		char separator;
		enum folder_use use;
		bool no_messages;
	} cases[] = {
	    {"* LIST (\\HasNoChildren \\Sent) \"/\" \"Sent Items\"", NULL, "Sent Items", '/',
	     USE_SENT, false},
	    {"* LIST (\\Noselect) \".\" ^", "a \"b\"", "a \"b\"", '.', USE_NONE, true},
	    {"* LIST () NIL INBOX", NULL, "INBOX", '\0', USE_NONE, false},
	    {"* LIST (\\All) \"\\\\\" \"a\\\"\\\\b\"", NULL, "a\"\\b", '\\', USE_ALL, false},
	};
	struct listed listed;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct imap_response response = response_of(cases[i].text, cases[i].literal);

		assert_true(words_list(&response, "LIST", &listed));
		assert_string_equal(listed.name, cases[i].name);
		assert_int_equal(listed.separator, cases[i].separator);
		assert_int_equal(listed.use, cases[i].use);
		assert_int_equal(listed.no_messages, cases[i].no_messages);
		free(listed.name);
		imap_response_free(&response);
	}
}

static void reads_namespaces(void **state _unused_)
{
	struct imap_response response = response_of(
	    "* NAMESPACE ((\"INBOX.\" \".\")(\"x\" \"y\")) ((\"user.\" \".\" \"X\" (\"a\"))) "
	    "((\"Public/\" \"/\"))",
	    NULL);
	char *own, *others;

	assert_true(words_namespace(&response, &own, &others));
	assert_string_equal(own, "INBOX.");
	assert_string_equal(others, "user.\nPublic/\n");
	free(own);
	free(others);
	imap_response_free(&response);
}

static void writes_dates_as_it_reads_them(void **state _unused_)
{
	char text[DATE_TEXT];

	date_format(1577840400, text);
	assert_string_equal(text, "01-Jan-2020 01:00:00 +0000");
	assert_int_equal(date_parse(slice_of(text)), 1577840400);
	assert_int_equal(date_parse(SLICE("yesterday")), DATE_NONE);
	date_format(DATE_NONE, text);
	assert_string_equal(text, "");
}

/* ---- Folders ---- */

static void maps_folders(void **state _unused_)
{
	static const struct {
		const char *there;
		char separator;
		enum folder_use use;
		const char *here, *into_old;
	} cases[] = {
	    {"INBOX", '.', USE_NONE, "INBOX", "Old"},
	    {"INBOX.Sent Items", '.', USE_NONE, "Sent", "Old/Sent Items"},
	    {"INBOX.Deleted Items", '.', USE_TRASH, "Trash", "Old/Deleted Items"},
	    {"INBOX.Trash", '.', USE_NONE, "Trash",
	     "Old/Trash"}, /* another one says that it is it */
	    {"INBOX.Work.2020", '.', USE_NONE, "Work/2020", "Old/Work/2020"},
	    {"INBOX.a/b", '.', USE_NONE, "a_b", "Old/a_b"},
	    {"INBOX.Entw&APw-rfe", '.', USE_NONE, "Drafts", "Old/Entw&APw-rfe"},
	    {"Public.x", '.', USE_NONE, NULL, NULL},
	    {"INBOX.a..b", '.', USE_NONE, NULL, NULL},
	    {"INBOX.a\nb", '.', USE_NONE, NULL, NULL},
	};
	struct folders folders = FOLDERS_INIT;

	folders.own_prefix = strdup("INBOX.");
	folders.others_prefixes = strdup("Public.\n");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(folders_add(&folders, strdup(cases[i].there), cases[i].separator,
					     cases[i].use, false, NULL),
				 0);
	for (int into = 0; into < 2; into++) {
		assert_int_equal(folders_map(&folders, into ? "Old" : NULL, NULL), 0);
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			const char *wanted = into ? cases[i].into_old : cases[i].here;

			if (wanted)
				assert_string_equal(folders.list[i].here, wanted);
			else
				assert_null(folders.list[i].here);
		}
	}
	folders_sort(&folders);
	assert_string_equal(folders.list[0].there, "INBOX");
	assert_string_equal(folders.list[1].there, "INBOX.Deleted Items");
	folders_free(&folders);
}

static void writes_names_in_utf7(void **state _unused_)
{
	static const struct {
		const char *utf8, *utf7;
	} cases[] = {{"Entw\xc3\xbcrfe", "Entw&APw-rfe"},
		     {"a & b", "a &- b"},
		     {"\xe5\x8f\xb0\xe5\x8c\x97", "&U,BTFw-"},
		     {"\xf0\x9f\x93\xac!", "&2D3c7A-!"},
		     {"", ""}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *utf7 = folder_utf7(cases[i].utf8), *utf8 = folder_utf8(cases[i].utf7);

		assert_string_equal(utf7, cases[i].utf7);
		assert_string_equal(utf8, cases[i].utf8);
		free(utf7);
		free(utf8);
	}
	assert_null(folder_utf7("\xff"));
}

static void leaves_what_is_no_utf7(void **state _unused_)
{
	static const char *const broken[] = {"a&b", "&*-", "&2D3-", "&3Kw-"};

	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		char *utf8 = folder_utf8(broken[i]);

		assert_string_equal(utf8, broken[i]);
		free(utf8);
	}
}

/* ---- Messages ---- */

static void key_of(const char *header, int64_t date, unsigned char ret[MESSAGE_KEY])
{
	message_key(slice_of(header), date, ret);
}

static void keys_are_of_what_is_said_and_not_how(void **state _unused_)
{
	unsigned char one[MESSAGE_KEY], other[MESSAGE_KEY];

	key_of("Message-ID: <1@x>\r\nSubject: a\r\n  b\r\nX: 1\r\n\r\nbody", 1, one);
	key_of("subject:a b\nMESSAGE-ID :<1@x>\n", 2, other);
	assert_memory_equal(one, other, MESSAGE_KEY);
	key_of("Message-ID: <1@x>\r\nSubject: a\r\n b c\r\n", 1, other);
	assert_memory_not_equal(one, other, MESSAGE_KEY);
	key_of("Subject: a\r\n", 1, one);
	key_of("Subject: a\r\n", 2, other);
	assert_memory_not_equal(one, other, MESSAGE_KEY);
	key_of("\r\nMessage-ID: <1@x>\r\n", 1, one);
	key_of("", 1, other);
	assert_memory_equal(one, other, MESSAGE_KEY);
}

static void add(struct messages *messages, unsigned char key, uint64_t size)
{
	const struct message message = {
	    .key = {key}, .size = size, .number = (uint32_t)messages->count + 1};

	assert_int_equal(messages_add(messages, &message, NULL), 0);
}

static void pairs_are_as_many_as_there_are_on_both_sides(void **state _unused_)
{
	struct messages there = MESSAGES_INIT, here = MESSAGES_INIT;
	size_t at = 0;

	add(&there, 1, 10);
	add(&there, 1, 10);
	add(&there, 2, 10);
	add(&there, 3, 11);
	add(&here, 3, 12);
	add(&here, 1, 10);
	add(&here, 2, 10);
	assert_int_equal(messages_match(&there, &here), 2);
	assert_int_equal(messages_match(&there, &here), 2); /* marks are of the last time */
	assert_int_equal(messages_bytes(&there, false), 41);
	assert_int_equal(messages_bytes(&there, true), 20);
	assert_int_equal(messages_next_of_size(&here, 12, &at)->key[0], 3);
	assert_null(messages_next_of_size(&here, 12, &at));
	messages_free(&there);
	messages_free(&here);
}

static void messages_are_kept_with_their_line_ends(void **state _unused_)
{
	struct buffer buffer = BUFFER_INIT;
	struct slice normal;

	assert_false(message_normal(SLICE("a\r\nb\n\nc"), &buffer, &normal));
	assert_true(slice_equal(normal, SLICE("a\r\nb\r\n\r\nc")));
	assert_int_equal(message_normal_size(SLICE("a\r\nb\n\nc")), normal.size);
	assert_true(message_normal(SLICE("a\0b"), &buffer, &normal));
	assert_true(slice_equal(normal, SLICE("a\x80"
					      "b")));
	assert_false(message_normal(SLICE("\n"), &buffer, &normal));
	assert_int_equal(normal.size, 2);
	buffer_free(&buffer);
}

/* ---- mbox ---- */

static void takes_an_mbox_apart(void **state _unused_)
{
	static const char text[] =
	    "From a@b Wed Jan  1 01:00:00 2020\nSubject: one\nStatus: RO\nX-Status: AF\n\n"
	    ">From here\n>>From there\nFrom inside\n> From\n\n"
	    "From - Wed Jan 01 02:00:00 2020 +0100\r\nX-Mozilla-Status: 0001\r\n"
	    "Subject: two\r\n\r\n\r\n"
	    "From x@y Wed Jan  1 01:00:00 2020\n"
	    "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\n\nx\n";
	static const struct {
		const char *bytes, *flags;
	} wanted[] = {
	    {"Subject: one\n\nFrom here\n>From there\nFrom inside\n> From\n",
	     "\\Seen \\Answered \\Flagged "},
	    {"Subject: two\r\n\r\n", "\\Seen "},
	};
	struct slice rest = slice_of(text), raw;
	struct buffer bytes = BUFFER_INIT, flags = BUFFER_INIT;
	int64_t date;

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		buffer_reset(&bytes);
		buffer_reset(&flags);
		assert_true(mbox_next(&rest, &raw));
		assert_true(mbox_message(raw, &bytes, &flags, &date));
		assert_string_equal(buffer_text(&bytes), wanted[i].bytes);
		assert_string_equal(buffer_text(&flags), wanted[i].flags);
		assert_int_equal(date, 1577840400);
	}
	assert_true(mbox_next(&rest, &raw));
	assert_false(mbox_message(raw, &bytes, &flags, &date));
	assert_false(mbox_next(&rest, &raw));
	buffer_free(&bytes);
	buffer_free(&flags);
}

static void keeps_flags_that_can_be(void **state _unused_)
{
	struct buffer kept = BUFFER_INIT;

	flags_keep(SLICE("\\Seen \\Recent \\evil $Forwarded a\"b a(b  NonJunk x\x01"), &kept);
	assert_string_equal(buffer_text(&kept), "\\Seen $Forwarded NonJunk");
	buffer_reset(&kept);
	flags_of_maildir(SLICE("FRSTDPx"), &kept);
	assert_string_equal(buffer_text(&kept),
			    "\\Flagged \\Answered \\Seen \\Deleted \\Draft $Forwarded ");
	buffer_free(&kept);
}

/* ---- Lists of people ---- */

static void reads_lists(void **state _unused_)
{
	struct list list = LIST_INIT;

	assert_int_equal(list_parse(SLICE("# who\r\na@b,old,a,pw\r\n\n"
					  "c@d,old,\"c,1\",\"p\"\"w\xc3\xbc,\""),
				    "f", &list, NULL),
			 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.lines[0].password, "pw");
	assert_string_equal(list.lines[1].login, "c,1");
	assert_string_equal(list.lines[1].password, "p\"w\xc3\xbc,");
	list_free(&list);
}

static void refuses_a_list_for_one_line(void **state _unused_)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
	    {"a@b,h,l,p\nc@d,h,l\n", "f:2: write four fields: user,host,login,password"},
	    {"a@b,h,l,p,q", "f:1: there are more than four fields; put one with a comma in "
			    "quotation marks"},
	    {"a@b,h,l,", "f:1: a field is empty"},
	    {"a@b,h,l,\"p", "f:1: a quotation mark is not closed"},
	    {"a@b,h,\"l\"x,p", "f:1: after a closing quotation mark there is no comma"},
	    {"a,h,l,p", "f:1: the user is no address, such as alice@example.org"},
	    {"a@b,h,l,p\na@b,h,m,p", "f:2: this user stands in an earlier line too"},
	    {"a@b,h,l\x01,p", "f:1: there is a control character in it"},
	    {"\n#\n", "f: there is nobody in it"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error error = ERROR_INIT;
		struct list list = LIST_INIT;

		assert_int_equal(list_parse(slice_of(cases[i].text), "f", &list, &error), -EINVAL);
		assert_string_equal(error_text(&error), cases[i].said);
		assert_int_equal(list.count, 0);
		error_clear(&error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_a_message),
	    cmocka_unit_test(refuses_what_is_no_message),
	    cmocka_unit_test(reads_folders),
	    cmocka_unit_test(reads_namespaces),
	    cmocka_unit_test(writes_dates_as_it_reads_them),
	    cmocka_unit_test(maps_folders),
	    cmocka_unit_test(writes_names_in_utf7),
	    cmocka_unit_test(leaves_what_is_no_utf7),
	    cmocka_unit_test(keys_are_of_what_is_said_and_not_how),
	    cmocka_unit_test(pairs_are_as_many_as_there_are_on_both_sides),
	    cmocka_unit_test(messages_are_kept_with_their_line_ends),
	    cmocka_unit_test(takes_an_mbox_apart),
	    cmocka_unit_test(keeps_flags_that_can_be),
	    cmocka_unit_test(reads_lists),
	    cmocka_unit_test(refuses_a_list_for_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
