// SPDX-License-Identifier: GPL-3.0-or-later
/* key/key_forwarding.c: the secret of forwarded mail is made once and kept. */
#include "test.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/file.h"
#include "key/key_forwarding.h"

const struct key_kind *const key_kinds[] = {&forwarding_key};
KEY_KINDS_FIT(key_kinds);
const size_t key_kind_count = ARRAY_SIZE(key_kinds);

struct outcome {
	char state[8];
	bool changed, noted;
};

static void take(void *context, size_t number _unused_, const struct key_result *result)
{
	struct outcome *outcome = context;

	snprintf(outcome->state, sizeof(outcome->state), "%s", result->state);
	outcome->changed = result->changed;
	outcome->noted = result->note != NULL;
}

static int run(const char *folder, bool srs, struct outcome *ret, struct error *error)
{
	json_t *settings = json_pack("{s:{s:b}}", "forwarding", "srs", srs);
	struct key_run keys;
	int result = keys_begin(settings, folder, 1000, &keys, error);

	json_decref(settings);
	return result < 0 ? result : keys_finish(&keys, 1000, take, ret, error);
}

#define assert_run(folder, srs, expected, is_changed, is_noted)                                    \
	do {                                                                                       \
		_cleanup_(error_clear) struct error failure = ERROR_INIT;                          \
		struct outcome outcome = {0};                                                      \
                                                                                                   \
		assert_int_equal(run(folder, srs, &outcome, &failure), 0);                         \
		assert_string_equal(outcome.state, expected);                                      \
		assert_int_equal(outcome.changed, is_changed);                                     \
		assert_int_equal(outcome.noted, is_noted);                                         \
	} while (0)

static char *read_secret(const char *path)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	char *text = NULL;

	assert_int_equal(file_read(path, 4096, &text, NULL, &error), 0);
	return text;
}

static void it_is_made_once_and_kept(void **state)
{
	_cleanup_free_ char *folder = file_join(*state, "keys");
	_cleanup_free_ char *path = file_join(folder, FORWARDING_SECRET);
	_cleanup_free_ char *first = NULL, *second = NULL;
	struct stat info;

	assert_run(folder, false, "off", false, false);
	assert_false(file_exists(path));
	assert_run(folder, true, "made", true, false);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	first = read_secret(path);
	assert_int_equal(strlen(first), 65);
	assert_int_equal(strspn(first, "0123456789abcdef"), 64);
	assert_run(folder, true, "kept", false, false);
	/* off and on again: the bounces of before come back */
	assert_run(folder, false, "off", false, false);
	assert_run(folder, true, "kept", false, false);
	second = read_secret(path);
	assert_string_equal(first, second);
}

static void a_damaged_one_is_no_secret(void **state)
{
	static const struct {
		const char *text;
		size_t size;
	} damaged[] = {
	    {"", 0},
	    {"\n", 1},
	    {"abc\n", 4},
	    {"0000000000000000000000000000000000000000000000000000000000000000", 64},
	    {"000000000000000000000000000000000000000000000000000000000000000G\n", 65},
	    {"00000000000000000000000000000000"
	     "\0"
	     "0000000000000000000000000000000\n",
	     65},
	};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(*state, FORWARDING_SECRET), *big = calloc(1, 8192);

	assert_non_null(big);
	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		assert_int_equal(
		    file_replace(path, damaged[i].text, damaged[i].size, 0600, -1, -1, &error), 0);
		assert_run(*state, true, "made", true, true);
		assert_run(*state, true, "kept", false, false);
	}
	assert_int_equal(file_replace(path, big, 8192, 0600, -1, -1, &error), 0);
	assert_run(*state, true, "made", true, true);
}

static void what_cannot_be_read_is_no_reason_for_another(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(*state, FORWARDING_SECRET);
	struct outcome outcome;

	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(run(*state, true, &outcome, &error) < 0);
	assert_non_null(strstr(error_text(&error), FORWARDING_SECRET));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(it_is_made_once_and_kept),
	    folder_test(a_damaged_one_is_no_secret),
	    folder_test(what_cannot_be_read_is_no_reason_for_another),
	};

	return cmocka_run_group_tests_name("forwarding key", tests, NULL, NULL);
}
