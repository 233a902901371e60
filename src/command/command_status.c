/* postcask status: the last report of this machine, as postcask-report(8) left it
 * in /run/postcask/report.json. */
#include <errno.h>
#include <getopt.h>
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
	static const struct option options[] = {{"json", no_argument, NULL, 'j'},
						{"report", required_argument, NULL, 'r'},
						{"help", no_argument, NULL, 'h'},
						{0}};
	const char *path = SHOW_REPORT_FILE;
	int option, json = 0;

	optind = 1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			json = 1;
			break;
		case 'r':
			path = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return COMMAND_GOOD;
		default:
			fputs(usage, stderr);
			return COMMAND_USAGE;
		}
	}
	if (optind != argc) {
		fputs(usage, stderr);
		return COMMAND_USAGE;
	}
	return show_report(path, json);
}
