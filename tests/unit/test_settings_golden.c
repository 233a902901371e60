// SPDX-License-Identifier: GPL-3.0-or-later
/* Every file of tests/golden/settings: NAME.yaml is user-data, NAME.expected what
 * `postcask check` must say of it, NAME.json (where there is one) the complete
 * settings.  With POSTCASK_GOLDEN=write the expected files are written anew: read
 * the difference before committing it. */
#include "test.h"

#include <errno.h>
#include <glob.h>
#include <libgen.h>

#include "base/buffer.h"
#include "settings/settings.h"

#define FOLDER	   "tests/golden/settings"
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

static void check_case(const char *path)
{
	json_t *settings = NULL;
	_cleanup_free_ char *found = result_text(path, &settings);

	assert_non_null(found);
	compare(path, ".expected", found, true);
	if (settings) {
		_cleanup_free_ char *json = json_dumps(settings, JSON_INDENT(2) | JSON_SORT_KEYS);
		_cleanup_free_ char *lines = NULL;

		assert_true(asprintf(&lines, "%s\n", json) > 0);
		compare(path, ".json", lines, false);
	}
	json_decref(settings);
}

static void every_case_is_answered_as_decided(void **state _unused_)
{
	glob_t files = {0};
	size_t good = 0;

	assert_int_equal(glob(FOLDER "/*.yaml", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		check_case(files.gl_pathv[i]);
		good += strstr(files.gl_pathv[i], "/good-") != NULL;
	}
	assert_true(files.gl_pathc - good >= 150);
	globfree(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_case_is_answered_as_decided),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
