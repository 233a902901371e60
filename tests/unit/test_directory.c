// SPDX-License-Identifier: GPL-3.0-or-later
/* Accounts and what lets people in: what is kept, what is asked, what the settings change, and what
 * becomes of who is gone. */
#include "directory_made.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_file.h"

enum { NOW = 1800000000, DAY = 86400 };

#define ALICE  "alice@example.org"
#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct change by_root = {"root", NOW};

#define SETTINGS                                                                                   \
	"# By postcask.\ndomain example.org\nhost mail.example.org\nletters bücher.example "      \
	"xn--bcher-kva.example\n"                                                                  \
	"user " ALICE "\nhash {CRYPT}$y$a\nquota_mib 5\nname Alice E\n"                            \
	"user o'neil@example.org\nhash {CRYPT}$y$b\n"                                              \
	"alias sales@example.org\nto " ALICE "\nto far@example.com\n"                              \
	"login " ALICE "\nas o'neil@example.org\nas @example.org\n"

/* In the test's folder. */
static struct directory opened(void **state)
{
	struct directory directory = {0};

	directory_begin(state, &directory, SETTINGS);
	return directory;
}

/* The text is the caller's to free. */
static char *say(struct directory *directory, const char *question)
{
	return directory_answer(directory, slice_of(question));
}

static void assert_answer(struct directory *directory, const char *question, const char *begin)
{
	_cleanup_free_ char *said = say(directory, question);

	if (strncmp(said, begin, strlen(begin)) != 0)
		fail_msg("%s: %s", question, said);
}

static void a_password_is_kept_and_revoked(void **state)
{
	struct directory directory = opened(state);
	_cleanup_free_ char *listed = NULL, *after = NULL;

	assert_answer(&directory,
		      "{\"do\":\"app-add\",\"who\":\"root\",\"address\":\"" ALICE
		      "\",\"label\":\"Phone\",\"hash\":\"" HASH_A
		      "\",\"protocols\":[\"smtp\",\"imap\"],\"expires\":0}",
		      "{}");
	listed = say(&directory, "{\"do\":\"app-list\"}");
	assert_non_null(strstr(listed, "\"protocols\":\" imap smtp \""));
	assert_non_null(strstr(listed, "\"expires\":null"));
	assert_null(strstr(listed, HASH_A));
	assert_answer(&directory,
		      "{\"do\":\"app-add\",\"who\":\"root\",\"address\":\"" ALICE
		      "\",\"label\":\"Phone\",\"hash\":\"" HASH_B "\",\"protocols\":[\"imap\"]}",
		      "{\"error\":\"" ALICE " has an app password for \\\"Phone\\\"");
	assert_answer(&directory,
		      "{\"do\":\"app-revoke\",\"who\":\"root\",\"address\":\"" ALICE
		      "\",\"label\":\"Phone\"}",
		      "{}");
	after = say(&directory, "{\"do\":\"audit\",\"most\":10}");
	assert_non_null(strstr(after, "app-revoke"));
	assert_true(strstr(after, "app-revoke") < strstr(after, "app-add"));
	directory_close(&directory);
}

static void what_is_no_question_changes_nothing(void **state)
{
#define ADD "{\"do\":\"app-add\",\"who\":\"root\",\"address\":\"" ALICE "\","
	static const char *const wrong[] = {
	    "",
	    "[]",
	    "{\"do\":\"rm\"}",
	    "{\"do\":\"app-add\"}",
	    ADD "\"label\":\"x\",\"hash\":\"" HASH_A "\"}",
	    ADD "\"label\":\"x\",\"hash\":\"" HASH_A "\",\"protocols\":[\"imap\",\"imap\"]}",
	    ADD "\"label\":\"x\",\"hash\":\"" HASH_A "\",\"protocols\":[\"imap pop3\"]}",
	    ADD "\"label\":\"x\",\"hash\":\"" HASH_A "\",\"protocols\":[\"\"]}",
	    ADD "\"label\":\"x\",\"hash\":\"A' OR 1\",\"protocols\":[\"imap\"]}",
	    ADD "\"label\":\"\",\"hash\":\"" HASH_A "\",\"protocols\":[\"imap\"]}",
	    ADD "\"label\":\"a\\nb\",\"hash\":\"" HASH_A "\",\"protocols\":[\"imap\"]}",
	    ADD "\"label\":\"x\",\"hash\":\"" HASH_A "\",\"protocols\":[\"imap\"],\"expires\":9}",
	    "{\"do\":\"main\",\"who\":\"root\",\"address\":\"" ALICE "\"}",
	    "{\"do\":\"main\",\"who\":\"root\",\"address\":\"bob@example.org\",\"on\":true}",
	    "{\"do\":\"main\",\"address\":\"" ALICE "\",\"on\":true}",
	    "{\"do\":\"audit\",\"most\":100000000}",
	    "{\"do\":\"app-revoke\",\"who\":\"root\",\"address\":\"" ALICE "\",\"label\":\"x\"}",
	};
	struct directory directory = opened(state);

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_answer(&directory, wrong[i], "{\"error\":\"");
	assert_answer(&directory, "{\"do\":\"audit\",\"most\":10,\"address\":\"" ALICE "\"}",
		      "{\"changes\":[]}");
	assert_answer(&directory, "{\"do\":\"ping\"}", "{\"pong\":true}");
	directory_close(&directory);
}

