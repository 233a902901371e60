// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-rules: makes files of the delivery rules that a directory server holds; see
 * postcask-rules(8). */
#include "base/options.h"
#include "rules/rules.h"

static const char usage[] =
    "usage: postcask-rules [--accounts FILE] [--folder FOLDER] [--sieve FILE] [--refused FILE]\n"
    "Makes files of the delivery rules that a directory server holds.\n"
    "  --accounts FILE  who is here\n"
    "  --folder FOLDER  where the rules go\n"
    "  --sieve FILE     settings of sievec(1)\n"
    "  --refused FILE   what was refused, and why\n";

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct rules rules = {RULES_ACCOUNTS, RULES_FOLDER, RULES_SIEVE, RULES_REFUSED};
	const struct command_option options[] = {{"accounts", .value = &rules.accounts},
						 {"folder", .value = &rules.folder},
						 {"sieve", .value = &rules.sieve},
						 {"refused", .value = &rules.refused}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if (rules_follow(&rules, &error) == 0)
		return COMMAND_GOOD;
	error_print(&error);
	return COMMAND_FAILED;
}
