// SPDX-License-Identifier: GPL-3.0-or-later
/* What two copies of a mailbox are compared by, and what lies beside a mailbox. */
#include "test.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_file.h"
#include "mailbox/compare.h"

#define FOLDER "304d702632e00d6be3010000c17ffdbc"
#define MESSAGE(folder, uid, guid, flags, date, size, bytes)                                       \
	"mailbox-guid: " folder "\nuid: " uid "\nguid: " guid "\nflags: " flags                    \
	"\ndate.received.unixtime: " date "\nsize.virtual: " size "\nsize.physical: " bytes "\n"
#define PAGE  "\f\n"
#define OTHER "f04d702632e00d6be3010000c17ffdbc"

/* ---- Messages ---- */

/* In pieces of so many bytes. */
static int read_rows(struct rows *rows, const char *said, size_t piece, bool with_text,
		     struct error *error)
{
	size_t size = strlen(said);

	*rows = ROWS_INIT;
	rows->with_text = with_text;
	for (size_t at = 0; at < size; at += piece)
		if (rows_take(rows, said + at, size - at < piece ? size - at : piece, error) < 0)
			return -1;
	return rows_end(rows, error);
}

static void a_text_is_read_whatever_is_in_it(void **state _unused_)
{
	static const char said[] =
	    MESSAGE(FOLDER, "2", "g2", "\\Seen", "7", "9",
		    "9") "text:\nab\f\nc\n\f\n\t" PAGE MESSAGE(FOLDER, "1", "g1", "", "7", "0",
							       "0") "text:\n";

	for (size_t piece = 1; piece < sizeof(said); piece++) {
		_cleanup_(rows_free) struct rows rows;

		assert_int_equal(read_rows(&rows, said, piece, true, NULL), 0);
		assert_int_equal(rows.count, 2);
		assert_int_equal(rows.list[0].uid, 1);
		assert_int_equal(rows.list[1].uid, 2);
		assert_int_equal(rows.bytes, 9);
		assert_string_not_equal(rows.list[0].text, rows.list[1].text);
	}
}

static void assert_same(const char *one, const char *other, bool same_text, bool same_about)
{
	for (size_t piece = 1; piece < 9; piece++) {
		_cleanup_(rows_free) struct rows a, b;
		const char *what = NULL;

		assert_int_equal(read_rows(&a, one, piece, true, NULL), 0);
		assert_int_equal(read_rows(&b, other, 100, true, NULL), 0);
		assert_int_equal(strcmp(a.list[0].text, b.list[0].text) == 0, same_text);
		assert_int_equal(rows_differ(&a, &b, &what) == NULL, same_about);
	}
}

#define ONE(flags, date, size, bytes, text)                                                        \
	MESSAGE(FOLDER, "1", "g", flags, date, size, bytes) "text:\n" text

static void each_thing_is_compared(void **state _unused_)
{
	static const char whole[] = ONE("\\Seen kw $Junk", "7", "8", "6", "a\nb\nc\n");

	assert_same(whole, whole, true, true);
	assert_same(whole, ONE("$Junk \\Recent kw \\Seen", "7", "8", "6", "a\nb\nc\n"), true, true);
	assert_same(whole, ONE("\\Seen kw", "7", "8", "6", "a\nb\nc\n"), true, false);
	assert_same(whole, ONE("\\Seen kw $Junk", "8", "8", "6", "a\nb\nc\n"), true, false);
	assert_same(whole, ONE("\\Seen kw $Junk", "7", "9", "6", "a\nb\nc\n"), true, false);
	assert_same(whole, ONE("\\Seen kw $Junk", "7", "8", "6", "a\nb\nd\n"), false, true);
}

/* A line may end either way on the disk; IMAP shows both alike. */
static void the_end_of_a_line_is_one(void **state _unused_)
{
	assert_same(ONE("", "7", "8", "6", "a\nb\nc\n"), ONE("", "7", "8", "9", "a\r\nb\r\nc\r\n"),
		    true, true);
	assert_same(ONE("", "7", "8", "4", "a\r\rb"), ONE("", "7", "8", "3", "a\rb"), false, true);
	assert_same(ONE("", "7", "8", "2", "a\r"), ONE("", "7", "8", "1", "a"), false, true);
	assert_same(ONE("", "7", "8", "3", "\xff\xe4z"), ONE("", "7", "8", "3", "\xfe\xe4z"), false,
		    true);
}

