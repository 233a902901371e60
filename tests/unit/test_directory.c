// SPDX-License-Identifier: GPL-3.0-or-later
/* App passwords: what is kept of them, what is asked, and what becomes of who is gone. */
#include "test.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_file.h"
#include "directory/directory.h"

enum { NOW = 1800000000, DAY = 86400 };

#define ALICE  "alice@example.org"
#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct change by_root = {"root", NOW};

static void write_file(const char *path, const char *text)
{
	struct error error = ERROR_INIT;

	assert_int_equal(file_replace(path, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, &error),
			 0);
}

/* In the test's folder. */
static struct directory opened(void **state)
{
	static struct directory directory = {
	    .people = "people", .main_off = "main-off", .report = "report.json"};
	struct error error = ERROR_INIT;

	assert_int_equal(chdir(*state), 0);
	write_file("people", ALICE "\no'neil@example.org\n");
	assert_int_equal(secrets_open(&directory.secrets, "secrets.db", &error), 0);
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
	secrets_close(&directory.secrets);
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
	assert_answer(&directory, "{\"do\":\"audit\",\"most\":10}", "{\"changes\":[]}");
	assert_answer(&directory, "{\"do\":\"ping\"}", "{\"pong\":true}");
	secrets_close(&directory.secrets);
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
	secrets_close(&directory.secrets);
}

static size_t count_apps(struct directory *directory)
{
	_cleanup_json_ json_t *list = json_array();
	struct error error = ERROR_INIT;

	assert_int_equal(secrets_list(&directory->secrets, NULL, list, &error), 0);
	return json_array_size(list);
}

static void who_is_gone_is_forgotten_after_a_day(void **state)
{
	struct directory directory = opened(state);
	struct error error = ERROR_INIT;
	_cleanup_json_ json_t *here = json_pack("{s:b}", ALICE, 1), *nobody = json_object();
	struct app app = {ALICE, "Phone", HASH_A, " imap ", 0};

	assert_int_equal(secrets_add_app(&directory.secrets, &app, &by_root, &error), 0);
	assert_int_equal(secrets_set_main(&directory.secrets, ALICE, false, &by_root, &error), 0);
	assert_int_equal(secrets_forget_gone(&directory.secrets, nobody, NOW, &error), 0);
	assert_int_equal(secrets_forget_gone(&directory.secrets, here, NOW + DAY / 2, &error), 0);
	/* The change was taken back: the day begins anew. */
	assert_int_equal(secrets_forget_gone(&directory.secrets, nobody, NOW + DAY, &error), 0);
	assert_int_equal(count_apps(&directory), 1);
	assert_int_equal(secrets_forget_gone(&directory.secrets, nobody, NOW + 2 * DAY, &error), 0);
	assert_int_equal(count_apps(&directory), 0);
	assert_answer(&directory, "{\"do\":\"app-list\"}", "{\"apps\":[],\"main_off\":[]}");
	secrets_close(&directory.secrets);
}

static void dovecot_is_told_of_main_passwords(void **state)
{
	struct directory directory = opened(state);
	struct error error = ERROR_INIT;
	_cleanup_free_ char *text = NULL;
	size_t size;

	assert_answer(&directory,
		      "{\"do\":\"main\",\"who\":\"root\",\"address\":\"o'neil@example.org\","
		      "\"on\":false}",
		      "{}");
	assert_int_equal(file_read("main-off", 1000, &text, &size, &error), 0);
	assert_string_equal(text, "o’neil@example.org:\n");
	secrets_close(&directory.secrets);
}

static void a_damaged_file_is_set_aside(void **state)
{
	struct directory directory = opened(state);
	struct error error = ERROR_INIT;

	secrets_close(&directory.secrets);
	write_file("secrets.db", "no database at all, but long enough for one");
	directory = opened(state);
	assert_true(directory.secrets.damaged);
	assert_int_equal(access("secrets.db.damaged", F_OK), 0);
	assert_int_equal(count_apps(&directory), 0);
	assert_int_equal(directory_publish_apps(&directory, &error), 0);
	secrets_close(&directory.secrets);
	directory = opened(state);
	assert_false(directory.secrets.damaged);
	secrets_close(&directory.secrets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(a_password_is_kept_and_revoked),
	    folder_test(what_is_no_question_changes_nothing),
	    folder_test(a_person_has_no_more_than_100),
	    folder_test(who_is_gone_is_forgotten_after_a_day),
	    folder_test(dovecot_is_told_of_main_passwords),
	    folder_test(a_damaged_file_is_set_aside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