static void a_person_has_no_more_than_100(void **state)
{
	struct directory directory = opened(state);
	struct error error = ERROR_INIT;
	char label[16], hash[65];
	struct app app = {ALICE, label, hash, " imap ", 0};

	for (int i = 0; i < SECRETS_APPS; i++) {
		snprintf(label, sizeof(label), "%d", i);
		snprintf(hash, sizeof(hash), "%064d", i);
		app.expires = i == 7 ? NOW + 1 : 0;
		assert_int_equal(secrets_add_app(&directory.secrets, &app, &by_root, &error), 0);
	}
	strcpy(label, "more");
	strcpy(hash, HASH_A);
	assert_int_equal(secrets_add_app(&directory.secrets, &app, &by_root, &error), -E2BIG);
	error_clear(&error);
	assert_int_equal(
	    secrets_add_app(&directory.secrets, &app, &(struct change){"root", NOW + 2}, &error),
	    0); /* the seventh has expired */
	directory_close(&directory);
}

static size_t count_apps(struct directory *directory)
{
	_cleanup_json_ json_t *list = json_array();
	struct error error = ERROR_INIT;

	assert_int_equal(secrets_list(&directory->secrets, NULL, list, &error), 0);
	return json_array_size(list);
}

/* As if somebody had taken him out of the settings, or put him in again. */
static void set_there(struct directory *directory, bool there)
{
	struct account alice = {ALICE, "", 0, 0, true, NULL, true, ""};
	struct error error = ERROR_INIT;
	struct cabinet *cabinet = &directory->accounts.cabinet;

	assert_int_equal(cabinet_begin(cabinet, &error), 0);
	if (there)
		assert_int_equal(
		    accounts_put(&directory->accounts, &alice, ORIGIN_COMMAND, NOW, &error), 0);
	else
		assert_int_equal(accounts_drop(&directory->accounts, ALICE, NOW, &error), 0);
	assert_int_equal(cabinet_end(cabinet, 0, &error), 0);
}

static void forget(struct directory *directory, int64_t now)
{
	struct error error = ERROR_INIT;

	assert_int_equal(
	    secrets_forget_gone(&directory->secrets, &directory->accounts, now, &error), 0);
}

static void who_is_gone_is_forgotten_after_a_day(void **state)
{
	struct directory directory = opened(state);
	struct error error = ERROR_INIT;
	struct app app = {ALICE, "Phone", HASH_A, " imap ", 0};

	assert_int_equal(secrets_add_app(&directory.secrets, &app, &by_root, &error), 0);
	assert_int_equal(secrets_set_main(&directory.secrets, ALICE, false, &by_root, &error), 0);
	set_there(&directory, false);
	forget(&directory, NOW);
	set_there(&directory, true);
	forget(&directory, NOW + DAY / 2);
	/* The change was taken back: the day begins anew. */
	set_there(&directory, false);
	forget(&directory, NOW + DAY);
	assert_int_equal(count_apps(&directory), 1);
	forget(&directory, NOW + 2 * DAY);
	assert_int_equal(count_apps(&directory), 0);
	assert_answer(&directory, "{\"do\":\"app-list\"}", "{\"apps\":[],\"main_off\":[]}");
	directory_close(&directory);
}

/* ---- Settings ---- */

/* What a statement of one column gives, with commas. */
static char *ask_sql(struct cabinet *cabinet, const char *query)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	sqlite3_stmt *statement = NULL;

	assert_int_equal(sqlite3_prepare_v2(cabinet->db, query, -1, &statement, NULL), SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		buffer_addf(&text, "%s%s", text.size ? "," : "", cabinet_text(statement, 0));
	sqlite3_finalize(statement);
	return strdup(buffer_text(&text));
}

static void assert_sql(struct cabinet *cabinet, const char *query, const char *expected)
{
	_cleanup_free_ char *text = ask_sql(cabinet, query);

	assert_string_equal(text, expected);
}

static void settings_are_applied_whole_or_not(void **state)
{
	static const char *const wrong[] = {
	    "user bob@example.org\n",
	    "hash {CRYPT}x\nquota_mib\n",
	    "rm -rf\n",
	    "user bob@example.org\nhash {CRYPT}x\nquota_mib -1\n",
	    "user bob@example.org\nhash {CRYPT}x\nquota_mib 99999999999\n",
	    "to bob@example.org\n",
	    "as bob@example.org\n",
	    "letters x\n",
	};
	struct directory directory = opened(state);
	struct error error = ERROR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		directory_write("settings", wrong[i]);
		assert_int_equal(directory_take_settings(&directory, &error), 0);
		assert_non_null(directory.fault);
		assert_sql(&directory.accounts.cabinet,
			   "SELECT address FROM dovecot_user WHERE quota_storage_size = '5M'",
			   ALICE);
		assert_sql(&directory.accounts.cabinet, "SELECT name FROM domain",
			   "example.org,mail.example.org");
		assert_sql(&directory.secrets.cabinet, "SELECT password FROM dovecot_login",
			   "{CRYPT}$y$a,{CRYPT}$y$b");
	}
	directory_write("settings", "domain example.net\nuser bob@example.net\nhash {CRYPT}$y$c\n");
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_null(directory.fault);
	assert_sql(&directory.accounts.cabinet, "SELECT address FROM resident", "bob@example.net");
	assert_sql(&directory.accounts.cabinet, "SELECT login FROM postfix_sender", "");
	assert_sql(&directory.secrets.cabinet, "SELECT address FROM dovecot_login",
		   "bob@example.net");
	assert_sql(&directory.accounts.cabinet, "SELECT address FROM gone",
		   ALICE ",o'neil@example.org");
	directory_close(&directory);
}

