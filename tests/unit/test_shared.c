// SPDX-License-Identifier: GPL-3.0-or-later
/* Shared mailboxes, their members, and who may send as whom: what the settings and commands make of
 * them in the file that daemons read. */
#include "directory_made.h"

#include "base/file.h"
#include "base/json_file.h"
#include "directory/accounts_shared.h"

#define ALICE	"alice@example.org"
#define BOB	"bob@example.org"
#define INFO	"info@example.org"
#define DESK	"desk@example.org"
#define BY_ROOT "\"who\":\"root\","
#define CRYPTED                                                                                    \
	"\"hash\":\"$6$c4bbcb1fbec99d65$FbgBjkKmQlAt2E2vqcbMmgApBY7DlcEnJRiTOf3/bSjEaTIQ3DKpy"     \
	"pcVdH5jInyMjj48RG/bFL49E5v2DbRES/\""
#define PEOPLE                                                                                     \
	"domain example.org\nuser " ALICE "\nhash {CRYPT}$y$a\nuser " BOB "\nhash {CRYPT}$y$b\n"
#define SHARED                                                                                     \
	"shared " INFO "\nquota_mib 7\nname Info\nmember " ALICE " manage role\nmember " BOB       \
	" read behalf\nmember later@example.org edit role\n"

static void write_settings(struct directory *directory, const char *text, bool good)
{
	struct error error = ERROR_INIT;

	directory_write("settings", text);
	assert_int_equal(directory_take_settings(directory, &error), 0);
	assert_int_equal(directory->fault == NULL, good);
}

static struct directory opened(void **state, const char *settings)
{
	struct directory directory = {.shared = "shared"};

	directory_begin(state, &directory, settings);
	return directory;
}

static void assert_answer(struct directory *directory, const char *question, const char *part)
{
	_cleanup_free_ char *said = directory_answer(directory, slice_of(question));

	if (!strstr(said, part))
		fail_msg("%s: %s", question, said);
}

