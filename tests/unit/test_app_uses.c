// SPDX-License-Identifier: GPL-3.0-or-later
/* When app passwords were last used: what the guard hears of Dovecot and writes, and what the
 * directory takes of it. */
#include "directory_made.h"

#include <errno.h>

#include "base/clock.h"
#include "base/json_file.h"
#include "directory/app_uses.h"
#include "guard/login.h"
#include "guard/uses.h"

enum { NOW = 1800000000 };

#define ALICE "alice@example.org"
#define APP   "aaaaaaaaaaaaaaaa"
#define HASH  APP APP APP APP

#define SETTINGS "domain example.org\nuser " ALICE "\nhash {CRYPT}$y$a\n"

#define LOGIN(app, protocol, remote, success)                                                      \
	"{\"app\":\"" app "\",\"device_id\":\"\",\"fail_type\":\"\",\"login\":\"" ALICE            \
	"\",\"protocol\":\"" protocol "\",\"pwhash\":\"021c\",\"remote\":\"" remote                \
	"\",\"session_id\":\"x\",\"success\":" success ",\"policy_reject\":false,\"tls\":true}"

static bool read_text(const char *text, struct use *use)
{
	_cleanup_json_ json_t *said = login_parse(slice_of(text));

	return use_read(said, use);
}

static void a_login_by_an_app_password_is_heard(void **state _unused_)
{
	static const char *const others[] = {
	    "", "[]", "{", LOGIN("", "imap", "192.0.2.9", "true"),
	    LOGIN(APP, "imap", "192.0.2.9", "false"), LOGIN(APP, "imap", "", "true"),
	    LOGIN(APP, "imap", "192.0.2.9\\n", "true"), LOGIN(APP, "doveadm", "192.0.2.9", "true"),
	    LOGIN(APP "a", "imap", "192.0.2.9", "true"),
	    LOGIN("' OR 1=1 --", "imap", "192.0.2.9", "true"),
	    LOGIN("AAAAAAAAAAAAAAAA", "imap", "192.0.2.9", "true"),
	    /* A name that would be more: the quotation marks are Dovecot's to escape, and two of a
	     * key are none. */
	    "{\"app\":\"" APP "\",\"app\":\"" APP
	    "\",\"protocol\":\"imap\",\"remote\":\"192.0.2.9\","
	    "\"success\":true}"};
	struct use use;

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (read_text(others[i], &use))
			fail_msg("%s", others[i]);
	assert_true(read_text(LOGIN(APP, "imap", "192.0.2.9", "true"), &use));
	assert_string_equal(use.app, APP);
	assert_string_equal(use.protocol, "imap");
}

static void write_uses(struct uses *uses, const char *text, int64_t now)
{
	struct use use;

	assert_true(read_text(text, &use));
	uses_add(uses, &use, now);
	uses->write_ms = 0;
	assert_int_equal(uses_work(uses, "uses.json", now), INT64_MAX);
}

static char *shown(struct directory *directory)
{
	return directory_answer(directory, slice_of("{\"do\":\"app-list\"}"));
}

static void assert_shown(struct directory *directory, const char *part)
{
	_cleanup_free_ char *text = shown(directory);

	if (!strstr(text, part))
		fail_msg("%s: %s", part, text);
}

static const struct app app = {ALICE, "Phone", HASH, " imap ", 0};
static const struct change by_root = {"root", NOW};

static struct directory opened(void **state)
{
	struct directory directory = {.uses = "uses.json"};
	struct error error = ERROR_INIT;

	directory_begin(state, &directory, SETTINGS);
	assert_int_equal(secrets_add_app(&directory.secrets, &app, &by_root, &error), 0);
	return directory;
}