#define BY_ROOT "\"who\":\"root\","
#define CRYPTED                                                                                    \
	"\"hash\":\"$6$c4bbcb1fbec99d65$FbgBjkKmQlAt2E2vqcbMmgApBY7DlcEnJRiTOf3/bSjEaTIQ3DKpy"     \
	"pcVdH5jInyMjj48RG/bFL49E5v2DbRES/\""

/* A command's and the settings' do not touch each other. */
static void who_made_one_changes_him(void **state)
{
	struct directory directory = opened(state);
	struct error error = ERROR_INIT;

	assert_answer(
	    &directory,
	    "{\"do\":\"user-add\"," BY_ROOT "\"address\":\"Dora@example.org\"," CRYPTED "}", "{}");
	assert_answer(&directory,
		      "{\"do\":\"user-add\"," BY_ROOT "\"address\":\"dora@example.org\"," CRYPTED
		      "}",
		      "{\"error\":\"dora@example.org is a user already");
	assert_answer(&directory,
		      "{\"do\":\"user-set\"," BY_ROOT "\"address\":\"" ALICE
		      "\",\"enabled\":false}",
		      "{\"error\":\"" ALICE " is of the machine's settings");
	assert_answer(&directory,
		      "{\"do\":\"alias-remove\"," BY_ROOT "\"address\":\"sales@example.org\"}",
		      "{\"error\":\"sales@example.org is of the machine's settings");
	directory_write("settings", SETTINGS "user dora@example.org\nhash {CRYPT}$y$other\n");
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_sql(&directory.accounts.cabinet,
		   "SELECT origin FROM account WHERE address = 'dora@example.org'", "command");
	assert_sql(&directory.accounts.cabinet, "SELECT address FROM double", "dora@example.org");
	assert_sql(&directory.secrets.cabinet,
		   "SELECT substr(password, 1, 11) FROM dovecot_login WHERE address LIKE 'dora@%'",
		   "{CRYPT}$6$c");
	/* Whom a command removes is the settings' the next time. */
	assert_answer(&directory,
		      "{\"do\":\"user-remove\"," BY_ROOT "\"address\":\"dora@example.org\"}",
		      "{\"aliases\":[],\"address\":\"dora@example.org\"}");
	assert_sql(&directory.secrets.cabinet,
		   "SELECT password FROM dovecot_login WHERE address LIKE 'dora@%'",
		   "{CRYPT}$y$other");
	assert_sql(&directory.accounts.cabinet, "SELECT address FROM double", "");
	directory_close(&directory);
}

static void a_user_becomes_an_alias(void **state)
{
	struct directory directory = opened(state);
	struct error error = ERROR_INIT;

	directory_write("settings", SETTINGS "user a+b@example.org\nhash {CRYPT}$y$c\n");
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_sql(&directory.accounts.cabinet, "SELECT address FROM plus WHERE person",
		   "a+b@example.org");
	directory_write("settings", SETTINGS "alias a+b@example.org\nto " ALICE "\n");
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_sql(&directory.accounts.cabinet, "SELECT address FROM plus WHERE NOT person",
		   "a+b@example.org");
	assert_sql(&directory.accounts.cabinet,
		   "SELECT target FROM target WHERE address = 'a+b@example.org'", ALICE);
	assert_sql(&directory.secrets.cabinet,
		   "SELECT count(*) FROM password WHERE address LIKE 'a+b@%'", "0");
	directory_close(&directory);
}

static void a_disabled_user_is_not_let_in(void **state)
{
	struct directory directory = opened(state);
	struct error error = ERROR_INIT;
	struct app app = {"dora@example.org", "Phone", HASH_A, " imap ", 0};

	assert_answer(
	    &directory,
	    "{\"do\":\"user-add\"," BY_ROOT "\"address\":\"dora@example.org\"," CRYPTED "}", "{}");
	assert_int_equal(secrets_add_app(&directory.secrets, &app, &by_root, &error), 0);
	assert_sql(&directory.secrets.cabinet, "SELECT address FROM dovecot_app",
		   "dora@example.org");
	assert_answer(&directory,
		      "{\"do\":\"user-set\"," BY_ROOT
		      "\"address\":\"dora@example.org\",\"enabled\":false}",
		      "{}");
	assert_sql(&directory.secrets.cabinet, "SELECT address FROM dovecot_app", "");
	assert_sql(&directory.secrets.cabinet,
		   "SELECT count(*) FROM dovecot_login WHERE address LIKE 'dora@%'", "0");
	assert_sql(&directory.accounts.cabinet,
		   "SELECT count(*) FROM postfix_mailbox WHERE address LIKE 'dora@%'", "1");
	assert_answer(&directory,
		      "{\"do\":\"main\"," BY_ROOT "\"address\":\"" ALICE "\",\"on\":false}",
		      "{\"factor\":false}");
	assert_sql(&directory.secrets.cabinet, "SELECT address FROM dovecot_login",
		   "o'neil@example.org");
	directory_close(&directory);
}