/* The first column of all rows, with commas. */
static void assert_sql(struct cabinet *cabinet, const char *query, const char *expected)
{
	_cleanup_(buffer_free) struct buffer found = BUFFER_INIT;
	sqlite3_stmt *statement;

	assert_int_equal(sqlite3_prepare_v2(cabinet->db, query, -1, &statement, NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		buffer_addf(&found, "%s%s", found.size ? "," : "", cabinet_text(statement, 0));
	sqlite3_finalize(statement);
	assert_string_equal(buffer_text(&found), expected);
}

static void assert_accounts(struct directory *directory, const char *query, const char *expected)
{
	assert_sql(&directory->accounts.cabinet, query, expected);
}

static void assert_groups(struct directory *directory, const char *address, const char *expected)
{
	_cleanup_(buffer_free) struct buffer query = BUFFER_INIT;

	buffer_addf(&query, "SELECT acl_groups FROM dovecot_user WHERE address = '%s'", address);
	assert_accounts(directory, buffer_text(&query), expected);
}

/* ---- Settings ---- */

static void the_settings_make_one_that_nobody_logs_in_to(void **state)
{
	struct directory directory = opened(state, PEOPLE SHARED);
	_cleanup_free_ char *listed = NULL;
	struct error error = ERROR_INIT;

	assert_groups(&directory, ALICE, "example.org manage:" INFO);
	assert_groups(&directory, BOB, "example.org read:" INFO);
	assert_groups(&directory, INFO, "example.org");
	assert_accounts(&directory,
			"SELECT quota_storage_size FROM dovecot_user WHERE address = '" INFO "'",
			"7M");
	assert_accounts(&directory, "SELECT login || ' ' || mode FROM postfix_member",
			ALICE " as," BOB " behalf,later@example.org as");
	assert_sql(&directory.secrets.cabinet, "SELECT address FROM dovecot_login", ALICE "," BOB);
	assert_answer(&directory, "{\"do\":\"user-list\"}", "\"users\":[{\"address\":\"" ALICE);
	assert_int_equal(file_read("shared", 1000, &listed, NULL, &error), 0);
	assert_string_equal(listed, INFO "\n");
	/* Who was a person is none, and the reverse. */
	write_settings(&directory,
		       "domain example.org\nuser " INFO "\nhash {CRYPT}$y$c\nshared " ALICE
		       "\nmember " INFO " edit no\n",
		       true);
	assert_groups(&directory, INFO, "example.org edit:" ALICE);
	assert_accounts(&directory, "SELECT login FROM postfix_member", "");
	assert_sql(&directory.secrets.cabinet, "SELECT address FROM password", INFO);
	write_settings(&directory, PEOPLE, true);
	assert_accounts(&directory, "SELECT address FROM member UNION SELECT address FROM shared",
			"");
	assert_accounts(&directory, "SELECT address FROM gone", INFO);
	directory_close(&directory);
}

static void what_is_wrong_in_the_settings_changes_nothing(void **state)
{
	static const char *const wrong[] = {
	    "member " ALICE " edit role\n",
	    "shared x@example.org\nmember " ALICE "\n",
	    "shared x@example.org\nmember " ALICE " edit\n",
	    "shared x@example.org\nmember " ALICE " own role\n",
	    "shared x@example.org\nmember " ALICE " edit always\n",
	    "for " ALICE "\n",
	};
	struct directory directory = opened(state, PEOPLE SHARED);

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		write_settings(&directory, wrong[i], false);
		assert_groups(&directory, ALICE, "example.org manage:" INFO);
	}
	directory_close(&directory);
}

/* ---- Commands ---- */

#define SHARED_ADD(members)                                                                        \
	"{\"do\":\"shared-add\"," BY_ROOT "\"address\":\"" DESK                                    \
	"\",\"quota_mib\":5,\"members\":[" members "]}"
#define MEMBER(verb, address, member)                                                              \
	"{\"do\":\"" verb "\"," BY_ROOT "\"address\":\"" address "\",\"member\":{" member "}"

static void commands_make_one_whole_or_not(void **state)
{
	static const struct {
		const char *question, *said;
	} wrong[] = {
	    {SHARED_ADD("{\"who\":\"x@example.org\"}"), "no user here"},
	    {SHARED_ADD("{\"who\":\"" INFO "\"}"), "is a shared mailbox, to which"},
	    {SHARED_ADD("{\"who\":\"" BOB "\",\"role\":\"own\"}"), "no role"},
	    {SHARED_ADD("{\"who\":\"" BOB "\",\"send\":\"x\"}"), "no way to send"},
	    {SHARED_ADD("7"), "\"error\""},
	    {"{\"do\":\"shared-add\"," BY_ROOT "\"address\":\"" INFO "\"}",
	     "is a shared mailbox already"},
	    {"{\"do\":\"shared-add\"," BY_ROOT "\"address\":\"" ALICE "\"}", "is a user already"},
	    {"{\"do\":\"shared-add\"," BY_ROOT "\"address\":\"x@example.com\"}", "none of this"},
	    {"{\"do\":\"shared-set\"," BY_ROOT "\"address\":\"" INFO "\"}", "settings"},
	    {"{\"do\":\"shared-remove\"," BY_ROOT "\"address\":\"" INFO "\"}", "settings"},
	    {"{\"do\":\"shared-remove\"," BY_ROOT "\"address\":\"" ALICE "\"}",
	     "no shared mailbox"},
	    {MEMBER("member-put", INFO, "\"who\":\"" BOB "\"") "}", "settings"},
	    {MEMBER("member-remove", INFO, "\"who\":\"" BOB "\"") "}", "settings"},
	    {"{\"do\":\"user-set\"," BY_ROOT "\"address\":\"" INFO "\",\"enabled\":true}",
	     "nobody logs in"},
	    {"{\"do\":\"user-set\"," BY_ROOT "\"address\":\"" INFO "\"," CRYPTED "}",
	     "nobody logs in"},
	    {"{\"do\":\"main\"," BY_ROOT "\"address\":\"" INFO "\",\"on\":true}", "nobody logs in"},
	    {"{\"do\":\"user-remove\"," BY_ROOT "\"address\":\"" INFO "\"}", "nobody logs in"},
	    {"{\"do\":\"alias-add\"," BY_ROOT "\"address\":\"" INFO "\",\"to\":[\"" BOB "\"]}",
	     "is a shared mailbox already"},
	};
	struct directory directory = opened(state, PEOPLE SHARED);

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_answer(&directory, wrong[i].question, wrong[i].said);
	assert_accounts(&directory, "SELECT address FROM shared", INFO);
	assert_groups(&directory, BOB, "example.org read:" INFO);
	directory_close(&directory);
}

static void members_come_and_go(void **state)
{
	struct directory directory = opened(state, PEOPLE SHARED);

	assert_answer(&directory, SHARED_ADD("{\"who\":\"" BOB "\"}"), "{}");
	assert_groups(&directory, BOB, "example.org edit:" DESK " read:" INFO);
	assert_answer(&directory, MEMBER("member-put", DESK, "\"who\":\"" BOB "\"") "}",
		      "is a member of " DESK " already");
	assert_answer(&directory,
		      MEMBER("member-put", DESK, "\"who\":\"" ALICE "\"") ",\"there\":true}",
		      "is no member of");
	/* What is not said stays. */
	assert_answer(&directory,
		      MEMBER("member-put", DESK,
			     "\"who\":\"" BOB "\",\"send\":\"behalf\"") ",\"there\":true}",
		      "{}");
	assert_answer(
	    &directory,
	    MEMBER("member-put", DESK, "\"who\":\"" BOB "\",\"role\":\"post\"") ",\"there\":true}",
	    "{}");
	assert_answer(&directory, "{\"do\":\"shared-show\",\"address\":\"" DESK "\"}",
		      "\"members\":[{\"who\":\"" BOB "\",\"role\":\"post\",\"send\":\"behalf\"}]");
	assert_answer(&directory, "{\"do\":\"user-show\",\"address\":\"" BOB "\"}",
		      "\"shared\":[{\"address\":\"" DESK "\",\"role\":\"post\"");
	assert_answer(&directory, MEMBER("member-remove", DESK, "\"who\":\"" BOB "\"") "}", "{}");
	assert_answer(&directory, MEMBER("member-remove", DESK, "\"who\":\"" BOB "\"") "}",
		      "is no member of");
	assert_groups(&directory, BOB, "example.org read:" INFO);
	directory_close(&directory);
}

/* A user who goes takes what commands gave him along; what the settings say is theirs. */
static void who_is_removed_is_no_member(void **state)
{
	struct directory directory = opened(state, PEOPLE SHARED);

	assert_answer(&directory,
		      "{\"do\":\"user-add\"," BY_ROOT "\"address\":\"later@example.org\"," CRYPTED
		      ",\"may_send_as\":[\"" ALICE "\"]}",
		      "{}");
	assert_answer(&directory, SHARED_ADD("{\"who\":\"later@example.org\"}"), "{}");
	assert_groups(&directory, "later@example.org", "example.org edit:" DESK " edit:" INFO);
	assert_answer(&directory,
		      "{\"do\":\"user-remove\"," BY_ROOT "\"address\":\"later@example.org\"}",
		      "\"aliases\":[]");
	assert_accounts(&directory, "SELECT login FROM sender", "");
	assert_accounts(&directory, "SELECT address FROM member WHERE login LIKE 'later@%'", INFO);
	assert_answer(&directory,
		      "{\"do\":\"alias-add\"," BY_ROOT
		      "\"address\":\"front@example.org\",\"to\":[\"" DESK "\"]}",
		      "{}");
	assert_answer(&directory, "{\"do\":\"shared-remove\"," BY_ROOT "\"address\":\"" DESK "\"}",
		      "\"aliases\":[\"front@example.org\"]");
	assert_accounts(&directory, "SELECT address FROM shared", INFO);
	assert_accounts(&directory, "SELECT address FROM gone", DESK ",later@example.org");
	directory_close(&directory);
}

static void nobody_is_a_member_of_more_than_dovecot_takes(void **state)
{
	struct directory directory = opened(state, PEOPLE);
	_cleanup_(buffer_free) struct buffer settings = BUFFER_INIT;

	buffer_add_text(&settings, PEOPLE);
	for (int i = 0; i < 210; i++)
		buffer_addf(&settings, "shared mailbox%03d@example.org\nmember " BOB " edit role\n",
			    i);
	write_settings(&directory, buffer_text(&settings), true);
	assert_accounts(
	    &directory,
	    "SELECT length(acl_groups) < 6100 FROM dovecot_user WHERE address = '" BOB "'", "1");
	buffer_add_text(&settings, "shared more@example.org\nmember " BOB " edit role\n");
	for (int i = 0; i < 20; i++)
		buffer_addf(&settings, "shared more%03d@example.org\nmember " BOB " edit role\n",
			    i);
	write_settings(&directory, buffer_text(&settings), false);
	directory_close(&directory);
}

/* ---- Who sends as whom ---- */

static void who_may_send_as_whom_is_said_by_both(void **state)
{
	struct directory directory =
	    opened(state, PEOPLE "login " BOB "\nas " ALICE "\nfor @example.org\n");

	assert_accounts(&directory, "SELECT address || ' ' || mode FROM postfix_sender",
			"@example.org behalf," ALICE " as");
#define ADD(rest)                                                                                  \
	"{\"do\":\"user-add\"," BY_ROOT "\"address\":\"dora@example.org\"," CRYPTED "," rest "}"
	assert_answer(&directory, ADD("\"may_send_as\":[\"x@example.org\"]"), "nobody's here");
	assert_answer(&directory, ADD("\"may_send_as\":[\"@example.com\"]"), "nobody's here");
	assert_answer(&directory, ADD("\"may_send_as\":[7]"), "\"error\"");
	assert_answer(&directory, ADD("\"may_send_as\":[\"" BOB "\",\"example.org\"]"), "{}");
	assert_answer(&directory,
		      "{\"do\":\"user-set\"," BY_ROOT
		      "\"address\":\"dora@example.org\",\"may_send_for\":[\"" ALICE "\"]}",
		      "{}");
	assert_answer(&directory, "{\"do\":\"user-show\",\"address\":\"dora@example.org\"}",
		      "\"may_send_as\":[\"@example.org\",\"" BOB "\"],\"may_send_for\":[\"" ALICE
		      "\"]");
	assert_answer(&directory, "{\"do\":\"user-list\"}", "\"may_send_for\":[\"" ALICE "\"]");
	assert_answer(&directory,
		      "{\"do\":\"user-set\"," BY_ROOT
		      "\"address\":\"dora@example.org\",\"may_send_as\":[]}",
		      "{}");
	write_settings(&directory, PEOPLE, true);
	assert_accounts(&directory,
			"SELECT login || ' ' || address || ' ' || mode FROM postfix_sender",
			"dora@example.org " ALICE " behalf");
	directory_close(&directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(the_settings_make_one_that_nobody_logs_in_to),
	    folder_test(what_is_wrong_in_the_settings_changes_nothing),
	    folder_test(commands_make_one_whole_or_not),
	    folder_test(members_come_and_go),
	    folder_test(who_is_removed_is_no_member),
	    folder_test(nobody_is_a_member_of_more_than_dovecot_takes),
	    folder_test(who_may_send_as_whom_is_said_by_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
