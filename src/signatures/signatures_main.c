/* postcask-signatures: has the virus scanner load new signatures.  See
 * postcask-signatures(8). */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "signatures/load.h"

enum { EXIT_USAGE = 64 };

int main(int argc, char *argv[] _unused_)
{
	static const struct signatures_load load = {
	    .socket = "/run/clamav/clamd.ctl",
	    .folder = "/run/postcask/signatures",
	    .idle_ms = 5 * 60 * 1000, /* longer than clamd scans one file, MaxScanTime */
	    .load_ms = 15 * 60 * 1000,
	};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	bool by_another = false;

	if (argc > 1) {
		fputs("usage: postcask-signatures\n"
		      "Has the virus scanner load new signatures; takes no words.\n",
		      stderr);
		return EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	if (signatures_load(&load, &by_another, &error) < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	puts(by_another ? "the signatures are loaded, as another asked too"
			: "the signatures are loaded");
	return EXIT_SUCCESS;
}
