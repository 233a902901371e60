// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask reports: what other servers report of mail from this machine and to it; see
 * postcask-feedback(8), which has them and tells it. */
#include <errno.h>
#include <unistd.h>

#include "command/command.h"

#define PROGRAM "/usr/lib/postcask/postcask-feedback"

static const char usage[] =
    "usage: postcask reports [--days N] [--json] [DOMAIN]\n"
    "What other servers report of mail that was in the name of DOMAIN or of all domains, and of\n"
    "mail on its way to them.\n"
    "\n"
    "  --days N  of so many days; 14, where nothing else is said\n"
    "  --json    for programs\n";

int command_reports(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const char *days = "14";
	bool json = false;
	const struct command_option options[] = {{"days", .value = &days}, {"json", .on = &json}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 1);
	const char *command[7] = {PROGRAM, "--tell"};
	size_t count = 2;

	if (status != COMMAND_GO_ON)
		return status;
	command[count++] = days;
	if (json)
		command[count++] = "--json";
	if (argv[optind]) {
		command[count++] = "--";
		command[count++] = argv[optind];
	}
	execv(PROGRAM, (char *const *)command);
	error_errno(&error, errno, "only the machine itself has reports: %s", PROGRAM);
	error_print(&error);
	return COMMAND_FAILED;
}