/* ---- Aliases ---- */

static void aliases_lead_somewhere(void **state)
{
#define ALIAS(verb, address, to)                                                                   \
	"{\"do\":\"alias-" verb "\"," BY_ROOT "\"address\":\"" address "\",\"to\":[" to "]}"
	struct directory directory = opened(state);
	struct error error = ERROR_INIT;
	struct cabinet *cabinet = &directory.accounts.cabinet;

	assert_answer(&directory, ALIAS("add", "a+b@example.org", "\"alice+x@example.org\""), "{}");
	assert_answer(&directory, ALIAS("add", "c@example.org", "\"a+b+x@example.org\""), "{}");
	assert_sql(cabinet, "SELECT next FROM postfix_alias WHERE address = 'a+b@example.org'",
		   ALICE);
	assert_sql(cabinet, "SELECT next FROM postfix_alias WHERE address = 'c@example.org'",
		   "a+b@example.org");
	assert_answer(&directory, ALIAS("set", "a+b@example.org", "\"c+y@example.org\""),
		      "{\"error\":\"a+b@example.org would lead back to itself");
	assert_answer(&directory, ALIAS("add", "d@elsewhere.org", "\"" ALICE "\""), "{\"error\":");
	assert_answer(&directory, ALIAS("add", "d@example.org", ""), "{\"error\":");
	assert_answer(&directory, ALIAS("add", "d@example.org", "\"' OR 1=1\""), "{\"error\":");
	assert_answer(&directory, ALIAS("add", ALICE, "\"far@example.com\""), "{\"error\":");
	assert_answer(&directory, ALIAS("set", "nobody@example.org", "\"" ALICE "\""),
		      "{\"error\":");
	/* Without an address of its own a+b is a label of a. */
	assert_answer(&directory,
		      "{\"do\":\"alias-remove\"," BY_ROOT "\"address\":\"a+b@example.org\"}", "{}");
	assert_sql(cabinet, "SELECT next FROM postfix_alias WHERE address = 'c@example.org'",
		   "a@example.org");
	/* A loop that the settings close is said. */
	directory_write("settings", SETTINGS "alias a@example.org\nto c@example.org\n");
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_sql(cabinet, "SELECT address FROM loop", "a@example.org,c@example.org");
	directory_close(&directory);
}

