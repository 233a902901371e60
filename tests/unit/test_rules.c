// SPDX-License-Identifier: GPL-3.0-or-later
/* Delivery rules of a directory server: which become files, which are refused, and which go. */
#include "test.h"

#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/json_file.h"
#include "rules/rules.h"
#include "rules/script.h"

/* Stands in for sievec, which the machine's own tests run: it says what it was asked to prove, and
 * takes what does not say "bad". */
static const char fake[] = "#!/bin/sh\n"
			   "[ \"$1 $2\" = '-c sieve.conf' ] || exit 3\n"
			   "echo \"$3\" >> asked\n"
			   ": > \"$4\"\n"
			   "while read -r line || [ \"$line\" ]; do case $line in\n"
			   "*bad*) echo \".new: line 1: error: bad\"; exit 1;;\n"
			   "esac; done < \"$3\"\n";

static const struct rules RULES = {"accounts.db", "rules", "sieve.conf", "refused.json"};

static char *path_before;

static int setup(void **state)
{
	assert_int_equal(test_folder_make(state), 0);
	assert_int_equal(chdir(*state), 0);
	assert_int_equal(mkdir("rules", 0755), 0);
	assert_int_equal(file_replace("sievec", fake, strlen(fake), 0755, -1, -1, NULL), 0);
	path_before = strdup(getenv("PATH"));
	setenv("PATH", *state, 1);
	return 0;
}

static int teardown(void **state)
{
	setenv("PATH", path_before, 1);
	free(path_before);
	assert_int_equal(chdir("/"), 0);
	return test_folder_remove(state);
}

/* What the file of accounts says from now on. */
static void have(const char *rows)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	sqlite3 *database;

	buffer_addf(&text,
		    "DROP TABLE IF EXISTS delivery_rule;"
		    "CREATE TABLE delivery_rule (address TEXT, script TEXT);%s%s;",
		    rows[0] ? "INSERT INTO delivery_rule VALUES " : "", rows);
	assert_int_equal(sqlite3_open(RULES.accounts, &database), SQLITE_OK);
	assert_int_equal(sqlite3_exec(database, buffer_text(&text), NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(database);
}

static void follow(void)
{
	struct error error = ERROR_INIT;

	if (rules_follow(&RULES, &error) < 0)
		fail_msg("%s", error_text(&error));
}

static void assert_text(const char *path, const char *text)
{
	_cleanup_free_ char *there = NULL;

	if (!text) {
		assert_false(file_exists(path));
		return;
	}
	assert_int_equal(file_read(path, 4096, &there, NULL, NULL), 0);
	assert_string_equal(there, text);
}

static void assert_refused(const char *address, const char *why)
{
	_cleanup_json_ json_t *list = NULL;

	assert_int_equal(
	    json_file_read(RULES.refused, JSON_FILE_LIMIT, JSON_FILE_LIST, &list, NULL), 0);
	assert_int_equal(json_array_size(list), address ? 1 : 0);
	if (!address)
		return;
	assert_string_equal(json_text(json_array_get(list, 0), "address"), address);
	assert_string_equal(json_text(json_array_get(list, 0), "why"), why);
}

static void what_is_good_is_a_file_and_proved_once(void **state _unused_)
{
	struct stat about;

	have("('a@x.org', 'keep;'), ('b+c@y.org', 'stop;')");
	follow();
	follow();
	assert_text("rules/x.org/a.sieve", "keep;");
	assert_text("rules/y.org/b+c.sieve", "stop;");
	assert_text("rules/x.org/.new", NULL);
	assert_text("rules/x.org/.new.svbin", NULL);
	assert_text("asked", "rules/x.org/.new\nrules/y.org/.new\n");
	assert_int_equal(stat("rules/x.org/a.sieve", &about), 0);
	assert_int_equal(about.st_mode & 0777, 0640);
	assert_refused(NULL, NULL);
}

static void what_is_bad_leaves_the_one_before_and_is_proved_once(void **state _unused_)
{
	have("('a@x.org', 'keep;')");
	follow();
	have("('a@x.org', 'bad')");
	follow();
	follow();
	assert_text("rules/x.org/a.sieve", "keep;");
	assert_text("asked", "rules/x.org/.new\nrules/x.org/.new\n");
	assert_refused("a@x.org", ": line 1: error: bad");
	have("('a@x.org', 'bad in another way')");
	follow();
	assert_text("asked", "rules/x.org/.new\nrules/x.org/.new\nrules/x.org/.new\n");
	have("('a@x.org', 'discard;')");
	follow();
	assert_text("rules/x.org/a.sieve", "discard;");
	assert_refused(NULL, NULL);
}

static void what_is_bad_from_the_beginning_is_no_file(void **state _unused_)
{
	have("('a@x.org', 'bad'), ('b@x.org', 'keep;')");
	follow();
	assert_text("rules/x.org/a.sieve", NULL);
	assert_text("rules/x.org/b.sieve", "keep;");
	assert_refused("a@x.org", ": line 1: error: bad");
}

static void what_is_gone_goes(void **state _unused_)
{
	have("('a@x.org', 'keep;'), ('b@x.org', 'keep;'), ('c@y.org', 'keep;')");
	follow();
	assert_int_equal(file_replace("rules/x.org/.new", "x", 1, 0600, -1, -1, NULL), 0);
	have("('a@x.org', 'keep;')");
	follow();
	assert_text("rules/x.org/a.sieve", "keep;");
	assert_text("rules/x.org/b.sieve", NULL);
	assert_text("rules/x.org/.new", NULL); /* what a cut left behind */
	assert_false(file_exists("rules/y.org"));
	have("");
	follow();
	assert_false(file_exists("rules/x.org"));
}

static void a_name_leads_nowhere_else(void **state _unused_)
{
	static const char *const names[] = {"../a@x.org", "a@..",   ".@x.org", "a/b@x.org",
					    "a@x/y",	  "@x.org", "a@",      "a"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(buffer_free) struct buffer row = BUFFER_INIT;

		assert_null(script_name(names[i]));
		buffer_addf(&row, "('%s', 'keep;')", names[i]);
		have(buffer_text(&row));
		follow();
		assert_refused(names[i], "the address has no place in a file system");
	}
	assert_false(file_exists("asked"));
}

static void without_the_file_of_accounts_nothing_changes(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	have("('a@x.org', 'keep;')");
	follow();
	assert_int_equal(rename("accounts.db", "away"), 0);
	assert_true(rules_follow(&RULES, &error) < 0);
	assert_text("rules/x.org/a.sieve", "keep;");
}

#define rules_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    rules_test(what_is_good_is_a_file_and_proved_once),
	    rules_test(what_is_bad_leaves_the_one_before_and_is_proved_once),
	    rules_test(what_is_bad_from_the_beginning_is_no_file),
	    rules_test(what_is_gone_goes),
	    rules_test(a_name_leads_nowhere_else),
	    rules_test(without_the_file_of_accounts_nothing_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
