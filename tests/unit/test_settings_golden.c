// SPDX-License-Identifier: GPL-3.0-or-later
/* Every file of tests/golden/settings: NAME.yaml is user-data, NAME.expected what
 * `postcask check` must say of it, NAME.json (where there is one) the complete
 * settings, but for what is at the default of its row in the table: a new key changes
 * none of them.  That of the ten lines is whole in this sense, the others hold what they
 * have otherwise; null is what has no value, or only its default.  With
 * POSTCASK_GOLDEN=write (`make golden`) the expected files are written anew: read the
 * difference before committing it. */
#include "test.h"

#include <errno.h>
#include <glob.h>
#include <libgen.h>

#include "base/buffer.h"
#include "settings/published.h"
#include "settings/settings.h"
#include "settings/table.h"

#define FOLDER	   "tests/golden/settings"
#define TEN_LINES  FOLDER "/good-ten-lines.yaml"
#define EVERY_KEY  "tests/golden/every-key.yaml"
#define FILE_LIMIT (1u << 20)

/* "refused" and the lines, the folder's name left out. */
static char *result_text(const char *path, json_t **ret_settings)
{
	_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	int r = settings_load_file(path, &diagnostics, ret_settings);

	buffer_addf(&text, "%s\n",
		    r == 0	   ? "accepted"
		    : r == -EINVAL ? "refused"
		    : r == -ENOENT ? "no settings"
				   : strerror(-r));
	assert_int_equal(r == 0, diagnostics.errors == 0);
	for (size_t i = 0; i < diagnostics.count; i++) {
		_cleanup_free_ char *line = diagnostic_line(&diagnostics.items[i]);

		assert_non_null(line);
		assert_null(strchr(line, '\n'));
		assert_true(!strncmp(line, FOLDER "/", strlen(FOLDER) + 1));
		buffer_addf(&text, "%s\n", line + strlen(FOLDER) + 1);
	}
	if (diagnostics_not_shown(&diagnostics))
		buffer_addf(&text, "and %zu more\n", diagnostics_not_shown(&diagnostics));
	return buffer_take(&text);
}

static void compare(const char *path, const char *extension, const char *found, bool required)
{
	_cleanup_free_ char *expected_path = NULL, *expected = NULL;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const char *mode = getenv("POSTCASK_GOLDEN");
	int length = (int)(strlen(path) - strlen(".yaml"));

	assert_true(asprintf(&expected_path, "%.*s%s", length, path, extension) > 0);
	if (!required && !file_exists(expected_path))
		return;
	if (mode && !strcmp(mode, "write"))
		assert_int_equal(file_replace(expected_path, found, strlen(found), 0644, (uid_t)-1,
					      (gid_t)-1, &error),
				 0);
	if (file_read(expected_path, FILE_LIMIT, &expected, NULL, &error) < 0)
		fail_msg("%s", error_text(&error));
	if (strcmp(expected, found))
		fail_msg("%s\n--- expected\n%s--- found\n%s", path, expected, found);
}

/* The default as its row says it, read another way than the checker does; NULL: there is
 * none. */
static json_t *default_of(const struct setting *setting)
{
	bool list = setting->flags & SETTING_LIST;

	if (setting->flags & SETTING_REQUIRED || (!setting->fallback && !list))
		return NULL;
	if (list || setting->type == TYPE_BOOLEAN || setting->type == TYPE_INTEGER)
		return json_loads(setting->fallback ? setting->fallback : "[]", JSON_DECODE_ANY,
				  NULL);
	return json_string(setting->fallback);
}

static json_t *differences(const struct setting *group, const json_t *found);

static json_t *differences_of_records(const struct setting *records, const json_t *found)
{
	json_t *list = json_array();
	size_t i;
	json_t *record;

	json_array_foreach(found, i, record)
	    json_array_append_new(list, differences(records, record));
	return list;
}

/* The found value of one key, NULL when it is the default; a default that was not filled
 * in is null. */
static json_t *difference(const struct setting *setting, json_t *found)
{
	json_t *fallback = default_of(setting);
	json_t *value = json_equal(found, fallback) || (!found && !fallback) ? NULL
			: found						     ? json_incref(found)
									     : json_null();

	json_decref(fallback);
	return value;
}

