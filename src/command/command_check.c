// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask check FILE: is this user-data good, and if not, what to write.  Needs
 * no rights, reads only the file, and says everything at once. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/print.h"
#include "settings/settings.h"

static const char usage[] =
    "usage: postcask check [--json] FILE\n"
    "\n"
    "Checks the settings in a cloud-init user-data file (- is standard input):\n"
    "cloud-config, gzip or MIME multi-part.\n"
    "\n"
    "  --json    print {\"accepted\", \"errors\", \"warnings\"} instead of lines\n"
    "\n"
    "Exit status: 0 accepted, 1 refused, 2 bad usage.  Errors and warnings are\n"
    "lines FILE:LINE:COLUMN: on standard error.  See postcask-settings(5).\n";

static int print_json(const struct diagnostics *diagnostics, int status)
{
	_cleanup_json_ json_t *object = diagnostics_to_json(diagnostics);

	json_object_set_new(object, "accepted", json_boolean(status == COMMAND_GOOD));
	return command_print(object, JSON_INDENT(2) | JSON_SORT_KEYS) == COMMAND_GOOD
		   ? status
		   : COMMAND_FAILED;
}

static int check_file(const char *path, int json)
{
	_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
	_cleanup_json_ json_t *settings = NULL;
	int r = settings_load_file(path, &diagnostics, &settings);
	int status = r == 0 ? COMMAND_GOOD : COMMAND_FAILED;

	if (json)
		return print_json(&diagnostics, status);
	diagnostics_print(&diagnostics, stderr);
	return status;
}

int command_check(int argc, char **argv)
{
	int json = 0;
	const struct command_option options[] = {{"json", .flag = &json, .set = 1}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 1, 1);

	if (status != COMMAND_GO_ON)
		return status;
	return check_file(argv[optind], json);
}
