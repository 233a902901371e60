// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-tls: tells Postfix how other servers are to be proved.  See postcask-tls(8). */
#include <stdlib.h>

#include "base/options.h"
#include "component/inner.h"
#include "outward/service.h"

static const char usage[] =
    "usage: postcask-tls [--socket SOCKET] [--store FILE] [--fetch PROGRAM]\n"
    "                    [--authorities FILE] [--resolver ADDRESS] [--tally FILE]\n"
    "Tells Postfix how other servers are to be proved: by DANE, else by MTA-STS.\n"
    "  --socket SOCKET     where Postfix asks, when systemd gives none\n"
    "  --store FILE        keeps policies\n"
    "  --fetch PROGRAM     fetches one\n"
    "  --authorities FILE  of the certificates that their servers may have\n"
    "  --resolver ADDRESS  of the DNS\n"
    "  --tally FILE        counts sessions, of which Postfix tells\n";

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct outward_paths paths = {
	    .socket = "/var/spool/postfix/tls/policy",
	    .store = "/var/lib/postcask/tls/policies.sqlite",
	    .tally = "/var/lib/postcask/tls/sessions.sqlite",
	    .state = "/run/postcask/tls/state.json",
	    .fetch = "/usr/lib/postcask/postcask-tls-fetch",
	    .authorities = "/etc/ssl/certs/ca-certificates.crt",
	    .resolver = "127.0.0.1",
	    .resolver_port = INNER_DNS,
	};
	const struct command_option options[] = {
	    {"socket", .value = &paths.socket},	    {"store", .value = &paths.store},
	    {"fetch", .value = &paths.fetch},	    {"authorities", .value = &paths.authorities},
	    {"resolver", .value = &paths.resolver}, {"tally", .value = &paths.tally},
	};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if (outward_serve(&paths, &error) < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
