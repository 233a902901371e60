// SPDX-License-Identifier: GPL-3.0-or-later
/* What the filter does for one person: what is taken, whose word counts, what the filter reads of
 * it, and what becomes of it when he is gone. */
#include "directory_made.h"

#include "base/file.h"
#include "base/json_file.h"
#include "directory/accounts_filter.h"

#define ALICE "alice@example.org"
#define BOB   "bob@example.org"
#define HASH                                                                                       \
	"$6$c4bbcb1fbec99d65$FbgBjkKmQlAt2E2vqcbMmgApBY7DlcEnJRiTOf3/"                             \
	"bSjEaTIQ3DKpypcVdH5jInyMjj48RG/bFL49E5v2DbRES/"

#define SETTINGS                                                                                   \
	"domain example.org\nhost mail.example.org\nuser " ALICE "\nhash {CRYPT}$y$a\n"            \
	"user o'neil@example.org\nhash {CRYPT}$y$b\n"

static struct directory opened(void **state)
{
	struct directory directory = {0};

	directory_begin(state, &directory, SETTINGS);
	return directory;
}

static void assert_answer(struct directory *directory, const char *question, const char *expected)
{
	_cleanup_free_ char *said = directory_answer(directory, slice_of(question));

	if (!said || !strstr(said, expected))
		fail_msg("%s: %s", question, said);
}

#define SET(address, rest)                                                                         \
	"{\"do\":\"filter-set\",\"who\":\"root\",\"address\":\"" address "\"," rest "}"
#define SHOW(address) "{\"do\":\"filter-show\",\"address\":\"" address "\"}"

/* As the filter reads it. */
static void assert_read(struct directory *directory, const char *query, const char *expected)
{
	sqlite3_stmt *statement;
	char text[1000] = "";

	assert_int_equal(
	    sqlite3_prepare_v2(directory->accounts.cabinet.db, query, -1, &statement, NULL),
	    SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(statement); i++) {
			const char *cell = (const char *)sqlite3_column_text(statement, i);

			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ",
				 cell ? cell : "-");
		}
	sqlite3_finalize(statement);
	assert_string_equal(text, expected);
}

#define LEVELS	"SELECT address, mark, hold, spam, banned FROM amavis_filter"
#define SENDERS "SELECT address, sender, allowed FROM amavis_filter_sender ORDER BY sender"

static void what_is_asked_for_is_kept(void **state)
{
	struct directory directory = opened(state);

	assert_answer(&directory, SHOW(ALICE), "{\"filter\":{}");
	assert_answer(&directory,
		      SET(ALICE, "\"mark\":\"4.5\",\"spam\":false,\"allow\":[\"Partner@B\xc3\xbc"
				 "cher.example\",\"shop.example\"],\"block\":[\".EVIL.example\"]"),
		      "\"mark\":\"4.5\"");
	assert_read(&directory, LEVELS, "alice@example.org 4.5 - 0 - ");
	assert_read(&directory, SENDERS,
		    "alice@example.org @.evil.example 0 alice@example.org @shop.example 1 "
		    "alice@example.org partner@xn--bcher-kva.example 1 ");
	/* A sender is in one list; what is taken back is as for everybody. */
	assert_answer(&directory,
		      SET(ALICE, "\"mark\":null,\"hold\":\"12\",\"block\":[\"@shop.example\"],"
				 "\"remove\":[\"partner@xn--bcher-kva.example\"]"),
		      "\"block\":[\"@.evil.example\",\"@shop.example\"]");
	assert_read(&directory, LEVELS, "alice@example.org - 12 0 - ");
	assert_answer(&directory, SET("@Example.ORG", "\"banned\":false"), "\"banned\":false");
	assert_read(&directory, LEVELS " WHERE address = '@example.org'", "@example.org - - - 0 ");
	assert_answer(&directory, SET(ALICE, "\"default\":true"), "{\"filter\":{}");
	assert_read(&directory, SENDERS, "");
	assert_answer(&directory, "{\"do\":\"audit\",\"address\":\"" ALICE "\",\"most\":1}",
		      "\"verb\":\"user-filter\"");
	directory_close(&directory);
}

