// SPDX-License-Identifier: GPL-3.0-or-later
/* src/base/json_file: what is read is an object or an error with its place. */
#include "test.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json_file.h"

#define SECRET "the private key"

static unsigned wiped; /* texts with the secret in them */

static void wipe(void *bytes, size_t size)
{
	wiped += memmem(bytes, size, SECRET, strlen(SECRET)) != NULL;
	memset(bytes, 0, size);
	__asm__ volatile("" : : "r"(bytes) : "memory");
}

/* In place of libc's: explicit_bzero, and what it is called in a fortified program. */
void counted_bzero(void *bytes, size_t size) __asm__("explicit_bzero");
void counted_bzero_chk(void *bytes, size_t size, size_t room) __asm__("__explicit_bzero_chk");

void counted_bzero(void *bytes, size_t size)
{
	wipe(bytes, size);
}

void counted_bzero_chk(void *bytes, size_t size, size_t room _unused_)
{
	wipe(bytes, size);
}

static int read_text(const char *folder, const char *text, enum json_file_flags flags, json_t **ret,
		     struct error *error)
{
	_cleanup_free_ char *path = file_join(folder, "x.json");

	assert_int_equal(file_replace(path, text, strlen(text), 0600, -1, -1, error), 0);
	return json_file_read(path, 32, flags, ret, error);
}

static void what_is_no_object_is_refused(void **state)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
	    {"", "/x.json:1:0: not JSON ("},
	    {"{", "/x.json:1:1: not JSON ("},
	    {"{\n \"a\": tru}", "/x.json:2:9: not JSON ("},
	    {"{} {}", "/x.json:1:4: not JSON ("},
	    {"{\"a\":1,\n\"a\":2}", "/x.json:2:3: not JSON ("},
	    {"[1]", "/x.json:1:1: not a JSON object"},
	    {"\"a\"", "/x.json:1:3: not JSON ("},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(error_clear) struct error error = ERROR_INIT;
		json_t *value = NULL;

		assert_int_equal(read_text(*state, cases[i].text, 0, &value, &error), -EBADMSG);
		assert_null(value);
		assert_non_null(strstr(error_text(&error), cases[i].said));
	}
}

static void a_list_is_read_where_one_is_wanted(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *value = NULL;

	assert_int_equal(read_text(*state, "[\"a\", 1]", JSON_FILE_LIST, &value, &error), 0);
	assert_true(json_has_text(value, "a"));
	assert_false(json_has_text(value, "b") || json_has_text(value, "1"));
	assert_false(json_has_text(NULL, "a"));
	assert_int_equal(read_text(*state, "{}", JSON_FILE_LIST, &value, &error), -EBADMSG);
	assert_non_null(strstr(error_text(&error), "/x.json:1:1: not a JSON list"));
}

static void a_repeated_key_may_be_allowed(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *value = NULL;

	assert_int_equal(read_text(*state, "{\"a\":1,\"a\":2}", JSON_FILE_REPEATS, &value, &error),
			 0);
	assert_int_equal(json_number(value, "a"), 2);
}

static void what_cannot_be_read_keeps_its_errno(void **state)
{
	static const char large[] = "{\"a\": \"                        \"}";
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *missing = file_join(*state, "missing");
	json_t *value = NULL;

	assert_int_equal(read_text(*state, large, 0, &value, &error), -EFBIG);
	assert_int_equal(json_file_read(missing, 32, 0, &value, &error), -ENOENT);
	assert_int_equal(json_file_read(NULL, 32, 0, &value, &error), -ENOMEM);
	assert_null(value);
}

static void a_link_is_followed_in_our_own_folder_alone(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(*state, "x.json"), *link = file_join(*state, "link");
	_cleanup_json_ json_t *value = NULL, *other = NULL;

	assert_int_equal(file_replace(path, "{}", 2, 0600, -1, -1, &error), 0);
	assert_int_equal(symlink("x.json", link), 0);
	assert_int_equal(json_file_read(link, 32, JSON_FILE_FOREIGN, &other, &error), -ELOOP);
	assert_null(other);
	assert_int_equal(json_file_read(path, 32, JSON_FILE_FOREIGN, &other, &error), 0);
	assert_int_equal(json_file_read(link, 32, 0, &value, &error), 0);
}

