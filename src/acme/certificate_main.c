// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-certificate: keeps the server certificates young and makes sure that
 * the daemons serve them; postcask-certificate.timer runs it once a day, and with an ACME authority
 * postcask-acme.timer every half an hour.  See postcask-cert(8), whose `renew` is the same with a
 * person watching.
 *
 * Exit status: 0 every service serves the current certificate, 1 it does not or
 * the renewal failed, 2 wrong usage. */
#include <signal.h>
#include <stdio.h>

#include "acme/acme_renewal.h"
#include "base/options.h"
#include "certificate/certificate_renewal.h"

static const char usage[] =
    "usage: postcask-certificate [--check]\n"
    "Renews what needs it, reloads the daemons and asks each for its certificate.\n"
    "  --check    only ask\n";

/* With an ACME authority: what is due there.  What it says is for the report. */
static int run_acme(void)
{
	_cleanup_(acme_outcome_clear) struct acme_outcome outcome = ACME_OUTCOME_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const struct acme_renewal renewal = {.force = false};

	if (acme_renewal_run(&renewal, &outcome, &error) < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	if (outcome.asked > 0)
		printf("%-18s %zu asked for, %zu new\n", "authority", outcome.asked, outcome.taken);
	if (outcome.error)
		printf("note: %s\n", outcome.error);
	return EXIT_SUCCESS;
}

static int run(const struct renewal *renewal)
{
	_cleanup_(renewal_outcome_clear) struct renewal_outcome outcome = RENEWAL_OUTCOME_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int status;

	signal(SIGPIPE, SIG_IGN); /* net/stream.h asks for it */
	if (renewal_run(renewal, &outcome, &error) < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	renewal_print(&outcome, stdout);
	status = renewal->check ? EXIT_SUCCESS : run_acme();
	return renewal_succeeded(&outcome) ? status : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct renewal renewal = {.force = false};
	const struct command_option options[] = {{"check", .on = &renewal.check}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	return status == COMMAND_GO_ON ? run(&renewal) : status;
}
