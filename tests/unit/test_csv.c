// SPDX-License-Identifier: GPL-3.0-or-later
/* Tables of people, and how people write sizes. */
#include "test.h"

#include <errno.h>

#include "base/json_file.h"
#include "command/accounts.h"
#include "command/csv.h"

static const char *const columns[] = {"address", "name", NULL};

static int read_table(const char *text, json_t **ret, struct error *error)
{
	_cleanup_free_ char *copy = strdup(text);

	return csv_read("f.csv", copy, columns, ret, error);
}

static void assert_refused(const char *text, const char *said)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	json_t *rows = NULL;

	assert_int_not_equal(read_table(text, &rows, &error), 0);
	assert_null(rows);
	if (strncmp(error_text(&error), said, strlen(said)) != 0)
		fail_msg("%s: %s", text, error_text(&error));
}

static void fields_are_read_as_they_stand(void **state _unused_)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *rows = NULL;
	const json_t *row;

	assert_int_equal(
	    read_table("\xef\xbb\xbfname,address\r\n\"A \"\"B\"\", C\",a@x\r\n\r\n \"q\n\", b \n",
		       &rows, &error),
	    -EINVAL); /* a blank before a quotation mark */
	error_clear(&error);
	assert_int_equal(
	    read_table("\xef\xbb\xbfname,address\r\n\"A \"\"B\"\", C\",a@x\r\n\r\n\"q\nr\", b \n,",
		       &rows, &error),
	    0);
	assert_int_equal(json_array_size(rows), 3);
	row = json_array_get(rows, 0);
	assert_string_equal(json_text(row, "name"), "A \"B\", C");
	assert_string_equal(json_text(row, "address"), "a@x");
	row = json_array_get(rows, 1);
	assert_string_equal(json_text(row, "name"), "q\nr");
	assert_string_equal(json_text(row, "address"), " b ");
	assert_int_equal(json_number(row, "line"), 4);
	assert_int_equal(json_number(json_array_get(rows, 2), "line"), 6);
}

static void what_is_no_table_is_refused_by_line(void **state _unused_)
{
	assert_refused("", "f.csv:1: \"\" is no column");
	assert_refused("address,adress\n", "f.csv:1: \"adress\" is no column");
	assert_refused("address,address\n", "f.csv:1: the column address is there twice");
	assert_refused("address,name\na@x\n", "f.csv:2: it has 1 fields, and the first line 2");
	assert_refused("address,name\na@x,b\na@x,b,c\n", "f.csv:3: it has 3 fields");
	assert_refused("address,name\na@x,\"b\n\n", "f.csv:4: a quotation mark is open");
	assert_refused("address,name\na@x,\"b\"c\n", "f.csv:2: a comma or the end of the line");
	assert_refused("address,name\na@x,\xff\n", "f.csv:2: it is no UTF-8");
}

static void sizes_are_what_people_write(void **state _unused_)
{
	static const struct {
		const char *text;
		long long mib; /* -1: refused */
	} cases[] = {
	    {"0", 0},	   {"10GB", 10240},   {"10 GB", 10240},
	    {"500m", 500}, {"1TiB", 1048576}, {"16TB", 16777216},
	    {"17TB", -1},  {"10 GB ", -1},    {" 10GB", -1},
	    {"-1", -1},	   {"-1GB", -1},      {"10", -1},
	    {"GB", -1},	   {"", -1},	      {"1.5GB", -1},
	    {"10GBx", -1}, {"00", -1},	      {"99999999999999999999GB", -1},
	    {"1 ", -1},	   {"10  GB", -1},    {"0x10GB", -1},
	    {"0GB", -1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(error_clear) struct error error = ERROR_INIT;
		long long mib = -1;
		int result = accounts_quota(cases[i].text, &mib, &error);

		if ((result == 0) != (cases[i].mib >= 0) || mib != cases[i].mib)
			fail_msg("\"%s\": %d, %lld", cases[i].text, result, mib);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields_are_read_as_they_stand),
	    cmocka_unit_test(what_is_no_table_is_refused_by_line),
	    cmocka_unit_test(sizes_are_what_people_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
