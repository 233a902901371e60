// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask audit: who changed what of people's passwords; see postcask-directory(8).
 *
 *	postcask audit [ADDRESS] [--most NUMBER] [--json] */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "command/ask_policy.h"
#include "command/command.h"
#include "command/print.h"
#include "directory/directory.h"

enum { MOST = 100, MOST_OF_ALL = 10000 };

static const char usage[] = "usage: postcask audit [ADDRESS] [--most NUMBER] [--json]\n"
			    "Shows who changed what of people's passwords, the newest first.\n"
			    "  --most NUMBER  changes (100)\n";

static int take_most(void *into, const char *text, struct error *error)
{
	char *end;
	unsigned long most = strtoul(text, &end, 10);

	if (*end || most < 1 || most > MOST_OF_ALL)
		return error_set(error, EINVAL, "%s is out of bounds; write 1 to %d", text,
				 MOST_OF_ALL);
	*(int *)into = (int)most;
	return 0;
}

static int fail(const struct error *error)
{
	error_print(error);
	return COMMAND_FAILED;
}

int command_audit(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *question = NULL, *answer = NULL;
	_cleanup_free_ char *address = NULL;
	int json = 0, most = MOST;
	const struct command_option options[] = {{"json", .flag = &json, .set = 1},
						 {"most", .take = take_most, .into = &most}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 1);
	const json_t *changes, *one;
	char text[PRINT_WHEN];
	size_t i;

	if (status != COMMAND_GO_ON)
		return status;
	address = optind < argc ? address_for_policy(argv[optind], &error) : NULL;
	if (optind < argc && !address)
		return fail(&error);
	question = json_pack("{s:s, s:s, s:i}", "do", "audit", "address", address ? address : "",
			     "most", most);
	if (directory_ask(question, &answer, &error) < 0)
		return fail(&error);
	changes = json_object_get(answer, "changes");
	if (json)
		return command_print(changes, JSON_INDENT(1));
	json_array_foreach(changes, i, one)
	    printf("%s  %s  %s  %s  %s\n", print_when(json_number(one, "time"), text),
		   json_text(one, "who"), json_text(one, "verb"), json_text(one, "address"),
		   json_text(one, "detail"));
	return command_print_text("");
}