static void what_is_wrong_changes_nothing(void **state)
{
	static const struct {
		const char *question, *said;
	} wrong[] = {
	    {SET(ALICE, "\"mark\":\"abc\""), "mark: \\\"abc\\\" is no decimal number"},
	    {SET(ALICE, "\"hold\":\"-5\""), "hold: -5 is out of bounds; write 0 to 999"},
	    {SET(ALICE, "\"mark\":\"1000\""), "is out of bounds"},
	    {SET(ALICE, "\"mark\":\"\""), "is no decimal number"},
	    {SET(ALICE, "\"mark\":4"), "is no decimal number"},
	    {SET(ALICE, "\"spam\":\"off\""), "spam: write on or off"},
	    {SET(ALICE, "\"allow\":[\"*@example.com\"]"), "*@example.com: "},
	    {SET(ALICE, "\"allow\":[\"a b@example.com\"]"), "is not one address"},
	    {SET(ALICE, "\"block\":[7]"), "\"error\""},
	    {SET(ALICE, "\"block\":[\"@.\"]"), "\"error\""},
	    {SET(ALICE, "\"block\":[\"com\"]"), "\"error\""},
	    {SET("nobody@example.org", "\"mark\":\"4\""), "is no user here"},
	    {SET("@example.com", "\"mark\":\"4\""), "example.com is no domain here"},
	    {SET("@mail.example.org", "\"mark\":\"4\""), "is no domain here"},
	    {SHOW("nobody@example.org"), "is no user here"},
	    {SHOW("@"), "\"error\""},
	};
	struct directory directory = opened(state);
	_cleanup_(buffer_free) struct buffer many = BUFFER_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_answer(&directory, wrong[i].question, wrong[i].said);
	buffer_add_text(&many, "{\"do\":\"filter-set\",\"who\":\"root\",\"address\":\"" ALICE
			       "\",\"allow\":[\"a@b.example\"");
	for (int i = 0; i < FILTER_SENDERS; i++)
		buffer_addf(&many, ",\"a%d@b.example\"", i);
	buffer_add_text(&many, "]}");
	assert_answer(&directory, buffer_text(&many), "allow has at most 1000 senders");
	assert_read(&directory, LEVELS, "");
	directory_close(&directory);
}

static void the_settings_word_counts(void **state)
{
	struct directory directory = opened(state);
	struct error error = ERROR_INIT;
	_cleanup_json_ json_t *filter = json_pack("{s:s}", "mark", "7");

	assert_answer(&directory, SET(ALICE, "\"mark\":\"4\",\"block\":[\"@a.example\"]"), "{");
	assert_int_equal(accounts_put_filter(&directory.accounts, ALICE, "ldap", filter, &error),
			 0);
	assert_read(&directory, LEVELS, "alice@example.org 7 - - - ");
	assert_read(&directory, SENDERS, "");
	assert_answer(&directory, SET(ALICE, "\"mark\":\"5\""),
		      "is of the directory; change it there");
	directory_write("settings",
			"domain example.org\nuser " ALICE "\nhash {CRYPT}$y$a\nmark 6\nspam off\n"
			"banned on\nallow @b.example\n");
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_read(&directory, LEVELS, "alice@example.org 6 - 0 1 ");
	assert_read(&directory, SENDERS, "alice@example.org @b.example 1 ");
	assert_answer(&directory, SET(ALICE, "\"mark\":\"5\""),
		      "is of the machine's settings; change it there");
	/* Taken out of the settings, what was there before is in force. */
	directory_write("settings", SETTINGS);
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_read(&directory, LEVELS, "alice@example.org 7 - - - ");
	assert_int_equal(accounts_forget_filters(&directory.accounts, "ldap", &error), 0);
	assert_read(&directory, LEVELS, "alice@example.org 4 - - - ");
	assert_read(&directory, SENDERS, "alice@example.org @a.example 0 ");
	/* What is no value of theirs changes nothing at all. */
	directory_write("settings",
			"domain example.org\nuser " ALICE "\nhash {CRYPT}$y$a\nmark many\n");
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_non_null(strstr(directory.fault, "mark: \"many\" is no decimal number"));
	directory_write("settings", "domain example.org\nmark 4\n");
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_non_null(strstr(directory.fault, "settings:2: it is of a user"));
	assert_read(&directory, LEVELS, "alice@example.org 4 - - - ");
	directory_close(&directory);
}

static void it_comes_and_goes_with_the_person(void **state)
{
	struct directory directory = opened(state);
	struct error error = ERROR_INIT;

	assert_answer(&directory,
		      "{\"do\":\"user-add\",\"who\":\"root\",\"address\":\"" BOB
		      "\",\"hash\":\"" HASH
		      "\",\"filter\":{\"mark\":\"3\",\"allow\":[\"A@b.example\"]}}",
		      "{}");
	assert_answer(
	    &directory, "{\"do\":\"user-show\",\"address\":\"" BOB "\"}",
	    "\"filter\":{\"origin\":\"command\",\"mark\":\"3\",\"allow\":[\"a@b.example\"]}");
	assert_answer(&directory, "{\"do\":\"user-list\"}", "\"mark\":\"3\"");
	assert_answer(&directory,
		      "{\"do\":\"user-remove\",\"who\":\"root\",\"address\":\"" BOB "\"}", "{");
	assert_read(&directory, LEVELS, "");
	assert_read(&directory, "SELECT count(*) FROM filter_sender", "0 ");
	assert_answer(&directory, SET(ALICE, "\"mark\":\"4\""), "{");
	directory_write("settings",
			"domain example.org\nuser o'neil@example.org\nhash {CRYPT}$y$b\n");
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_read(&directory, LEVELS, "");
	assert_answer(
	    &directory,
	    "{\"do\":\"user-import\",\"who\":\"root\",\"file\":\"f\",\"users\":[{\"line\":2,"
	    "\"address\":\"" BOB "\",\"hash\":\"" HASH "\",\"filter\":{\"mark\":\"x\"}}]}",
	    "f:2: mark: ");
	directory_close(&directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(what_is_asked_for_is_kept),
	    folder_test(what_is_wrong_changes_nothing),
	    folder_test(the_settings_word_counts),
	    folder_test(it_comes_and_goes_with_the_person),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
