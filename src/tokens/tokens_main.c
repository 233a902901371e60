// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-tokens: tells Dovecot whether a token is good.  See
 * postcask-tokens(8). */
#include <stdlib.h>

#include "base/options.h"
#include "component/inner.h"
#include "tokens/service.h"

static const char usage[] =
    "usage: postcask-tokens [--settings FILE] [--state FILE] [--report FILE] [--port NUMBER]\n"
    "                       [--check] [--hurry NUMBER]\n"
    "Tells Dovecot whether a token is good.\n"
    "  --settings FILE  who the issuer is, as it is rendered of the settings\n"
    "  --state FILE     keeps its keys\n"
    "  --report FILE    says to everybody how many there are, and of when\n"
    "  --port NUMBER    of the loopback, where Dovecot asks\n"
    "  --check          only says whether the settings' file can be used\n"
    "  --hurry NUMBER   waits so many times shorter, for tests\n";

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct tokens_paths paths = {
	    .settings = "/etc/postcask/tokens",
	    .state = "/var/lib/postcask/tokens/state.json",
	    .report = "/run/postcask/tokens/report.json",
	    .port = INNER_TOKENS,
	};
	bool check = false;
	const struct command_option options[] = {
	    {"settings", .value = &paths.settings},
	    {"state", .value = &paths.state},
	    {"report", .value = &paths.report},
	    {"port", .take = command_take_number, .into = &paths.port},
	    {"check", .on = &check},
	    {"hurry", .take = command_take_number, .into = &paths.hurry},
	};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0), result;

	if (status != COMMAND_GO_ON)
		return status;
	result = check ? tokens_check(paths.settings, &error) : tokens_run(&paths, &error);
	if (result < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
