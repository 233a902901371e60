// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-certificate: keeps the server certificates young and makes sure that
 * the daemons serve them; postcask-certificate.timer runs it once a day.  See
 * postcask-cert(8), whose `renew` is the same with a person watching.
 *
 * Exit status: 0 every service serves the current certificate, 1 it does not or
 * the renewal failed, 2 wrong usage. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>

#include "certificate/certificate_renewal.h"

enum { EXIT_USAGE = 2 };

static void print_usage(FILE *stream)
{
	fputs("usage: postcask-certificate [--check] [--version]\n"
	      "Renews what needs it, reloads the daemons and asks each for its certificate.\n"
	      "--check only asks.\n",
	      stream);
}

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
	static const struct option LONG[] = {
	    {"check", no_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'v'},
	    {NULL, 0, NULL, 0},
	};
	struct renewal renewal = {.force = false};
	int option;

	while ((option = getopt_long(argc, argv, "", LONG, NULL)) >= 0) {
		switch (option) {
		case 'c':
			renewal.check = true;
			break;
		case 'h':
			print_usage(stdout);
			return EXIT_SUCCESS;
		case 'v':
			puts("postcask-certificate " POSTCASK_VERSION);
			return EXIT_SUCCESS;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	return run(&renewal);
}