/* What of a group's values is not at the default; derived ones stay, for no row is theirs. */
static json_t *differences(const struct setting *group, const json_t *found)
{
	const struct setting *row = NULL;
	json_t *rest = json_copy((json_t *)found);

	while ((row = table_next_child(group, row))) {
		json_t *value = json_object_get(found, setting_name(row));

		if (row->flags & SETTING_LATER)
			assert_null(value);
		else if (row->type == TYPE_GROUP)
			value = differences(row, value);
		else if (row->type == TYPE_RECORDS)
			value = differences_of_records(row, value);
		else
			value = difference(row, value);
		if (!value || (json_is_object(value) && !json_object_size(value))) {
			json_object_del(rest, setting_name(row));
			json_decref(value);
		} else {
			json_object_set_new(rest, setting_name(row), value);
		}
	}
	return rest;
}

/* Leaves out what `common` has too. */
static void leave_out(json_t *differences, const json_t *common)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)common, key, value)
	{
		json_t *other = json_object_get(differences, key);
		bool empty = json_is_object(other) && json_is_object(value);

		if (empty) {
			leave_out(other, value);
			empty = !json_object_size(other);
		}
		if (!other)
			json_object_set_new(differences, key, json_null());
		else if (empty || json_equal(other, value))
			json_object_del(differences, key);
	}
}

static void check_case(const char *path, const json_t *ten_lines)
{
	json_t *settings = NULL;
	_cleanup_free_ char *found = result_text(path, &settings);

	assert_non_null(found);
	compare(path, ".expected", found, true);
	if (settings) {
		json_t *rest = differences(NULL, settings);
		_cleanup_free_ char *json = NULL, *lines = NULL;

		if (strcmp(path, TEN_LINES) != 0)
			leave_out(rest, ten_lines);
		json = json_dumps(rest, JSON_INDENT(2) | JSON_SORT_KEYS);
		json_decref(rest);
		assert_true(asprintf(&lines, "%s\n", json) > 0);
		compare(path, ".json", lines, false);
	}
	json_decref(settings);
}

static void every_case_is_answered_as_decided(void **state _unused_)
{
	json_t *settings = NULL, *ten_lines;
	_cleanup_free_ char *result = result_text(TEN_LINES, &settings);
	glob_t files = {0};
	size_t good = 0;

	assert_non_null(settings);
	ten_lines = differences(NULL, settings);
	assert_int_equal(glob(FOLDER "/*.yaml", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		check_case(files.gl_pathv[i], ten_lines);
		good += strstr(files.gl_pathv[i], "/good-") != NULL;
	}
	assert_true(files.gl_pathc - good >= 150);
	globfree(&files);
	json_decref(ten_lines);
	json_decref(settings);
}

/* What tests/golden/every-key.yaml leaves at its default, for others would say nothing more
 * beside it. */
/* clang-format off */
static const char *const left_at_default[] = {
    "authentication.oauth.keys", /* not beside keys_url */
    "services.smtp",
    "services.submissions", /* ports that the others are told from */
    "services.imap",
    "services.imaps",
    "reports.tls",	  /* not beside tls.policies: ignore; acme.yaml has it */
    "gateway.host", /* not with this role; tests/golden/gateway.yaml has this group */
    "gateway.port",
    "gateway.tls",
    "gateway.recipients",
    "tls.names",	  /* tls.certificate has them */
    "tls.acme.directory", /* not beside it; tests/golden/acme.yaml has this group */
    "tls.acme.contact",
    "tls.acme.challenge",
    "tls.acme.ca",
    "tls.acme.eab.key_id",
    "tls.acme.eab.hmac_key",
    "signatures.updates", /* signatures.mirror is for them */
    "updates.automatic",  /* updates.reboot is for them */
};
/* clang-format on */

static bool may_be_at_default(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(left_at_default); i++)
		if (!strcmp(path, left_at_default[i]))
			return true;
	return false;
}

/* A key whose value no rendered file was ever seen to follow is not proved. */
static void every_key_has_another_value_than_its_default(void **state _unused_)
{
	_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
	json_t *settings = NULL, *found;

	assert_int_equal(settings_load_file(EVERY_KEY, &diagnostics, &settings), 0);
	found = differences(NULL, settings);
	for (size_t i = 0; i < settings_table_count; i++) {
		const struct setting *row = &settings_table[i];
		bool group = row->type == TYPE_GROUP || row->type == TYPE_RECORDS;

		if (group || row->flags & SETTING_LATER)
			continue;
		if (!published_get(found, row->path) != may_be_at_default(row->path))
			fail_msg(EVERY_KEY ": %s %s", row->path,
				 may_be_at_default(row->path) ? "is there after all"
							      : "is at its default");
	}
	json_decref(found);
	json_decref(settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_case_is_answered_as_decided),
	    cmocka_unit_test(every_key_has_another_value_than_its_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