/* Who may write is kept with an alias, and an open one that leads to it is said. */
static void an_alias_says_who_may_write(void **state)
{
#define WHO(verb, address, more)                                                                   \
	"{\"do\":\"alias-" verb "\"," BY_ROOT "\"address\":\"" address "\"," more "}"
	struct directory directory = opened(state);
	struct error error = ERROR_INIT;
	struct cabinet *cabinet = &directory.accounts.cabinet;
	static const char *const wrong[] = {
	    WHO("add", "w@example.org", "\"to\":[\"" ALICE "\"],\"writers\":[\"friends\"]"),
	    WHO("add", "w@example.org", "\"to\":[\"" ALICE "\"],\"writers\":[\"a@far.example\"]"),
	    WHO("add", "w@example.org",
		"\"to\":[\"" ALICE "\"],\"writers\":[\"anyone\",\"members\"]"),
	    WHO("add", "w@example.org", "\"to\":[\"" ALICE "\"],\"writers\":[7]"),
	    WHO("add", "w@example.org", "\"to\":[\"" ALICE "\"],\"writers\":[\"' OR 1=1\"]"),
	    WHO("add", "abuse@example.org", "\"to\":[\"" ALICE "\"],\"writers\":[\"members\"]"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_answer(&directory, wrong[i], "{\"error\":");
	assert_sql(cabinet, "SELECT count(*) FROM writer", "0");
	assert_answer(&directory,
		      WHO("add", "all@example.org",
			  "\"to\":[\"" ALICE "\"],\"writers\":[\"members\",\"Example.Org\"]"),
		      "{}");
	assert_sql(cabinet, "SELECT writer FROM policy_writer WHERE address = 'all@example.org'",
		   "@example.org,members");
	assert_answer(&directory, ALIAS("add", "open@example.org", "\"all+x@example.org\""), "{}");
	assert_answer(&directory, "{\"do\":\"alias-show\",\"address\":\"open@example.org\"}",
		      "{\"alias\":{\"address\":\"open@example.org\",\"origin\":\"command\",\"to\":["
		      "\"all+x@example.org\"],\"who\":[],\"opens\":[\"all@example.org\"]}}");
	/* What is not said stays. */
	assert_answer(&directory, ALIAS("set", "all@example.org", "\"o'neil@example.org\""), "{}");
	assert_sql(cabinet, "SELECT count(*) FROM writer", "2");
	assert_answer(&directory, WHO("set", "all@example.org", "\"writers\":[\"anyone\"]"), "{}");
	assert_sql(cabinet, "SELECT count(*) FROM writer", "0");
	assert_sql(cabinet, "SELECT target FROM target WHERE address = 'all@example.org'",
		   "o'neil@example.org");
	/* The settings' own come and go with them. */
	assert_answer(&directory, WHO("set", "all@example.org", "\"writers\":[\"members\"]"), "{}");
	directory_write("settings", SETTINGS "alias s@example.org\nto " ALICE "\nwho domain\n");
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_sql(cabinet, "SELECT address || writer FROM writer",
		   "all@example.orgmembers,s@example.orgdomain");
	directory_write("settings", SETTINGS);
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_sql(cabinet, "SELECT address FROM writer", "all@example.org");
	assert_answer(&directory,
		      "{\"do\":\"alias-remove\"," BY_ROOT "\"address\":\"all@example.org\"}", "{}");
	assert_sql(cabinet, "SELECT count(*) FROM writer", "0");
	directory_close(&directory);
}

/* Where a person's mail goes on; he may not send as who forwards to him. */
static void a_person_forwards(void **state)
{
#define SET(more) "{\"do\":\"user-set\"," BY_ROOT "\"address\":\"dora@example.org\"," more "}"
	struct directory directory = opened(state);
	struct error error = ERROR_INIT;
	struct cabinet *cabinet = &directory.accounts.cabinet;
	static const char *const wrong[] = {
	    SET("\"forward\":[\"no address\"]"),
	    SET("\"forward\":\"" ALICE "\""),
	    SET("\"forward\":[\"dora+x@example.org\"]"),
	    SET("\"forward\":[\"team@example.org\"]"), /* who leads to her */
	    SET("\"language\":\"d\""),
	    SET("\"language\":\"de_AT\""),
	    SET("\"language\":\"de-\""),
	    SET("\"language\":\"' OR 1=1\""),
	};

	assert_answer(&directory,
		      "{\"do\":\"user-add\"," BY_ROOT "\"address\":\"dora@example.org\"," CRYPTED
		      ",\"language\":\"DE-at\"}",
		      "{}");
	assert_sql(cabinet, "SELECT language FROM account WHERE address LIKE 'dora@%'", "de-AT");
	assert_answer(&directory, ALIAS("add", "team@example.org", "\"dora@example.org\""), "{}");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_answer(&directory, wrong[i], "{\"error\":");
	assert_sql(cabinet, "SELECT count(*) FROM postfix_forward", "0");
	assert_answer(&directory,
		      SET("\"forward\":[\"Alice@Example.org\",\"Far@example.com\",\"" ALICE "\"]"),
		      "{}");
	assert_sql(cabinet, "SELECT target FROM postfix_forward ORDER BY position",
		   ALICE ",Far@example.com");
	assert_sql(cabinet, "SELECT address FROM postfix_kept", "dora@example.org");
	assert_sql(cabinet, "SELECT address FROM postfix_alias WHERE next = '" ALICE "'",
		   "sales@example.org");
	assert_answer(&directory, SET("\"forward_keep\":false"), "{}");
	assert_sql(cabinet, "SELECT address FROM postfix_kept", "");
	assert_answer(&directory, SET("\"name\":\"D\""), "{}");
	assert_sql(cabinet, "SELECT count(*) FROM postfix_forward", "2");
	/* An alias to which she forwards may not lead back to her. */
	assert_answer(&directory, ALIAS("add", "far@example.org", "\"team@example.org\""), "{}");
	assert_answer(&directory, SET("\"forward\":[\"far@example.org\"]"), "{\"error\":");
	/* The settings' forwards are theirs, and go with them; hers stay. */
	directory_write("settings", SETTINGS "user eve@example.org\nhash {CRYPT}$y$c\nforward "
					     "dora@example.org\nforward_keep no\nlanguage fr\n");
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_null(directory.fault);
	assert_sql(cabinet, "SELECT DISTINCT address FROM postfix_forward",
		   "dora@example.org,eve@example.org");
	directory_write("settings", SETTINGS);
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_sql(cabinet, "SELECT DISTINCT address FROM postfix_forward", "dora@example.org");
	assert_answer(&directory, SET("\"forward\":[]"), "{}");
	assert_sql(cabinet, "SELECT count(*) FROM postfix_forward", "0");
	assert_answer(&directory, SET("\"forward\":[\"" ALICE "\"]"), "{}");
	assert_answer(&directory,
		      "{\"do\":\"user-remove\"," BY_ROOT "\"address\":\"dora@example.org\"}", "{");
	assert_sql(cabinet, "SELECT count(*) FROM postfix_forward", "0");
	directory_close(&directory);
}

/* Another name of a domain, and who gets what is for nobody. */
static void domains_have_other_names_and_a_catch_all(void **state)
{
#define CATCH(domain, to)                                                                          \
	"{\"do\":\"domain-set\"," BY_ROOT "\"domain\":\"" domain "\",\"catch_all\":\"" to "\"}"
#define OTHER "domain example.net\nother example.net example.org\n"
	struct directory directory = opened(state);
	struct error error = ERROR_INIT;
	struct cabinet *cabinet = &directory.accounts.cabinet;

	directory_write("settings", SETTINGS OTHER);
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_null(directory.fault);
	assert_answer(
	    &directory,
	    "{\"do\":\"user-add\"," BY_ROOT "\"address\":\"d@example.net\"," CRYPTED "}",
	    "{\"error\":\"example.net is another name of example.org; write d@example.org");
	assert_answer(&directory, ALIAS("add", "d@example.net", "\"" ALICE "\""), "{\"error\":");
	assert_answer(&directory, ALIAS("add", "n@example.org", "\"ALICE+x@example.net\""), "{}");
	assert_sql(cabinet, "SELECT next FROM target WHERE address = 'n@example.org'", ALICE);
	assert_answer(&directory, ALIAS("set", "n@example.org", "\"n@example.net\""),
		      "{\"error\":");
	assert_answer(&directory, CATCH("example.net", ALICE), "{\"error\":");
	assert_answer(&directory, CATCH("mail.example.org", ALICE), "{\"error\":");
	assert_answer(&directory, CATCH("elsewhere.example", ALICE), "{\"error\":");
	assert_answer(&directory, CATCH("example.org", "nobody@example.org"), "{\"error\":");
	assert_answer(&directory, CATCH("example.org", "' OR 1=1"), "{\"error\":");
	assert_answer(&directory, CATCH("", ALICE), "{\"error\":");
	assert_answer(&directory, CATCH("example.org", "n@example.net"), "{}");
	assert_sql(cabinet, "SELECT domain || target FROM postfix_catch_all",
		   "example.orgn@example.org");
	/* While he is not there nobody gets it. */
	assert_answer(&directory,
		      "{\"do\":\"alias-remove\"," BY_ROOT "\"address\":\"n@example.org\"}", "{}");
	assert_sql(cabinet, "SELECT count(*) FROM postfix_catch_all", "0");
	/* A command's comes before the settings'. */
	directory_write("settings", SETTINGS OTHER "catch_all example.org " ALICE "\n");
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_sql(cabinet, "SELECT address FROM double", "the catch-all of example.org");
	assert_answer(&directory, CATCH("example.org", ""), "{}");
	assert_sql(cabinet, "SELECT target || origin FROM catch_all", ALICE "settings");
	assert_sql(cabinet, "SELECT address FROM double", "");
	assert_answer(&directory, CATCH("example.org", ALICE), "{\"error\":");
	assert_answer(&directory, "{\"do\":\"domain-show\",\"domain\":\"example.net\"}",
		      "{\"domain\":{\"name\":\"example.net\",\"people\":true,"
		      "\"alias_of\":\"example.org\",\"users\":0");
	/* Nobody's address is taken by a domain that becomes another name. */
	directory_write("settings", SETTINGS "domain example.net\n");
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_answer(&directory, ALIAS("add", "d@example.net", "\"" ALICE "\""), "{}");
	directory_write("settings", SETTINGS OTHER);
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_non_null(strstr(directory.fault, "d@example.net was made by a command"));
	assert_sql(cabinet, "SELECT count(*) FROM postfix_domain", "0");
	directory_close(&directory);
}

static void an_import_is_taken_whole_or_not(void **state)
{
#define IMPORT(more, dry)                                                                          \
	"{\"do\":\"user-import\",\"file\":\"f\"," BY_ROOT "\"dry\":" dry ",\"users\":["            \
	"{\"line\":2,\"address\":\"eve@example.org\"," CRYPTED "}" more "]}"
	struct directory directory = opened(state);
	const char *none = "SELECT count(*) FROM account WHERE address LIKE 'eve@%'";

	assert_answer(&directory,
		      IMPORT(",{\"line\":3,\"address\":\"eve@example.org\"," CRYPTED "}", "false"),
		      "{\"error\":\"f:3: eve@example.org is a user already");
	assert_answer(
	    &directory,
	    IMPORT(",{\"line\":3,\"address\":\"fay@example.org\",\"hash\":\"x\"}", "false"),
	    "{\"error\":\"f:3: ");
	assert_sql(&directory.accounts.cabinet, none, "0");
	assert_answer(&directory, IMPORT("", "true"), "{\"count\":1}");
	assert_sql(&directory.accounts.cabinet, none, "0");
	assert_answer(&directory, IMPORT("", "false"), "{\"count\":1}");
	assert_sql(&directory.accounts.cabinet, none, "1");
	directory_close(&directory);
}

static void people_of_another_server_join(void **state)
{
#define TAKEOVER(dry)                                                                              \
	"{\"do\":\"takeover\"," BY_ROOT "\"dry\":" dry ",\"people\":["                             \
	"{\"address\":\"" ALICE                                                                    \
	"\",\"name\":\"Alice E\",\"quota_mib\":5,\"unknown\":true," CRYPTED                        \
	"},{\"address\":\"sales@example.org\"," CRYPTED "},"                                       \
	"{\"address\":\"eve@example.org\",\"quota_mib\":7,\"enabled\":false," CRYPTED "},"         \
	"{\"address\":\"eve@other.example\"," CRYPTED "}],\"aliases\":["                           \
	"{\"address\":\"team@example.org\",\"to\":[\"eve@example.org\"]},"                         \
	"{\"address\":\"round@example.org\",\"to\":[\"about@example.org\"]},"                      \
	"{\"address\":\"about@example.org\",\"to\":[\"round@example.org\"]},"                      \
	"{\"address\":\"eve@example.org\",\"to\":[\"a@far.example\"]},"                            \
	"{\"address\":\"sales@example.org\",\"to\":[\"far@example.com\",\"" ALICE "\"]}]}"
	struct directory directory = opened(state);
	const char *eve = "SELECT count(*) FROM account WHERE address LIKE 'eve@%'";
	_cleanup_free_ char *dry = say(&directory, TAKEOVER("true")), *said = NULL, *again = NULL;

	assert_sql(&directory.accounts.cabinet, eve, "0");
	said = say(&directory, TAKEOVER("false"));
	assert_string_equal(dry, said);
	assert_non_null(strstr(said, "\"people\":[\"eve@example.org\"],"));
	assert_non_null(strstr(said, "\"aliases\":[\"team@example.org\"],"));
	assert_non_null(strstr(said, "\"domains\":{\"other.example\":1}"));
	assert_non_null(strstr(said, "\"same\":2"));
	assert_non_null(strstr(said, "{\"what\":\"sales@example.org\",\"why\":\"an alias here"));
	assert_non_null(strstr(said, "{\"what\":\"round@example.org\",\"why\":\"it leads back"));
	assert_non_null(strstr(said, "{\"what\":\"about@example.org\",\"why\":\"it leads back"));
	assert_non_null(strstr(said, "{\"what\":\"eve@example.org\",\"why\":\"a user here"));
	assert_sql(&directory.accounts.cabinet, eve, "1");
	assert_sql(&directory.accounts.cabinet,
		   "SELECT quota_mib || enabled FROM account WHERE address LIKE 'eve@%'", "70");
	assert_answer(&directory,
		      "{\"do\":\"user-set\"," BY_ROOT
		      "\"address\":\"eve@example.org\",\"enabled\":true}",
		      "{}");
	again = say(&directory, TAKEOVER("false"));
	assert_non_null(strstr(again, "\"people\":[],\"aliases\":[]"));
	assert_non_null(strstr(again, "\"why\":\"whether he may log in: not as there"));
	directory_close(&directory);
}

/* ---- Damage ---- */

static void a_damaged_file_is_made_again_from_its_copy(void **state)
{
	struct directory directory = opened(state);
	struct error error = ERROR_INIT;

	assert_answer(
	    &directory,
	    "{\"do\":\"user-add\"," BY_ROOT "\"address\":\"dora@example.org\"," CRYPTED "}", "{}");
	assert_int_equal(cabinet_copy(&directory.accounts.cabinet, &error), 0);
	assert_int_equal(cabinet_copy(&directory.secrets.cabinet, &error), 0);
	directory_close(&directory);
	directory_write("accounts.db", "no database at all, but long enough for one");
	directory_write("secrets.db", "no database at all, but long enough for one");
	directory = opened(state);
	assert_int_equal(directory.accounts.cabinet.state, CABINET_COPIED);
	assert_int_equal(access("secrets.db.damaged", F_OK), 0);
	assert_sql(&directory.accounts.cabinet,
		   "SELECT count(*) FROM account WHERE address LIKE 'dora@%'", "1");
	assert_sql(&directory.secrets.cabinet,
		   "SELECT count(*) FROM dovecot_login WHERE address LIKE 'dora@%'", "1");
	directory_close(&directory);
	/* With no copy there is what the settings say. */
	directory_write("accounts.db", "no database at all, but long enough for one");
	directory = opened(state);
	assert_int_equal(directory.accounts.cabinet.state, CABINET_BEGUN);
	assert_sql(&directory.accounts.cabinet, "SELECT count(*) FROM resident", "3");
	directory_close(&directory);
	directory = opened(state);
	assert_int_equal(directory.accounts.cabinet.state, CABINET_WHOLE);
	directory_close(&directory);
}

/* A power cut between the two files: who has a password and no account. */
/* As the first image with app passwords made it, and gave it no version. */
static void a_file_of_before_is_taken_on(void **state)
{
	static const char before[] =
	    "CREATE TABLE app (address TEXT NOT NULL, label TEXT NOT NULL,"
	    " hash TEXT NOT NULL UNIQUE, protocols TEXT NOT NULL, created INTEGER NOT NULL,"
	    " expires INTEGER, PRIMARY KEY (address, label)) WITHOUT ROWID;"
	    "CREATE TABLE login (address TEXT NOT NULL PRIMARY KEY, main INTEGER NOT NULL)"
	    " WITHOUT ROWID;"
	    "CREATE VIEW dovecot_app AS SELECT address, hash, protocols FROM app"
	    " WHERE expires IS NULL OR expires > CAST(strftime('%s', 'now') AS INTEGER);"
	    "INSERT INTO app VALUES ('" ALICE "', 'Phone', 'aa', ' imap ', 1700000000, NULL);"
	    "INSERT INTO login VALUES ('" ALICE "', 0);";
	struct directory directory;
	sqlite3 *db;

	assert_int_equal(chdir(*state), 0);
	assert_int_equal(sqlite3_open("secrets.db", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, before, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	directory = opened(state);
	assert_answer(&directory, "{\"do\":\"app-list\",\"address\":\"" ALICE "\"}",
		      "{\"apps\":[{\"address\":\"" ALICE "\",\"label\":\"Phone\"");
	assert_sql(&directory.secrets.cabinet, "SELECT address FROM dovecot_app", ALICE);
	assert_sql(&directory.secrets.cabinet, "SELECT address FROM dovecot_refused", ALICE);
	directory_close(&directory);
}

static void who_has_no_account_is_forgotten(void **state)
{
	struct directory directory = opened(state);
	struct error error = ERROR_INIT;

	assert_int_equal(cabinet_begin(&directory.secrets.cabinet, &error), 0);
	assert_int_equal(
	    secrets_put(&directory.secrets, "dora@example.org", "{CRYPT}$y$x", true, &error), 1);
	assert_int_equal(cabinet_end(&directory.secrets.cabinet, 0, &error), 0);
	directory_close(&directory);
	directory = opened(state);
	assert_sql(&directory.secrets.cabinet,
		   "SELECT count(*) FROM password WHERE address LIKE 'dora@%'", "0");
	directory_close(&directory);
}

/* ---- How mail is kept ---- */

#define USER_OF                                                                                    \
	"SELECT coalesce(mail_driver, '-') || coalesce(mail_path, '-') || (tempfail IS NOT NULL)"

static void assert_kept(struct directory *directory, const char *where, const char *said)
{
	_cleanup_(buffer_free) struct buffer sql = BUFFER_INIT;

	buffer_addf(&sql, USER_OF " FROM dovecot_user WHERE address = '%s'", where);
	assert_sql(&directory->accounts.cabinet, buffer_text(&sql), said);
}

static long long paused(struct directory *directory, int seconds)
{
	_cleanup_(buffer_free) struct buffer question = BUFFER_INIT;
	_cleanup_free_ char *said = NULL;
	_cleanup_json_ json_t *answer = NULL;

	buffer_addf(&question,
		    "{\"do\":\"mailbox-pause\",\"who\":\"root\",\"address\":\"" ALICE
		    "\",\"seconds\":%d}",
		    seconds);
	said = say(directory, buffer_text(&question));
	answer = json_loads(said, 0, NULL);
	return json_number(answer, "until");
}

static void assert_switch(struct directory *directory, long long until, const char *begin)
{
	_cleanup_(buffer_free) struct buffer question = BUFFER_INIT;

	buffer_addf(&question,
		    "{\"do\":\"mailbox-switch\",\"who\":\"root\",\"address\":\"" ALICE
		    "\",\"format\":\"mdbox\",\"until\":%lld}",
		    until);
	assert_answer(directory, buffer_text(&question), begin);
}

/* Only who paused it, and while it is. */
static void a_mailbox_is_switched_while_it_is_paused(void **state)
{
	struct directory directory = opened(state);
	long long until;

	assert_kept(&directory, ALICE, "--0");
	assert_switch(&directory, 0, "{\"error\":");
	until = paused(&directory, 100);
	assert_kept(&directory, ALICE, "--1");
	assert_switch(&directory, until - 1, "{\"error\":");
	assert_kept(&directory, ALICE, "--1");
	assert_switch(&directory, until, "{}");
	assert_kept(&directory, ALICE, "mdbox~/mdbox0");
	assert_switch(&directory, until, "{\"error\":");
	assert_int_equal(paused(&directory, 100000), 0);
	until = paused(&directory, 100);
	assert_int_equal(paused(&directory, 0), 0);
	assert_kept(&directory, ALICE, "mdbox~/mdbox0");
	assert_switch(&directory, until, "{\"error\":");
	directory_close(&directory);
}

/* Whatever the settings say of new ones. */
static void who_has_mail_keeps_its_format(void **state)
{
	struct directory directory = opened(state);

	directory_write("settings",
			"format mdbox\n" SETTINGS "user new@example.org\nhash {CRYPT}$y$c\n");
	assert_int_equal(directory_take_settings(&directory, NULL), 0);
	assert_null(directory.fault);
	assert_kept(&directory, ALICE, "--0");
	assert_kept(&directory, "new@example.org", "mdbox~/mdbox0");
	directory_write("settings", "format maildir\ndomain example.org\n");
	assert_int_equal(directory_take_settings(&directory, NULL), 0);
	directory_write("settings", "format mdbox\n" SETTINGS);
	assert_int_equal(directory_take_settings(&directory, NULL), 0);
	assert_kept(&directory, ALICE, "--0");
	directory_write("settings",
			"format maildir\n" SETTINGS "user new@example.org\nhash {CRYPT}$y$c\n");
	assert_int_equal(directory_take_settings(&directory, NULL), 0);
	assert_kept(&directory, "new@example.org", "mdbox~/mdbox0");
	directory_write("settings", "format mbox\n" SETTINGS);
	assert_int_equal(directory_take_settings(&directory, NULL), 0);
	assert_non_null(directory.fault);
	directory_close(&directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(a_password_is_kept_and_revoked),
	    folder_test(what_is_no_question_changes_nothing),
	    folder_test(a_person_has_no_more_than_100),
	    folder_test(who_is_gone_is_forgotten_after_a_day),
	    folder_test(settings_are_applied_whole_or_not),
	    folder_test(who_made_one_changes_him),
	    folder_test(a_user_becomes_an_alias),
	    folder_test(a_disabled_user_is_not_let_in),
	    folder_test(aliases_lead_somewhere),
	    folder_test(an_alias_says_who_may_write),
	    folder_test(a_person_forwards),
	    folder_test(domains_have_other_names_and_a_catch_all),
	    folder_test(an_import_is_taken_whole_or_not),
	    folder_test(people_of_another_server_join),
	    folder_test(a_damaged_file_is_made_again_from_its_copy),
	    folder_test(a_file_of_before_is_taken_on),
	    folder_test(who_has_no_account_is_forgotten),
	    folder_test(a_mailbox_is_switched_while_it_is_paused),
	    folder_test(who_has_mail_keeps_its_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
