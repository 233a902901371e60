// SPDX-License-Identifier: GPL-3.0-or-later
/* Whose index is damaged, by what Dovecot says, and how often it is made anew. */
#include "test.h"

#include <sys/stat.h>

#include "search/first.h"
#include "search/trouble.h"

#define OPEN ": Error: fts-flatcurve: fts-flatcurve(INBOX): Cannot open DB "

static bool reads(const char *line, char user[TROUBLE_USER])
{
	return trouble_read(slice_of(line), user);
}

static void a_damaged_index_is_its_users(void **state _unused_)
{
	char user[TROUBLE_USER];

	assert_true(reads("imap(alice@example.org)<755><24n/tn1h7NUKVFAB>" OPEN
			  "(RO; current.17960); DatabaseCorruptError: Couldn't read enough (EOF)",
			  user));
	assert_string_equal(user, "alice@example.org");
	assert_true(reads("indexer-worker(o'brien+x@example.org)<1><a:b>" OPEN
			  "(RW, current.1): DatabaseOpeningError: Couldn't open /var/vmail/x",
			  user));
	assert_string_equal(user, "o'brien+x@example.org");
}

static void what_passes_by_itself_is_no_damage(void **state _unused_)
{
	static const char *const lines[] = {
	    "imap(a@example.org)<1><x>" OPEN "(RW, current.1): DatabaseLockError: locked",
	    "imap(a@example.org)<1><x>" OPEN "(RO; current.1); DatabaseModifiedError: changed",
	    "imap(a@example.org)<1><x>" OPEN "(RW, c.1): DatabaseError: No space left on device",
	    "imap(a@example.org)<1><x>: Error: Mailbox INBOX: indexer failed to index mailbox",
	    "imap(a@example.org)<1><x>: Info: fts-flatcurve: x; DatabaseCorruptError: y",
	};
	char user[TROUBLE_USER];

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_false(reads(lines[i], user));
}

/* The line's first words are Dovecot's; whatever else a stranger gets into the log comes later. */
static void a_stranger_writes_no_such_line(void **state _unused_)
{
	static const char *const lines[] = {
	    "",
	    "imap(",
	    "imap()<1><x>" OPEN "(RO); DatabaseCorruptError: x",
	    "imap(../..@x)<1><x>" OPEN "(RO); DatabaseCorruptError: x",
	    "imap(a/b@example.org)<1><x>" OPEN "(RO); DatabaseCorruptError: x",
	    "imap(a@b@c)<1><x>" OPEN "(RO); DatabaseCorruptError: x",
	    "imap(-A)<1><x>" OPEN "(RO); DatabaseCorruptError: x",
	    "imap(a@b\nUSER=c@d)<1><x>" OPEN "(RO); DatabaseCorruptError: x",
	    "imap-login: Login: imap(a@example.org)<1><x>" OPEN "(RO); DatabaseCorruptError: x",
	    "lmtp(a@example.org)<1><x>: sieve: msgid=<imap(b@example.org)<1>" OPEN
	    "(RO); DatabaseCorruptError: x>",
	};
	char user[TROUBLE_USER];

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_false(reads(lines[i], user));
}

static void one_user_has_one_turn_an_hour(void **state _unused_)
{
	static struct troubles troubles;

	assert_true(trouble_due(&troubles, "a@example.org", 1000));
	assert_false(trouble_due(&troubles, "a@example.org", 1000 + TROUBLE_AGAIN_MS - 1));
	assert_true(trouble_due(&troubles, "b@example.org", 2000));
	assert_true(trouble_due(&troubles, "a@example.org", 1000 + TROUBLE_AGAIN_MS));
	assert_int_equal(troubles.count, 2);
}

static void the_memory_of_users_has_an_end(void **state _unused_)
{
	static struct troubles troubles;
	char user[TROUBLE_USER];

	for (int i = 0; i < TROUBLE_USERS + 5; i++) {
		snprintf(user, sizeof(user), "u%d@example.org", i);
		assert_true(trouble_due(&troubles, user, i));
	}
	assert_int_equal(troubles.count, TROUBLE_USERS);
	assert_false(trouble_due(&troubles, user, TROUBLE_USERS));
}

static void mailboxes_of_before_are_told_once(void **state)
{
	static const char *const folders[] = {"mail",
					      "mail/example.org",
					      "mail/example.org/a.b",
					      "mail/example.org/-x",
					      "mail/lost+found",
					      "marks"};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	char user[TROUBLE_USER], path[256];

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", (char *)*state, folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	_cleanup_free_ char *mail = file_join(*state, "mail"), *marks = file_join(*state, "marks");
	struct first first = {.mail = mail, .marks = marks};

	assert_true(first_next(&first, user));
	assert_string_equal(user, "a.b@example.org");
	assert_false(first_next(&first, user));
	assert_true(first_next(&first, user)); /* it was not said that it is done */
	assert_int_equal(first_done(&first, user, &error), 0);
	assert_false(first_next(&first, user));
	assert_false(first_next(&first, user));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_damaged_index_is_its_users),
	    cmocka_unit_test(what_passes_by_itself_is_no_damage),
	    cmocka_unit_test(a_stranger_writes_no_such_line),
	    cmocka_unit_test(one_user_has_one_turn_an_hour),
	    cmocka_unit_test(the_memory_of_users_has_an_end),
	    folder_test(mailboxes_of_before_are_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
