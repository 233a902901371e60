// SPDX-License-Identifier: GPL-3.0-or-later
/* settings_load_machine: cloud-init's merged data for the values, the raw
 * user-data for the places. */
#include "test.h"

#include <errno.h>

#include "settings/settings.h"

#define HASH  "$y$j9T$abcdefghijklmnopqrstu.$1Fiqw3BWqEcVl3Jf3Qp9Zq4uuhYbaX/dcHzPMyHRZR/"
#define USERS "[{\"address\": \"alice@example.org\", \"password_hash\": \"" HASH "\"}]"
#define COMBINED                                                                                   \
	"{\"fqdn\": \"mail.example.org\", \"mail\": {\"domains\": [\"example.org\"], "             \
	"\"users\": " USERS "%s}, \"runcmd\": [1]}"
#define RAW                                                                                        \
	"#cloud-config\nfqdn: mail.example.org\nmail:\n  domains: [example.org]\n  users:\n"       \
	"    - address: alice@example.org\n      password_hash: \"" HASH "\"\n"

/* What a machine holds; NULL: no such file. */
struct machine {
	const char *combined, *user_data;
};

static void write_file(const char *path, const char *text)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (text)
		assert_int_equal(
		    file_replace(path, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1, &error), 0);
}

/* Loads it; the first diagnostic's line in *ret_line (owned), NULL: none. */
static int load(const char *folder, struct machine machine, json_t **ret_settings, char **ret_line)
{
	_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
	_cleanup_free_ char *combined = file_join(folder, "combined.json");
	_cleanup_free_ char *user_data = file_join(folder, "user-data.txt");
	struct settings_sources sources = {.combined = combined, .user_data = user_data};
	int r;

	write_file(combined, machine.combined);
	write_file(user_data, machine.user_data);
	r = settings_load_machine(&sources, &diagnostics, ret_settings);
	*ret_line = diagnostics.count ? diagnostic_line(&diagnostics.items[0]) : NULL;
	return r;
}

static void assert_refused(void **state, struct machine machine, int code, const char *end)
{
	json_t *settings = NULL;
	_cleanup_free_ char *line = NULL;
	size_t length = strlen(end);

	assert_int_equal(load(*state, machine, &settings, &line), code);
	assert_null(settings);
	assert_non_null(line);
	if (strlen(line) < length || strcmp(line + strlen(line) - length, end))
		fail_msg("%s\nis not ...%s", line, end);
}

static void values_come_from_the_merged_data(void **state)
{
	_cleanup_free_ char *combined = NULL, *line = NULL;
	json_t *settings = NULL;

	assert_true(asprintf(&combined, COMBINED, ", \"filter\": {\"workers\": 7}") > 0);
	assert_int_equal(load(*state, (struct machine){combined, RAW}, &settings, &line), 0);
	assert_null(line);
	assert_int_equal(
	    json_integer_value(json_object_get(json_object_get(settings, "filter"), "workers")), 7);
	assert_string_equal(json_string_value(json_object_get(settings, "hostname")),
			    "mail.example.org");
	json_decref(settings);
}

static void no_user_data_is_needed(void **state)
{
	_cleanup_free_ char *combined = NULL, *line = NULL;
	json_t *settings = NULL;

	assert_true(asprintf(&combined, COMBINED, "") > 0);
	assert_int_equal(load(*state, (struct machine){combined, NULL}, &settings, &line), 0);
	json_decref(settings);
}

static void places_come_from_the_user_data(void **state)
{
	_cleanup_free_ char *combined = NULL;

	assert_true(asprintf(&combined, COMBINED, ", \"role\": \"x\"") > 0);
	assert_refused(state, (struct machine){combined, RAW "  role: x\n"}, -EINVAL,
		       "user-data.txt:8:9: \"x\" is none of its values; write one of internet, "
		       "smarthost, gateway, "
		       "send-only");
	assert_refused(state, (struct machine){combined, ""}, -EINVAL,
		       "combined.json: \"x\" is none of its values; write one of internet, "
		       "smarthost, gateway, "
		       "send-only");
}

