// SPDX-License-Identifier: GPL-3.0-or-later
/* settings/published.c: what every account of the machine may know. */
#include "test.h"

#include "settings/published.h"
#include "settings/settings.h"
#include "settings/table.h"
#include "tests/unit/settings_put.h"

#define EVERY_KEY "tests/golden/every-key.yaml"

static bool is_group(const struct setting *row)
{
	return row->type == TYPE_GROUP || row->type == TYPE_RECORDS;
}

/* Below a list of mappings: a user, an alias, whatever comes. */
static bool is_of_people(const struct setting *row)
{
	return strstr(row->path, "[].") || row->flags & SETTING_PEOPLE;
}

/* A value for each row of the table, those that come later too, which says what it is. */
static json_t *settings_of_every_row(void)
{
	json_t *settings = json_object();

	for (size_t i = 0; i < settings_table_count; i++) {
		const struct setting *row = &settings_table[i];
		const char *kind = row->flags & SETTING_SECRET ? "SECRET"
				   : is_of_people(row)	       ? "PERSON"
							       : "open";

		if (!is_group(row))
			settings_put(settings, row->path, row->flags & SETTING_LIST,
				     json_sprintf("%s %s", kind, row->path));
	}
	return settings;
}

static void no_secret_and_no_person_is_published(void **state _unused_)
{
	json_t *settings = settings_of_every_row(), *published = published_settings(settings);
	_cleanup_free_ char *before = json_dumps(settings, 0), *text = NULL;
	unsigned secrets = 0;

	assert_non_null(published);
	assert_string_equal(published_text(published, "first_address"), "PERSON users[].address");
	json_object_del(published, "first_address");
	text = json_dumps(published, 0);
	assert_null(strstr(text, "SECRET"));
	assert_null(strstr(text, "PERSON"));
	for (size_t i = 0; i < settings_table_count; i++)
		secrets += settings_table[i].flags & SETTING_SECRET &&
			   strstr(before, settings_table[i].path);
	assert_in_range(secrets, 6, 1000); /* they were there to be left out */
	json_decref(published);
	json_decref(settings);
}

/* Whatever key a reader comes to need, it is there under its path. */
static void every_other_row_is_published(void **state _unused_)
{
	json_t *settings = settings_of_every_row(), *published = published_settings(settings);

	for (size_t i = 0; i < settings_table_count; i++) {
		const struct setting *row = &settings_table[i];
		const char *list = row->flags & SETTING_LIST ? "[]" : "";
		_cleanup_free_ char *path = NULL, *value = NULL;

		if (is_group(row) || is_of_people(row))
			continue;
		assert_true(asprintf(&path, "%s%s", row->path, list) > 0);
		assert_true(asprintf(&value, "open %s", row->path) > 0);
		if (row->flags & SETTING_SECRET)
			assert_string_equal(published_text(published, path), "(secret)");
		else if (!published_text(published, path) ||
			 strcmp(published_text(published, path), value) != 0)
			fail_msg("%s", path);
	}
	assert_string_equal(published_text(published, "version"), POSTCASK_VERSION);
	json_decref(published);
	json_decref(settings);
}

/* Of real settings: nothing that was derived from people, and the values as they are. */
static void real_settings_are_published(void **state _unused_)
{
	_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
	json_t *settings = NULL, *published, *value;
	_cleanup_free_ char *text = NULL;
	const char *key;

	assert_int_equal(settings_load_file(EVERY_KEY, &diagnostics, &settings), 0);
	published = published_settings(settings);
	json_object_foreach(published, key,
			    value) if (!table_find(key) && strcmp(key, "version") != 0 &&
				       strcmp(key, "first_address") != 0 &&
				       strcmp(key, "here") != 0) fail_msg("%s", key);
	assert_null(published_get(published, "users"));
	assert_null(published_get(published, "aliases"));
	text = json_dumps(published, 0);
	assert_null(strstr(text, "PRIVATE KEY"));
	assert_null(strstr(text, "$6$"));
	assert_null(strstr(text, "o.neil_x"));
	assert_string_equal(published_text(published, "domains[]"), "example.org");
	assert_non_null(strstr(published_text(published, "tls.certificate"), "CERTIFICATE"));
	assert_true(published_true(published, "services.smtp_auth"));
	assert_false(published_true(published, "services.pop3"));
	assert_int_equal(json_integer_value(published_get(published, "limits.message_size_bytes")),
			 10485760);
	json_decref(published);
	json_decref(settings);
}

static void a_path_that_leads_nowhere_is_nothing(void **state _unused_)
{
	json_t *published =
	    json_pack("{s:s, s:[], s:{s:s}, s:i}", "a", "x", "list", "group", "empty", "", "n", 1);

	assert_string_equal(published_text(published, "a"), "x");
	assert_null(published_get(published, "a.b"));
	assert_null(published_get(published, "list[]"));
	assert_null(published_get(published, "a[]"));
	assert_null(published_get(published, "group.none"));
	assert_null(published_text(published, "group.empty"));
	assert_null(published_text(published, "n"));
	assert_null(published_get(NULL, "a"));
	assert_false(published_true(published, "a"));
	json_decref(published);
}

static void settings_without_people_have_no_first_address(void **state _unused_)
{
	json_t *settings = json_pack("{s:s}", "hostname", "x"),
	       *published = published_settings(settings);

	assert_true(json_is_null(json_object_get(published, "first_address")));
	json_decref(published);
	json_decref(settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_secret_and_no_person_is_published),
	    cmocka_unit_test(every_other_row_is_published),
	    cmocka_unit_test(real_settings_are_published),
	    cmocka_unit_test(a_path_that_leads_nowhere_is_nothing),
	    cmocka_unit_test(settings_without_people_have_no_first_address),
	};

	return cmocka_run_group_tests_name("published settings", tests, NULL, NULL);
}
