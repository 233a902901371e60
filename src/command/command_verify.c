// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask verify: proves the machine again.  The probes run as at boot, in their
 * own unit and account; ports are opened or closed by what they find, and the
 * report is written anew. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "command/command.h"
#include "command/show_report.h"

/* Longer than the three units' own. */
enum { VERIFY_TIMEOUT_MS = 7 * 60 * 1000 };

/* What postcask-verify(8) found; postcask-open.service and postcask-report(8) read it. */
#define PROBES_FILE "/run/postcask/verify/report.json"

static const char usage[] =
    "usage: postcask verify [--json]\n"
    "\n"
    "Runs the self-tests of this machine now, as root: real mail through every port\n"
    "that the settings want.  Ports whose tests fail are closed, the others opened.\n"
    "\n"
    "  --json    print the report as JSON\n"
    "\n"
    "Exit status: 0 ready, 1 failed, 2 degraded or bad usage.\n";

/* All zeros when there is none. */
static struct stat last_report(void)
{
	struct stat report;

	if (stat(SHOW_REPORT_FILE, &report) < 0)
		return (struct stat){0};
	return report;
}

/* Starts the units and waits for their end.  Until then the last report is the one of
 * before; it must not be taken for the new one, not even when the probes cannot be
 * started. */
static int run_units(struct error *error)
{
	static const char *const command[] = {"systemctl",
					      "restart",
					      "postcask-verify.service",
					      "postcask-open.service",
					      "postcask-report.service",
					      NULL};
	struct process process = {.argv = command, .timeout_ms = VERIFY_TIMEOUT_MS};
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	const struct stat before = last_report();
	struct stat after;
	int result;

	if (unlink(PROBES_FILE) < 0 && errno != ENOENT)
		return error_errno(error, errno, "%s: cannot remove", PROBES_FILE);
	result = process_run(&process, &output, error);
	after = last_report();
	if (file_same(&before, &after)) {
		unlink(SHOW_REPORT_FILE);
		if (result >= 0)
			return error_set(error, EIO, "the self-tests did not run: %s",
					 buffer_text(&output));
	}
	return result < 0 ? error_wrap(error, "systemctl") : 0;
}

int command_verify(int argc, char **argv)
{
	int json = 0;
	const struct command_option options[] = {{"json", .flag = &json, .set = 1}};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if (!command_is_root("the self-tests need the machine's services; run it as root"))
		return COMMAND_FAILED;
	if (run_units(&error) < 0) {
		error_print(&error);
		return COMMAND_FAILED;
	}
	return show_report(SHOW_REPORT_FILE, json);
}