static void the_last_use_is_kept(void **state)
{
	struct directory directory = opened(state);
	struct error error = ERROR_INIT;
	struct uses uses = {0};
	bool copied;

	assert_int_equal(app_uses_look(&directory, NOW, NULL), 0);
	assert_shown(&directory, "\"used\":null");
	copied = directory.secrets.cabinet.changed;
	write_uses(&uses, LOGIN(APP, "imap", "192.0.2.9", "true"), NOW);
	assert_int_equal(app_uses_look(&directory, NOW, NULL), 0);
	assert_shown(&directory, "\"used\":1800000000,\"used_by\":\"imap\",\"used_from\":"
				 "\"192.0.2.0/24\"");
	assert_int_equal(directory.secrets.cabinet.changed, copied);
	/* One row a minute: the second use of this one is left. */
	write_uses(&uses, LOGIN(APP, "smtp", "2001:db8:1:2::3", "true"), NOW + 30);
	assert_int_equal(app_uses_look(&directory, NOW + 30, NULL), 0);
	assert_shown(&directory, "192.0.2.0/24");
	write_uses(&uses, LOGIN(APP, "smtp", "2001:db8:1:2::3", "true"), NOW + 60);
	assert_int_equal(app_uses_look(&directory, NOW + 60, NULL), 0);
	assert_shown(&directory,
		     "\"used\":1800000060,\"used_by\":\"smtp\",\"used_from\":\"2001:db8:1::/48\"");
	/* What is read is not read again; an older one changes nothing. */
	write_uses(&uses, LOGIN(APP, "pop3", "::ffff:192.0.2.9", "true"), NOW + 60);
	assert_int_equal(app_uses_look(&directory, NOW + 70, NULL), 0);
	assert_shown(&directory, "\"used\":1800000060,\"used_by\":\"smtp\"");
	/* It goes with the app password. */
	assert_int_equal(secrets_revoke(&directory.secrets, ALICE, "Phone", &by_root, &error), 0);
	assert_int_equal(secrets_add_app(&directory.secrets, &app, &by_root, &error), 0);
	assert_shown(&directory, "\"used\":null");
	uses_clear(&uses);
	directory_close(&directory);
}

static void what_makes_no_sense_is_passed_over(void **state)
{
	static const char *const files[] = {
	    "{\"uses\":[{\"app\":\"" APP "\",\"time\":1800000001,\"protocol\":\"imap\","
	    "\"network\":\"192.0.2.0/24\"}]}",
	    "{\"uses\":[{\"app\":\"" APP "\",\"time\":1799990000,\"protocol\":\"imap\","
	    "\"network\":\"192.0.2.0/24\"}]}",
	    "{\"uses\":[{\"app\":\"" APP "\",\"time\":1800000000,\"protocol\":\"imap\","
	    "\"network\":\"\\u001b[2J/24\"}]}",
	    "{\"uses\":[{\"app\":\"" APP "\",\"time\":1800000000,\"protocol\":\"imap pop3\","
	    "\"network\":\"192.0.2.0/24\"}]}",
	    "{\"uses\":[{\"app\":\"" APP "\",\"time\":1800000000,\"protocol\":\"\","
	    "\"network\":\"192.0.2.0/24\"}]}",
	    "{\"uses\":[{\"app\":\"\",\"time\":1800000000,\"protocol\":\"imap\","
	    "\"network\":\"192.0.2.0/24\"}]}",
	    "{\"uses\":[{\"app\":\"" APP "\",\"time\":1800000000,\"protocol\":\"imap\","
	    "\"network\":\"192.0.2.0/32\"}]}",
	    "{\"uses\":{\"a\":1}}",
	    "{\"uses\":[1, null, []]}",
	    "{}"};
	struct directory directory = opened(state);

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		directory_write("uses.json", files[i]);
		directory.uses_seen = (struct stat){0};
		assert_int_equal(app_uses_look(&directory, NOW, NULL), 0);
		assert_shown(&directory, "\"used\":null");
	}
	directory_write("uses.json", "no JSON");
	directory.uses_seen = (struct stat){0};
	assert_true(app_uses_look(&directory, NOW, NULL) < 0);
	/* It is said once. */
	assert_int_equal(app_uses_look(&directory, NOW, NULL), 0);
	assert_int_equal(unlink("uses.json"), 0);
	assert_int_equal(symlink("settings", "uses.json"), 0);
	assert_true(app_uses_look(&directory, NOW, NULL) < 0);
	directory_close(&directory);
}

static void there_are_no_more_than_it_keeps(void **state)
{
	struct uses uses = {0};
	struct use use;

	assert_int_equal(chdir(*state), 0);
	assert_true(read_text(LOGIN(APP, "imap", "192.0.2.9", "true"), &use));
	for (unsigned i = 0; i < USES_MOST + 100; i++) {
		snprintf(use.app, sizeof(use.app), "%016x", i);
		uses_add(&uses, &use, NOW);
	}
	assert_int_equal(uses.count, USES_MOST);
	uses_add(&uses, &use, NOW + USES_STAY_S); /* the others are old by now */
	assert_int_equal(uses.count, 1);
	/* Not more often than every fifteen seconds. */
	assert_int_equal(uses_work(&uses, "uses.json", NOW + USES_STAY_S), INT64_MAX);
	uses_add(&uses, &use, NOW + USES_STAY_S);
	assert_in_range(uses_work(&uses, "uses.json", NOW + USES_STAY_S),
			clock_now_ms() + USES_WRITE_MS - 5000, clock_now_ms() + USES_WRITE_MS);
	uses_clear(&uses);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_login_by_an_app_password_is_heard),
	    folder_test(the_last_use_is_kept),
	    folder_test(what_makes_no_sense_is_passed_over),
	    folder_test(there_are_no_more_than_it_keeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