static void one_that_is_missing_is_found(void **state _unused_)
{
	static const char one[] = MESSAGE(FOLDER, "1", "g", "", "7", "8", "6");
	static const char two[] = MESSAGE(FOLDER, "1", "g", "", "7", "8", "6")
	    PAGE MESSAGE(OTHER, "1", "h", "", "7", "8", "6");
	_cleanup_(rows_free) struct rows a, b;
	const char *what = NULL;

	assert_int_equal(read_rows(&a, two, 7, false, NULL), 0);
	assert_int_equal(read_rows(&b, one, 7, false, NULL), 0);
	assert_string_equal(rows_differ(&a, &b, &what)->folder, OTHER);
	assert_string_equal(what, "is missing");
	assert_string_equal(rows_differ(&b, &a, &what)->folder, OTHER);
	assert_non_null(rows_find(&a, OTHER, 1));
	assert_null(rows_find(&b, OTHER, 1));
}

static void what_is_no_message_is_refused(void **state _unused_)
{
	static const char *const said[] = {
	    "Error: x\n",
	    "mailbox-guid: " FOLDER "\nuid: 1\n",
	    "mailbox-guid: " FOLDER "\nguid: 1\n",
	    MESSAGE("short", "1", "g", "", "7", "8", "1") "text:\nx",
	    MESSAGE(FOLDER, "0", "g", "", "7", "8", "1") "text:\nx",
	    MESSAGE(FOLDER, "4294967296", "g", "", "7", "8", "1") "text:\nx",
	    MESSAGE(FOLDER, "1", "g", "", "7", "8", "-1") "text:\nx",
	    MESSAGE(FOLDER, "1", "g", "", "7", "8", "1") "x\n",
	    MESSAGE(FOLDER, "1", "g", "", "7", "8", "1") "text:\nxy\n",
	    MESSAGE(FOLDER, "1", "g", "", "7", "8", "1") "text:\nx" PAGE,
	    MESSAGE(FOLDER, "1", "g", "", "7", "8", "2") "text:\nx",
	    ONE("", "7", "8", "1", "x") ONE("", "7", "8", "1", "x")};

	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		_cleanup_(rows_free) struct rows rows;
		_cleanup_(error_clear) struct error error = ERROR_INIT;

		if (read_rows(&rows, said[i], 3, true, &error) == 0)
			fail_msg("taken: %s", said[i]);
		assert_true(error_text(&error)[0] != '\0');
	}
}

/* ---- Folders ---- */

static int compare(const char *from, const char *to)
{
	_cleanup_json_ json_t *a = NULL, *b = NULL;

	assert_int_equal(compare_read_folders(from, strlen(from), &a, NULL), 0);
	assert_int_equal(compare_read_folders(to, strlen(to), &b, NULL), 0);
	return compare_folders(a, b, NULL);
}

#define FOLDERS	      "mailbox\tmessages\tuidnext\tuidvalidity\thighestmodseq\tguid\n"
#define WORK(numbers) FOLDERS "Work\t" numbers "\t" FOLDER "\n"

static void folders_are_compared(void **state _unused_)
{
	static const char whole[] = WORK("3\t9\t1796071475\t83");

	assert_int_equal(compare(whole, whole), 0);
	assert_int_equal(compare(whole, WORK("3\t10\t1796071475\t84")), 0);
	assert_int_equal(compare(whole, WORK("4\t9\t1796071475\t83")), -EILSEQ);
	assert_int_equal(compare(whole, WORK("3\t8\t1796071475\t83")), -EILSEQ);
	assert_int_equal(compare(whole, WORK("3\t9\t1796071476\t83")), -EILSEQ);
	assert_int_equal(compare(whole, WORK("3\t9\t1796071475\t82")), -EILSEQ);
	assert_int_equal(compare(whole, FOLDERS "work\t3\t9\t1796071475\t83\t" FOLDER "\n"),
			 -EILSEQ);
	assert_int_equal(compare(whole, FOLDERS "Work\t3\t9\t1796071475\t83\t" OTHER "\n"),
			 -EILSEQ);
	assert_int_equal(compare(whole, FOLDERS), -EILSEQ);
	assert_int_equal(compare(FOLDERS, whole), -EILSEQ);
}

