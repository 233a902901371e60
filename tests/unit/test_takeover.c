// SPDX-License-Identifier: GPL-3.0-or-later
/* People and aliases of other servers: what their dumps and files say, and what is not taken. */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/json_file.h"
#include "takeover/takeover.h"
#include "takeover_data.h"

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* Read by the child, as the command does it. */
static json_t *found(const char *kind, const char *path)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	json_t *report = NULL;

	if (takeover_read(takeover_find_kind(kind), &path, 1, &report, &error) < 0)
		fail_msg("%s", error_text(&error));
	return report;
}

static void assert_refused(const char *kind, const char *text, const char *said)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	json_t *report = NULL;
	const char *path = "refused";

	put(path, text);
	assert_true(takeover_read(takeover_find_kind(kind), &path, 1, &report, &error) < 0);
	assert_null(report);
	if (!strstr(error_text(&error), said))
		fail_msg("%s: %s", said, error_text(&error));
}

/* Whether a list has an object with these texts; `why` only its beginning. */
static bool has(const json_t *report, const char *list, const char *what, const char *why)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(report, list), i, one)
	{
		if (strcmp(json_text(one, "what"), what) == 0 &&
		    strncmp(json_text(one, "why"), why, strlen(why)) == 0)
			return true;
	}
	return false;
}

#define assert_left(report, what, why) assert_true(has(report, "left", what, why))

static const json_t *one(const json_t *report, const char *list, const char *address)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(report, list), i,
			   row) if (strcmp(json_text(row, "address"), address) == 0) return row;
	fail_msg("%s is none of the %s", address, list);
	return NULL;
}

static size_t count(const json_t *report, const char *list)
{
	return json_array_size(json_object_get(report, list));
}

/* ---- Dumps ---- */

static void a_mailcow_is_read(void **state)
{
	_cleanup_json_ json_t *report = NULL;
	const json_t *ann, *team;

	assert_int_equal(chdir(*state), 0);
	put("dump.sql", MAILCOW);
	report = found("mailcow", "dump.sql");
	assert_int_equal(count(report, "people"), 2);
	ann = one(report, "people", "ann@example.org");
	assert_string_equal(json_text(ann, "hash"), BCRYPT);
	assert_string_equal(json_text(ann, "name"), "Ann 'A' Ünal");
	assert_int_equal(json_number(ann, "quota_mib"), 3072);
	assert_true(json_is_true(json_object_get(ann, "enabled")));
	assert_true(
	    json_is_false(json_object_get(one(report, "people", "ben@example.org"), "enabled")));
	assert_true(has(report, "weak", "ben@example.org", "his password is not there"));
	assert_int_equal(count(report, "aliases"), 1);
	team = json_object_get(one(report, "aliases", "team@example.org"), "to");
	assert_int_equal(json_array_size(team), 2);
	assert_true(json_has_text(team, "Bea@far.example"));
	assert_left(report, "off.example", "its domain is switched off");
	assert_left(report, "trap@example.org -> null@localhost", "its mail was thrown away");
	assert_left(report, "@example.org", "a catch-all");
	assert_left(report, "off@example.org", "an alias that is switched off");
	assert_left(report, "room@example.org", "a room");
	assert_left(report, "ann@example.org: pop3_access", "a rule");
	assert_left(report, "ann@example.org: boss@example.org", "a right to send");
	assert_left(report, "ann@example.org: telephone", "an app password");
	assert_int_equal(count(report, "left"), 8);
}

static void a_postgres_dump_is_read(void **state)
{
	_cleanup_json_ json_t *report = NULL;
	const json_t *ann;

	assert_int_equal(chdir(*state), 0);
	put("dump.sql", POSTGRES_DUMP);
	report = found("postfixadmin", "dump.sql");
	assert_int_equal(count(report, "people"), 1);
	ann = one(report, "people", "ann@example.org");
	assert_string_equal(json_text(ann, "hash"), GOOD);
	assert_string_equal(json_text(ann, "name"), "Ann\\ A");
	assert_int_equal(json_number(ann, "quota_mib"), 1);
	assert_string_equal(json_text(ann, "where"), "dump.sql:28");
	assert_int_equal(count(report, "aliases"), 1);
	assert_left(report, "off@example.org", "an alias that is switched off");
	assert_left(report, "?", "it is no UTF-8, or not written");
}

