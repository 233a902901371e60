// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask lists: the DNS lists of senders that port 25 asks, and whether they are used; as
 * postcask-lists(8) left it in /run/postcask/lists/report.json. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"
#include "base/utf8.h"
#include "command/command.h"
#include "command/print.h"

enum { LIMIT = 64 * 1024 };

static const char usage[] =
    "usage: postcask lists [--json] [--report FILE]\n"
    "\n"
    "Shows each DNS list of filter.blocklists: whether it is used, since when, and\n"
    "what to do when it is not.\n"
    "\n"
    "  --json          for programs\n"
    "  --report FILE   another one than /run/postcask/lists/report.json\n"
    "\n"
    "Exit status: 0 all are used, or there are none; 1 failed; 2 one is not used.\n";

static bool is_used(const json_t *list)
{
	return strcmp(json_text(list, "state"), "used") == 0;
}

/* It comes from an account without privileges, and goes to a terminal. */
static char *clean(const json_t *list, const char *key)
{
	char *text = strdup(json_text(list, key));

	if (text)
		ascii_make_printable(text);
	return text;
}

static void print_list(const json_t *list)
{
	_cleanup_free_ char *zone = clean(list, "zone"), *state = clean(list, "state"),
			    *sentence = clean(list, "sentence");
	long long since = json_number(list, "since");
	char when[PRINT_WHEN];

	printf("%-32s %-9s since %s\n", zone ? zone : "", state ? state : "",
	       since > 0 ? print_when(since, when) : "-");
	if (sentence && sentence[0])
		printf("    %s\n", sentence);
}

static int print_lists(const json_t *found, bool json)
{
	const json_t *list;
	size_t i;

	if (json)
		return command_print(json_object_get(found, "lists"), JSON_FILE_REPORT);
	json_array_foreach(json_object_get(found, "lists"), i, list) print_list(list);
	return fflush(stdout) == EOF ? COMMAND_FAILED : COMMAND_GOOD;
}

int command_lists(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const char *path = "/run/postcask/lists/report.json";
	_cleanup_json_ json_t *found = NULL;
	int json = 0, result;
	const struct command_option options[] = {{"json", .flag = &json, .set = 1},
						 {"report", .value = &path}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);
	const json_t *list;
	size_t i;

	if (status != COMMAND_GO_ON)
		return status;
	result = json_file_read(path, LIMIT, JSON_FILE_FOREIGN, &found, &error);
	if (result == -ENOENT) /* nobody asks any */
		found = json_pack("{s:[]}", "lists");
	else if (result < 0) {
		error_print(&error);
		return COMMAND_FAILED;
	}
	status = print_lists(found, json);
	json_array_foreach(json_object_get(found, "lists"), i,
			   list) if (status == COMMAND_GOOD && !is_used(list)) status =
	    COMMAND_DEGRADED;
	return status;
}