/* The number 83 in the merged data was written 0123: judged as on the host. */
static void values_are_judged_as_written(void **state)
{
	_cleanup_free_ char *combined = NULL, *date = NULL;

	assert_true(asprintf(&combined, COMBINED, ", \"filter\": {\"workers\": 10}") > 0);
	assert_refused(state, (struct machine){combined, RAW "  filter: {workers: 012}\n"}, -EINVAL,
		       "user-data.txt:8:21: \"012\" is read as the number 10; write it in decimal "
		       "digits without leading zeros, signs or separators");
	assert_true(asprintf(&date, COMBINED, ", \"role\": \"Warning: redacted\"") > 0);
	assert_refused(
	    state, (struct machine){date, RAW "  role: 2024-01-01\n"}, -EINVAL,
	    "user-data.txt:8:9: \"2024-01-01\" without quotes is read as a date; write a "
	    "word in quotes");
	assert_refused(
	    state, (struct machine){combined, RAW "  role: internet\n  role: internet\n"}, -EINVAL,
	    "user-data.txt:9:3: \"role\" stands twice, first in line 8; write it once, as "
	    "cloud-init would silently keep only the last");
}

/* Decimals of YAML 1.1 whose value is in the merged data: 1_0.5 and 1:30.5. */
static void odd_decimals_are_judged_as_written(void **state)
{
	static const char *const table[][2] = {{"10.5", "1_0.5"}, {"90.5", "1:30.5"}};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_free_ char *combined = NULL, *more = NULL, *raw = NULL, *line = NULL;

		assert_true(asprintf(&more, ", \"filter\": {\"spam\": {\"spam_level\": %s}}",
				     table[i][0]) > 0);
		assert_true(asprintf(&combined, COMBINED, more) > 0);
		assert_true(
		    asprintf(&raw, RAW "  filter: {spam: {spam_level: %s}}\n", table[i][1]) > 0);
		assert_true(asprintf(&line,
				     "user-data.txt:8:31: \"%s\" is no decimal number; write one "
				     "such as 6.31 (at most three decimals)",
				     table[i][1]) > 0);
		assert_refused(state, (struct machine){combined, raw}, -EINVAL, line);
	}
}

static void broken_user_data_says_why(void **state)
{
	assert_refused(
	    state, (struct machine){"{}", "#cloud-config\nmail: [\n"}, -EINVAL,
	    "did not find expected node content); write a value there, or close the list or "
	    "mapping");
	assert_refused(state, (struct machine){"{}", "#cloud-config\nruncmd: [ls]\n"}, -ENOENT,
		       "user-data.txt: there are no settings in it; write a `mail:` mapping as in "
		       "postcask-settings(5)");
	assert_refused(state, (struct machine){"{}", NULL}, -ENOENT,
		       "user-data.txt: there are no settings in it; write a `mail:` mapping as in "
		       "postcask-settings(5)");
}

static void missing_merged_data_is_an_error(void **state)
{
	/* cloud-init found no user-data; what an earlier boot left does not count */
	assert_refused(state, (struct machine){NULL, RAW}, -ENOENT,
		       "this machine was given none; write a `mail:` mapping as in "
		       "postcask-settings(5)");
	assert_refused(state, (struct machine){"{\"a\": NaN}", RAW}, -EINVAL,
		       "write the user-data without .nan or .inf");
	assert_refused(state, (struct machine){"[1]", RAW}, -EINVAL,
		       "write the user-data without .nan or .inf");
}

/* An include may have changed what the raw text says: its places are not used. */
static void unjudged_parts_give_no_places(void **state)
{
	static const char raw[] = "MIME-Version: 1.0\n"
				  "Content-Type: multipart/mixed; boundary=B\n\n"
				  "--B\nContent-Type: text/cloud-config\n\n" RAW "  role: x\n"
				  "--B\nContent-Type: text/x-include-url\n\nhttp://example.org\n"
				  "--B--\n";
	_cleanup_free_ char *combined = NULL;

	assert_true(asprintf(&combined, COMBINED, ", \"role\": \"x\"") > 0);
	assert_refused(state, (struct machine){combined, raw}, -EINVAL,
		       "combined.json: \"x\" is none of its values; write one of internet, "
		       "smarthost, gateway, "
		       "send-only");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(values_come_from_the_merged_data),
	    folder_test(no_user_data_is_needed),
	    folder_test(places_come_from_the_user_data),
	    folder_test(values_are_judged_as_written),
	    folder_test(odd_decimals_are_judged_as_written),
	    folder_test(broken_user_data_says_why),
	    folder_test(missing_merged_data_is_an_error),
	    folder_test(unjudged_parts_give_no_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