static void what_is_no_folder_is_refused(void **state _unused_)
{
	static const char *const said[] = {"", "Error\n", FOLDERS "Work\t3\n",
					   FOLDERS "Work\tx\t9\t1\t83\t" FOLDER "\n",
					   FOLDERS "Work\t3\t9\t1\t83\tshort\n"};

	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		_cleanup_json_ json_t *folders = NULL;

		assert_int_equal(compare_read_folders(said[i], strlen(said[i]), &folders, NULL),
				 -EBADMSG);
	}
}

/* ---- Homes ---- */

static void a_home_is_below_the_mail(void **state _unused_)
{
	static const char *const none[] = {"",	     "a",     "@b",    "a@", "../x@b",
					   "a@../b", "a/b@c", "a@b@c", ".@b"};
	_cleanup_free_ char *home = mailbox_home("o'neil+x@example.org");

	assert_string_equal(home, "/var/vmail/example.org/o'neil+x");
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_null(mailbox_home(none[i]));
}

static bool is_there(const char *name)
{
	return file_exists(name);
}

static void a_copy_that_was_broken_off_goes_and_no_mailbox(void **state)
{
	const struct mailbox_format *mdbox = mailbox_format_find("mdbox");
	_cleanup_json_ json_t *aside = json_array();
	unsigned count;

	assert_int_equal(chdir(*state), 0);
	/* It was a mailbox once. */
	assert_int_equal(file_make_folders("mdbox/storage", 0700, NULL), 0);
	assert_int_equal(mailbox_begin_copy(".", mdbox, 1800000000, NULL), 0);
	assert_true(is_there("mdbox.before-20270115080000/storage"));
	assert_true(is_there(".postcask-copy-mdbox"));
	/* It is a copy now. */
	assert_int_equal(file_make_folders("mdbox/storage", 0700, NULL), 0);
	assert_int_equal(mailbox_begin_copy(".", mdbox, 1800000000, NULL), 0);
	assert_false(is_there("mdbox"));
	assert_int_equal(file_make_folders("mdbox/storage", 0700, NULL), 0);
	assert_int_equal(mailbox_end_copy(".", mdbox, NULL), 0);
	assert_int_equal(mailbox_drop_copy(".", mdbox, NULL), 0);
	assert_true(is_there("mdbox/storage"));
	/* Two in a second. */
	assert_int_equal(mailbox_put_aside(".", mdbox, 1800000000, NULL), 0);
	assert_true(is_there("mdbox.before-20270115080000-1"));
	assert_int_equal(mailbox_list_aside(".", aside, NULL), 0);
	assert_int_equal(json_array_size(aside), 2);
	assert_int_equal(json_number(json_array_get(aside, 0), "since"), 1800000000);
	assert_int_equal(mailbox_forget(".", 1800000000, &count, NULL), 0);
	assert_int_equal(count, 0);
	assert_int_equal(file_make_folders("Maildir.before-not", 0700, NULL), 0);
	assert_int_equal(mailbox_forget(".", 1800000001, &count, NULL), 0);
	assert_int_equal(count, 2);
	assert_true(is_there("Maildir.before-not"));
}

static void who_shares_is_known(void **state)
{
	bool shared;

	assert_int_equal(chdir(*state), 0);
	assert_int_equal(mailbox_is_shared(".", &mailbox_formats[0], &shared, NULL), 0);
	assert_false(shared);
	assert_int_equal(file_make_folders("Maildir/.Work", 0700, NULL), 0);
	assert_int_equal(
	    file_replace("Maildir/.Work/dovecot-acl", "", 0, 0600, (uid_t)-1, (gid_t)-1, NULL), 0);
	assert_int_equal(mailbox_is_shared(".", &mailbox_formats[0], &shared, NULL), 0);
	assert_false(shared);
	assert_int_equal(
	    file_replace("Maildir/.Work/dovecot-acl", "x", 1, 0600, (uid_t)-1, (gid_t)-1, NULL), 0);
	assert_int_equal(mailbox_is_shared(".", &mailbox_formats[0], &shared, NULL), 0);
	assert_true(shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_text_is_read_whatever_is_in_it),
	    cmocka_unit_test(each_thing_is_compared),
	    cmocka_unit_test(the_end_of_a_line_is_one),
	    cmocka_unit_test(one_that_is_missing_is_found),
	    cmocka_unit_test(what_is_no_message_is_refused),
	    cmocka_unit_test(folders_are_compared),
	    cmocka_unit_test(what_is_no_folder_is_refused),
	    cmocka_unit_test(a_home_is_below_the_mail),
	    folder_test(a_copy_that_was_broken_off_goes_and_no_mailbox),
	    folder_test(who_shares_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