static void secrets_are_wiped(void **state)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(*state, "settings.json");
	_cleanup_json_ json_t *value = json_pack("{s:s}", "key", SECRET), *again = NULL;
	json_t *none = NULL;

	wiped = 0;
	assert_int_equal(json_file_replace(path, value, 0, 0600, &error), 0);
	assert_int_equal(wiped, 1);
	assert_int_equal(json_file_read(path, 1024, 0, &again, &error), 0);
	assert_int_equal(wiped, 2);
	assert_string_equal(json_text(again, "key"), SECRET);
	assert_int_equal(read_text(*state, "{\"key\": \"" SECRET "\", }", 0, &none, &error),
			 -EBADMSG);
	assert_int_equal(wiped, 3);
}

static void a_file_is_replaced_at_once(void **state)
{
	static const struct {
		size_t format;
		const char *text;
	} cases[] = {
	    {0, "{\"b\": 0.10000000000000001, \"a\": []}"},
	    {JSON_FILE_NEWLINE | JSON_COMPACT, "{\"b\":0.10000000000000001,\"a\":[]}\n"},
	    {JSON_SORT_KEYS | JSON_INDENT(1), "{\n \"a\": [],\n \"b\": 0.10000000000000001\n}"},
	    {JSON_FILE_REPORT, "{\n \"b\": 0.1,\n \"a\": []\n}\n"},
	};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(*state, "x.json");
	_cleanup_json_ json_t *value = json_pack("{s:f,s:[]}", "b", 0.1, "a");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		mode_t mode = i % 2 ? 0644 : 0600;
		_cleanup_free_ char *text = NULL, *before = file_join(*state, "before");
		struct stat old = {0}, new;

		if (i > 0) /* kept, so that its number is not given to the new one */
			assert_int_equal(rename(path, before) < 0 || link(before, path) < 0 ||
					     stat(path, &old) < 0,
					 0);
		assert_int_equal(json_file_replace(path, value, cases[i].format, mode, &error), 0);
		assert_int_equal(stat(path, &new), 0);
		assert_int_not_equal(new.st_ino, old.st_ino);
		assert_int_equal(new.st_mode & 07777, mode);
		assert_int_equal(file_read(path, 1024, &text, NULL, &error), 0);
		assert_string_equal(text, cases[i].text);
	}
	assert_int_equal(json_file_replace(path, NULL, 0, 0600, &error), -ENOMEM);
	assert_int_equal(json_file_replace(NULL, value, 0, 0600, &error), -ENOMEM);
}

static void a_full_output_is_an_error(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *value = json_pack("{s:i}", "a", 1);
	FILE *kept = stdout;

	stdout = fopen("/dev/full", "w");
	assert_non_null(stdout);
	assert_int_equal(json_print(value, 0, &error), -ENOSPC);
	fclose(stdout);
	stdout = kept;
	assert_int_equal(json_print(NULL, 0, &error), -ENOMEM);
}

static void what_is_missing_reads_as_nothing(void **state _unused_)
{
	_cleanup_json_ json_t *value = json_pack("{s:s,s:i,s:n}", "text", "x", "number", 5, "null");

	assert_string_equal(json_text(value, "text"), "x");
	assert_int_equal(json_number(value, "number"), 5);
	assert_string_equal(json_text(value, "number"), "");
	assert_int_equal(json_number(value, "text"), 0);
	assert_string_equal(json_text(value, "null"), "");
	assert_string_equal(json_text(NULL, "text"), "");
	assert_int_equal(json_number(NULL, "number"), 0);
}

static void a_sentence_is_never_lost(void **state _unused_)
{
	_cleanup_json_ json_t *list = json_array();

	json_add_sentence(list, "%s at %d", "Gr\xc3\xbc\xc3\x9f", 1);
	json_add_sentence(list, "mount: /srv/Gr\xfc\xdf: busy");
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_array_get(list, 0)), "Gr\xc3\xbc\xc3\x9f at 1");
	assert_string_equal(json_string_value(json_array_get(list, 1)), "mount: /srv/Gr??: busy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(what_is_no_object_is_refused),
	    folder_test(a_list_is_read_where_one_is_wanted),
	    folder_test(a_repeated_key_may_be_allowed),
	    folder_test(what_cannot_be_read_keeps_its_errno),
	    folder_test(a_link_is_followed_in_our_own_folder_alone),
	    folder_test(secrets_are_wiped),
	    folder_test(a_file_is_replaced_at_once),
	    cmocka_unit_test(a_full_output_is_an_error),
	    cmocka_unit_test(what_is_missing_reads_as_nothing),
	    cmocka_unit_test(a_sentence_is_never_lost),
	};

	return cmocka_run_group_tests_name("json_file", tests, NULL, NULL);
}