static void a_dump_of_sqlite_is_read(void **state)
{
	_cleanup_json_ json_t *report = NULL;

	assert_int_equal(chdir(*state), 0);
	put("dump.sql", SQLITE_DUMP);
	report = found("postfixadmin", "dump.sql");
	assert_int_equal(count(report, "people"), 2);
	assert_string_equal(json_text(one(report, "people", "ann@example.org"), "name"),
			    "back\\slash 'q'");
	assert_true(has(report, "weak", "ann@example.org", "the password_hash is an MD5 hash"));
	assert_true(has(report, "weak", "bea@example.org", "the scheme {PLAIN-MD5} is none"));
	assert_string_equal(json_text(one(report, "people", "bea@example.org"), "name"), "");
}

#define TABLES                                                                                     \
	"-- MySQL dump\nCREATE TABLE mailbox (username text, password text, active int);\n"        \
	"CREATE TABLE alias (address text, goto text, active int);\n"                              \
	"CREATE TABLE domain (domain text, active int);\n"

static void aliases_are_what_they_are(void **state)
{
	_cleanup_json_ json_t *report = NULL;

	assert_int_equal(chdir(*state), 0);
	put("dump.sql", TABLES
	    "INSERT INTO mailbox VALUES ('ann@example.org','',1),('" /* too long a name */
	    "x y@example.org','',1);\n"
	    "REPLACE INTO `db`.`alias` (`active`,`goto`,`address`) VALUES "
	    "(1,'ann@example.org,ann#example.org@auto.example,far@far.example',"
	    "'ann@example.org'),"
	    "(1,'@example.org','@also.example'),(1,'|/bin/x','prog@example.org'),"
	    "(1,'self@example.org,ann@example.org','self@example.org'),"
	    "(1,'@other.example','part@example.org'),(1,'no address','bad@example.org'),"
	    "(1,'a@far.example','self@example.org'),(1,concat('a','b'),'odd@example.org');\n");
	report = found("postfixadmin", "dump.sql");
	assert_int_equal(count(report, "people"), 1);
	assert_left(report, "x y@example.org", "");
	assert_left(report, "ann@example.org -> ann#example.org@auto.example", "an answer for");
	assert_left(report, "ann@example.org -> far@far.example", "mail of a mailbox that went on");
	assert_left(report, "@also.example", "a domain all of whose");
	assert_left(report, "prog@example.org -> |/bin/x", "a program");
	assert_left(report, "part@example.org -> @other.example", "a domain all of whose");
	assert_left(report, "self@example.org", "an alias that is there twice");
	assert_left(report, "odd@example.org", "it is no UTF-8");
	assert_int_equal(count(report, "aliases"), 1);
	assert_int_equal(
	    json_array_size(json_object_get(one(report, "aliases", "self@example.org"), "to")), 1);
}

static void what_is_no_whole_dump_is_refused(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
	    {"", "it is no dump as"},
	    {"hello\n", "it is no dump as"},
	    {"PGDMP\1-- PostgreSQL database dump", "make a plain dump"},
	    {"\x1f\x8b-- MySQL dump", "unpack it with gunzip"},
	    {"-- MySQL dump\n", "there is no table mailbox"},
	    {"-- MySQL dump\nCREATE TABLE mailbox (id int, owner int);\n", "no table mailbox"},
	    {TABLES "INSERT INTO alias VALUES ('a','b',1", "a row has no end"},
	    {TABLES "INSERT INTO alias VALUES ('a','b',1)", "the last statement has no end"},
	    {TABLES "INSERT INTO alias VALUES ('a','b", "has no end"},
	    {TABLES "INSERT INTO alias VALUES ('a','b\\", "has no end"},
	    {TABLES "INSERT INTO log VALUES ('a','b", "refused:5: a quotation mark is open"},
	    {TABLES "INSERT INTO alias VALUES ('a','b');\n",
	     "refused:5: a row of alias has 2 values, and the table 3"},
	    {TABLES "INSERT INTO alias SELECT 1;\n", "there are no values"},
	    {TABLES "CREATE TABLE `other`.`alias` (address text, goto text);\n",
	     "the table alias is there twice"},
	    {"-- MySQL dump\nINSERT INTO mailbox VALUES ('a');\n",
	     "names of the columns are missing"},
	    {TABLES "INSERT INTO mailbox VALUES ('a@example.org','',1),('A@example.org','',1);\n",
	     "refused:5: a@example.org is there twice, as in refused:5"},
	    {TABLES "DELIMITER ;;\nBEGIN\n", "the last statement has no end"},
	    {"-- PostgreSQL database dump\nCOPY mailbox (username) FROM stdin;\na\n",
	     "a table has no end"},
	    {"-- PostgreSQL database dump\nCOPY mailbox (username) FROM stdin;\na\tb\n\\.\n",
	     "a row of mailbox has 2 values, and the table 1"},
	};

	assert_int_equal(chdir(*state), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_refused("postfixadmin", cases[i].text, cases[i].said);
}

