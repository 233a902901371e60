// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-certificate: keeps the server certificates young and makes sure that
 * the daemons serve them; postcask-certificate.timer runs it once a day.  See
 * postcask-cert(8), whose `renew` is the same with a person watching.
 *
 * Exit status: 0 every service serves the current certificate, 1 it does not or
 * the renewal failed, 2 wrong usage. */
#include <signal.h>
#include <stdio.h>

#include "base/options.h"
#include "certificate/certificate_renewal.h"

static const char usage[] =
    "usage: postcask-certificate [--check]\n"
    "Renews what needs it, reloads the daemons and asks each for its certificate.\n"
    "  --check    only ask\n";

static int run(const struct renewal *renewal)
{
	_cleanup_(renewal_outcome_clear) struct renewal_outcome outcome = RENEWAL_OUTCOME_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	signal(SIGPIPE, SIG_IGN); /* net/stream.h asks for it */
	if (renewal_run(renewal, &outcome, &error) < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	renewal_print(&outcome, stdout);
	return renewal_succeeded(&outcome) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct renewal renewal = {.force = false};
	const struct command_option options[] = {{"check", .on = &renewal.check}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	return status == COMMAND_GO_ON ? run(&renewal) : status;
}
