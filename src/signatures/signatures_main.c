// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-signatures: has the virus scanner load new signatures.  See
 * postcask-signatures(8). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/options.h"
#include "base/process.h"
#include "signatures/load.h"

static const char usage[] = "usage: postcask-signatures [--if-changed | --start]\n"
			    "Has the virus scanner load new signatures.\n"
			    "  --if-changed    only when they are others than those that it has\n"
			    "  --start         it is about to start: note what it will load\n";

static const char *const sentences[] = {
    [SIGNATURES_LOADED] = "the signatures are loaded",
    [SIGNATURES_BY_ANOTHER] = "the signatures are loaded, as another asked too",
};

int main(int argc, char **argv)
{
	struct signatures_load load = {
	    .socket = "/run/clamav/clamd.ctl",
	    .databases = "/var/lib/clamav",
	    .folder = "/run/postcask/signatures",
	    .idle_ms = 5 * 60 * 1000, /* longer than clamd scans one file, MaxScanTime */
	    .load_ms = 15 * 60 * 1000,
	};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	enum signatures_result result = SIGNATURES_UNCHANGED;
	bool start = false;
	const struct command_option options[] = {{"if-changed", .on = &load.if_changed},
						 {"start", .on = &start}};
	int failed, status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if (start && load.if_changed)
		return command_usage(usage);
	signal(SIGPIPE, SIG_IGN);
	/* Of root, who asks by hand: the notes are the scanner's account's. */
	failed = process_become_owner(load.folder, &error);
	if (failed == 0)
		failed = start ? signatures_start(&load, &error)
			       : signatures_load(&load, &result, &error);
	if (failed < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	if (result != SIGNATURES_UNCHANGED)
		puts(sentences[result]);
	return EXIT_SUCCESS;
}
