// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask status: the last report of this machine, as postcask-report(8) left it
 * in /run/postcask/report.json. */
#include <errno.h>
#include <stdio.h>

#include "command/command.h"
#include "command/show_report.h"

static const char usage[] =
    "usage: postcask status [--json] [--report FILE]\n"
    "\n"
    "Shows what the last boot or `postcask verify` found: settings, probes, open\n"
    "ports, certificate, notes.\n"
    "\n"
    "  --json          print the report as it is\n"
    "  --report FILE   another report than /run/postcask/report.json\n"
    "\n"
    "Exit status: 0 ready, 1 failed or no report, 2 degraded or bad usage.\n";

int command_status(int argc, char **argv)
{
	const char *path = SHOW_REPORT_FILE;
	int json = 0;
	const struct command_option options[] = {{"json", .flag = &json, .set = 1},
						 {"report", .value = &path}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	return status == COMMAND_GO_ON ? show_report(path, json) : status;
}
