// SPDX-License-Identifier: GPL-3.0-or-later
/* What doveadm says of deleted mail, how much of it is too much, and the settings. */
#include "test.h"

#include <errno.h>

#include "base/json_file.h"
#include "recover/recover.h"

static json_t *read_list(const char *said)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	json_t *list = NULL;

	if (recover_read(said, strlen(said), &list, &error) < 0)
		return NULL;
	return list;
}

#define ONE(uid, size)                                                                             \
	"{\"uid\":\"" uid "\",\"date.saved.unixtime\":\"1796056952\",\"size.physical\":\"" size    \
	"\",\"hdr.from\":\"a@b\",\"hdr.subject\":\"x\"}"

static void a_list_is_read(void **state _unused_)
{
	_cleanup_json_ json_t *list = read_list("[" ONE("1", "1342") "," ONE("2", "14") "]\n");
	const json_t *second = json_array_get(list, 1);

	assert_int_equal(json_array_size(list), 2);
	assert_int_equal(json_number(second, "uid"), 2);
	assert_int_equal(json_number(second, "size"), 14);
	assert_int_equal(json_number(second, "deleted"), 1796056952);
	assert_string_equal(json_text(second, "from"), "a@b");
}

static void a_warning_is_passed_over(void **state _unused_)
{
	_cleanup_json_ json_t *list = read_list("doveadm(a@b): Warning: x\n[" ONE("1", "2") "]");
	_cleanup_json_ json_t *other = read_list("[" ONE("1", "2") "]\nWarning: [x]\n");

	assert_int_equal(json_array_size(list), 1);
	assert_int_equal(json_array_size(other), 1);
}

static void any_bytes_in_a_header_are_read(void **state _unused_)
{
	_cleanup_json_ json_t *list = read_list(
	    "[{\"uid\":\"7\",\"date.saved.unixtime\":\"1\",\"size.physical\":\"2\","
	    "\"hdr.from\":\"\xff\xfe\",\"hdr.subject\":\"gr\xc3\xbc\xc3\x9f\x80\x1b[31m\"}]");
	const json_t *one = json_array_get(list, 0);

	assert_string_equal(json_text(one, "from"), "??");
	assert_string_equal(json_text(one, "subject"), "gr\xc3\xbc\xc3\x9f??[31m");
}

static void what_is_no_list_is_refused(void **state _unused_)
{
	static const char *const SAID[] = {
	    "", "{}", "[", "[{}]", "[1]", "[{\"uid\":\"\"}]", "doveadm: Error", "[" ONE("1", "2")};

	for (size_t i = 0; i < ARRAY_SIZE(SAID); i++)
		assert_null(read_list(SAID[i]));
}

static void the_newest_are_kept(void **state _unused_)
{
	_cleanup_json_ json_t *list =
	    read_list("[" ONE("3", "50") "," ONE("5", "30") "," ONE("9", "20") "]");
	_cleanup_json_ json_t *none = json_array();

	assert_int_equal(recover_too_much(list, 100), 0);
	assert_int_equal(recover_too_much(list, 99), 3);
	assert_int_equal(recover_too_much(list, 50), 3);
	assert_int_equal(recover_too_much(list, 49), 5);
	assert_int_equal(recover_too_much(list, 19), 9);
	assert_int_equal(recover_too_much(none, 0), 0);
}

static void settings_are_two_lines_or_none(void **state)
{
	static const char TEXT[] = "# of the settings\ndays 7\nmib 3\n";
	_cleanup_free_ char *path = file_join(*state, "recover.conf");
	struct recover_config config;

	assert_int_equal(file_replace(path, TEXT, strlen(TEXT), 0644, -1, -1, NULL), 0);
	assert_int_equal(recover_config_load(path, &config, NULL), 0);
	assert_int_equal(config.days, 7);
	assert_int_equal(config.bytes, 3 * 1024 * 1024);
	assert_int_equal(file_replace(path, "", 0, 0644, -1, -1, NULL), 0);
	assert_int_equal(recover_config_load(path, &config, NULL), 0);
	assert_int_equal(config.days, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_list_is_read),
	    cmocka_unit_test(a_warning_is_passed_over),
	    cmocka_unit_test(any_bytes_in_a_header_are_read),
	    cmocka_unit_test(what_is_no_list_is_refused),
	    cmocka_unit_test(the_newest_are_kept),
	    folder_test(settings_are_two_lines_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