/* ---- Files of SQLite ---- */

static void make_database(const char *path, const char *text)
{
	sqlite3 *database;
	char *why = NULL;

	unlink(path);
	assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
	if (sqlite3_exec(database, text, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s", why);
	assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

#define BOX                                                                                        \
	"CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE, "   \
	"password TEXT NOT NULL, extra, privileges TEXT NOT NULL DEFAULT '', quota TEXT);"         \
	"CREATE TABLE aliases (id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL UNIQUE," \
	" destination TEXT NOT NULL, permitted_senders TEXT);"                                     \
	"CREATE TABLE mfa (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, type TEXT);"          \
	"CREATE TABLE auto_aliases (id INTEGER PRIMARY KEY, source TEXT, destination TEXT);"

static void a_box_is_read(void **state)
{
	_cleanup_json_ json_t *report = NULL;
	const json_t *ann;

	assert_int_equal(chdir(*state), 0);
	make_database("users.sqlite",
		      "PRAGMA journal_mode = WAL;" BOX
		      "INSERT INTO users VALUES (7, 'ann@example.org', '{SHA512-CRYPT}" GOOD
		      "', NULL, 'admin', '5G'), (8, 'bea@example.org', x'00', 0, '', '0');"
		      "INSERT INTO aliases VALUES (1, 'info@example.org', 'ann@example.org,\n"
		      "far@far.example', NULL), (2, 'post@example.org', '', 'ann@example.org'),"
		      "(3, '@also.example', '@example.org', NULL);"
		      "INSERT INTO mfa VALUES (1, 7, 'totp');"
		      "INSERT INTO auto_aliases VALUES (1, 'abuse@example.org', 'x@example.org');");
	report = found("mail-in-a-box", "users.sqlite");
	ann = one(report, "people", "ann@example.org");
	assert_string_equal(json_text(ann, "hash"), GOOD);
	assert_int_equal(json_number(ann, "quota_mib"), 5120);
	assert_string_equal(json_text(ann, "where"), "users.sqlite, row 1 of users");
	assert_true(has(report, "weak", "bea@example.org", "the password_hash is empty"));
	assert_int_equal(count(report, "aliases"), 1);
	assert_left(report, "ann@example.org: post@example.org", "a right to send");
	assert_left(report, "@also.example", "a domain all of whose");
	assert_left(report, "ann@example.org", "a second factor");
}

/* What a file of SQLite may hold besides tables: none of it is run or asked. */
static void a_schema_does_nothing(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
	    {"CREATE TABLE secret (email, password); CREATE TABLE aliases (source, destination);"
	     "CREATE VIEW users AS SELECT * FROM secret;",
	     "there is no table users"},
	    {"CREATE VIRTUAL TABLE users USING fts5(email, password);"
	     "CREATE TABLE aliases (source, destination);",
	     "there is no table users"},
	};

	assert_int_equal(chdir(*state), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(error_clear) struct error error = ERROR_INIT;
		const char *path = "users.sqlite";
		json_t *report = NULL;

		make_database(path, cases[i].text);
		assert_true(takeover_read(takeover_find_kind("mail-in-a-box"), &path, 1, &report,
					  &error) < 0);
		if (!strstr(error_text(&error), cases[i].said))
			fail_msg("%s: %s", cases[i].text, error_text(&error));
	}
}

static void a_database_in_use_is_refused(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const char *path = "users.sqlite";
	json_t *report = NULL;

	assert_int_equal(chdir(*state), 0);
	make_database(path, BOX);
	put("users.sqlite-wal", "something");
	assert_int_equal(
	    takeover_read(takeover_find_kind("mail-in-a-box"), &path, 1, &report, &error), -EBUSY);
	assert_non_null(strstr(error_text(&error), ".backup"));
}

static void a_damaged_file_is_refused(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	char bytes[4096] = "SQLite format 3";
	const char *path = "users.sqlite";
	json_t *report = NULL;

	assert_int_equal(chdir(*state), 0);
	memset(bytes + 16, 'x', sizeof(bytes) - 16);
	assert_int_equal(file_replace(path, bytes, sizeof(bytes), 0600, (uid_t)-1, (gid_t)-1, NULL),
			 0);
	assert_true(takeover_read(takeover_find_kind("mail-in-a-box"), &path, 1, &report, &error) <
		    0);
	assert_non_null(strstr(error_text(&error), "SQLite says: file is not a database"));
}

/* ---- Files of docker-mailserver ---- */

static void a_docker_mailserver_is_read(void **state)
{
	_cleanup_json_ json_t *report = NULL;
	const json_t *ann;

	assert_int_equal(chdir(*state), 0);
	assert_int_equal(mkdir("config", 0700), 0);
	put("config/postfix-accounts.cf",
	    "# people\nAnn@example.org|{SHA512-CRYPT}" GOOD "\r\n\nbea@example.org|{SSHA}x|a=b\n");
	put("config/dovecot-quotas.cf", "ann@example.org:5G\nbea@example.org:50%\n");
	put("config/postfix-virtual.cf", "info@example.org ann@example.org,far@far.example\n"
					 "root ann@example.org\n");
	put("config/postfix-regexp.cf", "/^test/ ann@example.org\n");
	put("config/dovecot-masters.cf", "admin|{SHA512-CRYPT}" GOOD "\n");
	report = found("docker-mailserver", "config");
	ann = one(report, "people", "ann@example.org");
	assert_string_equal(json_text(ann, "hash"), GOOD);
	assert_int_equal(json_number(ann, "quota_mib"), 5120);
	assert_string_equal(json_text(ann, "where"), "config/postfix-accounts.cf:2");
	assert_int_equal(count(report, "people"), 2);
	assert_int_equal(count(report, "aliases"), 1);
	assert_left(report, "root", "");
	assert_left(report, "bea@example.org: 50%", "a rule");
	assert_left(report, "/^test/ ann@example.org", "a pattern");
	assert_left(report, "admin", "a rule");
	assert_left(report, "bea@example.org: a=b", "a rule");
	assert_refused("docker-mailserver", "x", "it is no file of docker-mailserver");
}

/* A folder is somebody else's: a name in it leads nowhere else. */
static void a_link_in_a_folder_is_not_followed(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const char *path = "config";
	json_t *report = NULL;

	assert_int_equal(chdir(*state), 0);
	assert_int_equal(mkdir("config", 0700), 0);
	put("elsewhere", "ann@example.org|x\n");
	assert_int_equal(symlink("../elsewhere", "config/postfix-accounts.cf"), 0);
	assert_int_equal(
	    takeover_read(takeover_find_kind("docker-mailserver"), &path, 1, &report, &error),
	    -ELOOP);
}

/* ---- Sizes, and where they are read ---- */

static void sizes_are_what_they_are(void **state _unused_)
{
	static const struct {
		const char *text;
		long long bytes; /* -1: none */
	} cases[] = {{"0", 0},
		     {"1024", 1024},
		     {"5G", 5LL << 30},
		     {"5GiB", 5LL << 30},
		     {"10m", 10LL << 20},
		     {"2T", 2LL << 40},
		     {"7b", 7},
		     {"50%", -1},
		     {"", -1},
		     {"G", -1},
		     {"-1", -1},
		     {"5GX", -1},
		     {"5 G", -1},
		     {"99999999999999999999", -1}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		long long bytes = -1;

		if (takeover_size(cases[i].text, &bytes) != (cases[i].bytes >= 0) ||
		    bytes != cases[i].bytes)
			fail_msg("\"%s\": %lld", cases[i].text, bytes);
	}
}

static int try_the_doors(const struct takeover_file *files _unused_, size_t size _unused_,
			 struct findings *findings, struct error *error _unused_)
{
	bool open = fopen("/etc/passwd", "r") || socket(AF_INET, SOCK_STREAM, 0) >= 0 ||
		    fork() >= 0 || kill(getppid(), 0) == 0 || unlink("kept") == 0;

	findings_cannot(findings, CANNOT_RULE, open ? "open" : "closed", "here");
	return 0;
}

static void who_reads_can_do_nothing_else(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const struct takeover_kind kind = {.name = "doors", .find = try_the_doors};
	const char *path = "kept";
	_cleanup_json_ json_t *report = NULL;

	assert_int_equal(chdir(*state), 0);
	put(path, "");
	assert_int_equal(takeover_read(&kind, &path, 1, &report, &error), 0);
	assert_left(report, "closed", "");
	assert_int_equal(access(path, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(a_mailcow_is_read),
	    folder_test(a_postgres_dump_is_read),
	    folder_test(a_dump_of_sqlite_is_read),
	    folder_test(aliases_are_what_they_are),
	    folder_test(what_is_no_whole_dump_is_refused),
	    folder_test(a_box_is_read),
	    folder_test(a_schema_does_nothing),
	    folder_test(a_database_in_use_is_refused),
	    folder_test(a_damaged_file_is_refused),
	    folder_test(a_docker_mailserver_is_read),
	    folder_test(a_link_in_a_folder_is_not_followed),
	    cmocka_unit_test(sizes_are_what_they_are),
	    folder_test(who_reads_can_do_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
