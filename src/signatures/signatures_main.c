// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-signatures: has the virus scanner load new signatures.  See
 * postcask-signatures(8). */
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "signatures/load.h"

enum { EXIT_USAGE = 64 };

static const char usage[] = "usage: postcask-signatures [--if-changed | --start]\n"
			    "Has the virus scanner load new signatures.\n"
			    "  --if-changed    only when they are others than those that it has\n"
			    "  --start         it is about to start: note what it will load\n";

static const struct option options[] = {
    {"if-changed", no_argument, NULL, 'c'},
    {"start", no_argument, NULL, 's'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char *const sentences[] = {
    [SIGNATURES_LOADED] = "the signatures are loaded",
    [SIGNATURES_BY_ANOTHER] = "the signatures are loaded, as another asked too",
};

/* Of root, who asks by hand: the notes are the scanner's account's. */
static int become_owner(const char *folder, struct error *error)
{
	struct stat status;

	if (geteuid() != 0)
		return 0;
	if (stat(folder, &status) < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(status.st_gid, status.st_gid, status.st_gid) < 0 ||
	    setresuid(status.st_uid, status.st_uid, status.st_uid) < 0)
		return error_errno(error, errno, "cannot become the owner of %s", folder);
	return 0;
}

int main(int argc, char *argv[])
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
	int option = getopt_long(argc, argv, "", options, NULL), failed;

	if ((option != -1 && option != 'c' && option != 's') || argc > 1 + (option != -1)) {
		fputs(usage, option == 'h' ? stdout : stderr);
		return option == 'h' ? EXIT_SUCCESS : EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	load.if_changed = option == 'c';
	failed = become_owner(load.folder, &error);
	if (failed == 0)
		failed = option == 's' ? signatures_start(&load, &error)
				       : signatures_load(&load, &result, &error);
	if (failed < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	if (result != SIGNATURES_UNCHANGED)
		puts(sentences[result]);
	return EXIT_SUCCESS;
}
