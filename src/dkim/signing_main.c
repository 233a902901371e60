// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-signing: looks after the DKIM keys, a minute after each boot and once a day
 * (postcask-signing.timer); see postcask-signing(8), and postcask-dkim(8) for people.
 *
 * Exit status: 0 good, 1 failed, 2 wrong usage. */
#include <stdio.h>

#include "base/options.h"
#include "dkim/job.h"

#define STATE "/var/lib/postcask"
#define KEYS  STATE "/keys"

static const char usage[] =
    "usage: postcask-signing\n"
    "Makes the DKIM keys that are missing, takes back old ones, and goes over to the\n"
    "next ones where the machine may change its records in the DNS itself.\n";

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int status = command_options(argc, argv, NULL, 0, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if (dkim_job_run(STATE, KEYS, stdout, &error) < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
