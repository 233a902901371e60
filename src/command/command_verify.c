/* postcask verify: proves the machine again.  The probes run as at boot, in their
 * own unit and account; ports are opened or closed by what they find, and the
 * report is written anew. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/process.h"
#include "command/command.h"
#include "command/options.h"
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

/* Starts the units and waits for their end. */
static int run_units(struct error *error)
{
	static const char *const command[] = {"systemctl",
					      "restart",
					      "postcask-verify.service",
					      "postcask-open.service",
					      "postcask-report.service",
					      NULL};
	static const char *const reports[] = {SHOW_REPORT_FILE, PROBES_FILE};
	struct process process = {.argv = command, .timeout_ms = VERIFY_TIMEOUT_MS};
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	int result;

	/* The reports of before must not be taken for those to come, not even when the
	 * probes cannot be started. */
	for (size_t i = 0; i < ARRAY_SIZE(reports); i++)
		if (unlink(reports[i]) < 0 && errno != ENOENT)
			return error_errno(error, errno, "%s: cannot remove", reports[i]);
	result = process_run(&process, &output, error);
	if (result < 0)
		return error_wrap(error, "systemctl");
	/* A unit that failed has told the report; without a report we say why. */
	if (result > 0 && access(SHOW_REPORT_FILE, R_OK) < 0)
		return error_set(error, EIO, "the self-tests did not run: %s",
				 buffer_text(&output));
	return 0;
}

int command_verify(int argc, char **argv)
{
	int json = 0;
	const struct command_option options[] = {{"json", .flag = &json, .set = 1}};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if (geteuid() != 0) {
		fputs("postcask: the self-tests need the machine's services; run it as root\n",
		      stderr);
		return COMMAND_FAILED;
	}
	if (run_units(&error) < 0) {
		error_print(&error);
		return COMMAND_FAILED;
	}
	return show_report(SHOW_REPORT_FILE, json);
}
