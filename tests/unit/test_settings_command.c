// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask check, schema and explain as a person calls them. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>

#include "command/command.h"

#define GOOD "tests/golden/settings/good-ten-lines.yaml"
#define BAD  "tests/golden/settings/key-misspelt.yaml"

/* Runs it with both streams in files of the folder; their texts are owned. */
static int run(const char *folder, int (*command)(int, char **), char **argv, char **ret_output,
	       char **ret_errors)
{
	static const char *const names[] = {"output", "errors"};
	char **texts[] = {ret_output, ret_errors};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int argc = 0, saved[2], status;

	while (argv[argc])
		argc++;
	fflush(NULL);
	for (int i = 0; i < 2; i++) {
		_cleanup_free_ char *path = file_join(folder, names[i]);
		_cleanup_close_ int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

		saved[i] = dup(i + 1);
		assert_true(fd >= 0 && saved[i] >= 0 && dup2(fd, i + 1) >= 0);
	}
	status = command(argc, argv);
	fflush(NULL);
	for (int i = 0; i < 2; i++) {
		_cleanup_free_ char *path = file_join(folder, names[i]);

		assert_true(dup2(saved[i], i + 1) >= 0);
		close(saved[i]);
		assert_int_equal(file_read(path, 1 << 20, texts[i], NULL, &error), 0);
	}
	return status;
}

static void assert_run(void **state, int (*command)(int, char **), char **argv, int status,
		       const char *output, const char *errors)
{
	_cleanup_free_ char *found_output = NULL, *found_errors = NULL;

	assert_int_equal(run(*state, command, argv, &found_output, &found_errors), status);
	assert_int_equal(strncmp(found_output, output, strlen(output)), 0);
	assert_int_equal(strncmp(found_errors, errors, strlen(errors)), 0);
	assert_int_equal(found_output[0] != '\0', output[0] != '\0');
	assert_int_equal(found_errors[0] != '\0', errors[0] != '\0');
}

static void check_says_it_by_exit_status(void **state)
{
	assert_run(state, command_check, (char *[]){"check", GOOD, NULL}, 0, "", "");
	assert_run(state, command_check, (char *[]){"check", BAD, NULL}, 1, "",
		   "postcask: " BAD ":8:3: \"domians\" is not a key of mail; write \"domains\"\n");
	assert_run(state, command_check, (char *[]){"check", "/no/file", NULL}, 1, "",
		   "postcask: /no/file: cannot be read");
	assert_run(state, command_check, (char *[]){"check", NULL}, 2, "", "usage: ");
	assert_run(state, command_check, (char *[]){"check", GOOD, BAD, NULL}, 2, "", "usage: ");
	assert_run(state, command_check, (char *[]){"check", "--help", NULL}, 0, "usage: ", "");
}

static void check_speaks_json(void **state)
{
	_cleanup_free_ char *output = NULL, *errors = NULL;
	json_t *object, *first;

	assert_int_equal(
	    run(*state, command_check, (char *[]){"check", "--json", BAD, NULL}, &output, &errors),
	    1);
	assert_string_equal(errors, "");
	object = json_loads(output, 0, NULL);
	first = json_array_get(json_object_get(object, "errors"), 0);
	assert_true(json_is_false(json_object_get(object, "accepted")));
	assert_string_equal(json_string_value(json_object_get(first, "file")), BAD);
	assert_int_equal(json_integer_value(json_object_get(first, "line")), 8);
	assert_int_equal(json_integer_value(json_object_get(first, "column")), 3);
	assert_string_equal(json_string_value(json_object_get(first, "text")),
			    "\"domians\" is not a key of mail; write \"domains\"");
	json_decref(object);
}

static void schema_and_explain_print(void **state)
{
	assert_run(state, command_schema, (char *[]){"schema", NULL}, 0,
		   "{\n  \"type\": \"object\"", "");
	assert_run(state, command_schema, (char *[]){"schema", "--cloud-init", GOOD, NULL}, 1, "",
		   "postcask: " GOOD ":1:1: not JSON");
	assert_run(state, command_explain, (char *[]){"explain", NULL}, 0, "domains  ", "");
	assert_run(state, command_explain, (char *[]){"explain", "time.servers", NULL}, 0,
		   "mail.time.servers: a list, at most 16, each a host; default []\n", "");
	assert_run(state, command_explain, (char *[]){"explain", "--man", NULL}, 0,
		   ".TH POSTCASK\\-SETTINGS 5", "");
	assert_run(state, command_explain, (char *[]){"explain", "--example", NULL}, 0,
		   "#cloud-config\n", "");
	assert_run(state, command_explain, (char *[]){"explain", "--man", "x", NULL}, 2, "",
		   "usage: ");
	assert_run(state, command_explain, (char *[]){"explain", "servises", NULL}, 1, "",
		   "postcask: there is no key \"servises\"; perhaps services\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(check_says_it_by_exit_status),
	    folder_test(check_speaks_json),
	    folder_test(schema_and_explain_print),
	};

	program_invocation_short_name = (char *)"postcask";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
