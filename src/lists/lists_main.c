// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-lists: asks DNS lists of senders for postscreen, those that tell the truth.  See
 * postcask-lists(8). */
#include <stdlib.h>

#include "base/options.h"
#include "component/inner.h"
#include "lists/service.h"

static const char usage[] =
    "usage: postcask-lists [--lists FILE] [--socket SOCKET] [--state FILE] [--report FILE]\n"
    "                      [--resolver ADDRESS] [--port NUMBER] [--hurry NUMBER]\n"
    "Asks DNS lists of senders for Postfix, as long as they tell the truth.\n"
    "  --lists FILE       the lists, as they are rendered of the settings\n"
    "  --socket SOCKET    where postscreen asks\n"
    "  --state FILE       keeps which list was cut off\n"
    "  --report FILE      says it to everybody\n"
    "  --resolver ADDRESS of the DNS\n"
    "  --port NUMBER      of the DNS\n"
    "  --hurry NUMBER     waits so many times shorter, for tests\n";

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct lists_paths paths = {
	    .lists = "/etc/postcask/lists",
	    .socket = "/var/spool/postfix/lists/ask",
	    .state = "/var/lib/postcask/lists/state.json",
	    .report = "/run/postcask/lists/report.json",
	    .resolver = "127.0.0.1",
	    .resolver_port = INNER_DNS,
	    .client_account = "postfix",
	};
	const struct command_option options[] = {
	    {"lists", .value = &paths.lists},
	    {"socket", .value = &paths.socket},
	    {"state", .value = &paths.state},
	    {"report", .value = &paths.report},
	    {"resolver", .value = &paths.resolver},
	    {"port", .take = command_take_number, .into = &paths.resolver_port},
	    {"hurry", .take = command_take_number, .into = &paths.hurry},
	};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if (lists_run(&paths, &error) < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
