// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-policy: judges who mail is from, for the filter and for Postfix.  See
 * postcask-policy(8). */
#include <stdlib.h>

#include "base/options.h"
#include "component/inner.h"
#include "policy/limit_hold.h"
#include "policy/service.h"

static const char usage[] =
    "usage: postcask-policy [--filter SOCKET] [--postfix SOCKET] [--oracle SOCKET]\n"
    "                       [--store FILE] [--limits FILE] [--held FILE]\n"
    "                       [--resolver ADDRESS]\n"
    "Judges who mail is from, for the filter and for Postfix.\n"
    "  --filter SOCKET    where the filter asks\n"
    "  --postfix SOCKET   where Postfix asks\n"
    "  --oracle SOCKET    where policyd-spf answers\n"
    "  --store FILE       keeps what it has learnt\n"
    "  --limits FILE      has the limits of sending\n"
    "  --held FILE        keeps who is held\n"
    "  --resolver ADDRESS of the DNS\n";

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct service_paths paths = {
	    .filter = "/run/postcask/policy/filter",
	    .postfix = "/var/spool/postfix/policy/postfix",
	    .oracle = "/run/postcask/spf",
	    .store = "/var/lib/postcask/policy/store",
	    .known = "/var/lib/postcask/policy/known",
	    .limits = "/etc/postcask/limits.conf",
	    .held = LIMIT_HOLD_FILE,
	    .accounts = "/var/lib/postcask/accounts/accounts.db",
	    .hold = "/run/postcask/hold",
	    .filter_account = "amavis",
	    .resolver = "127.0.0.1",
	    .resolver_port = INNER_DNS,
	};
	const struct command_option options[] = {
	    {"filter", .value = &paths.filter},	    {"postfix", .value = &paths.postfix},
	    {"oracle", .value = &paths.oracle},	    {"store", .value = &paths.store},
	    {"limits", .value = &paths.limits},	    {"held", .value = &paths.held},
	    {"resolver", .value = &paths.resolver},
	};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if (service_run(&paths, &error) < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
