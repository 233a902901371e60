// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-acme: speaks to the ACME authority, as an account that owns nothing else; see
 * postcask-acme(8).  postcask-certificate starts its unit, and takes over what it leaves.
 *
 * Exit status: 0 the results are there, 1 they are not, 2 wrong usage. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "acme/acme_client.h"
#include "acme/acme_order.h"
#include "base/file.h"
#include "base/options.h"

static const char usage[] = "usage: postcask-acme [--clean]\n"
			    "Carries out the orders of its unit's credential.\n"
			    "  --clean    only remove proofs that an ended run left\n";

/* Without proofs nobody needs port 80. */
static void remove_tokens(void)
{
	DIR *entries = opendir(ACME_TOKENS);
	struct dirent *entry;

	while (entries && (entry = readdir(entries)))
		if (entry->d_type == DT_REG)
			unlinkat(dirfd(entries), entry->d_name, 0);
	if (entries)
		closedir(entries);
}

static int run(void)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	_cleanup_free_ char *orders =
	    file_join(credentials ? credentials : "/nonexistent", ACME_CREDENTIAL);
	struct acme_client client = {.orders = orders,
				     .folder = ACME_FOLDER,
				     .hook = "/usr/lib/postcask/postcask-acme-hook",
				     .eab = "LD_PRELOAD=/usr/lib/postcask/postcask-eab.so"};
	int result = orders ? acme_client_run(&client, &error) : -1;

	if (result < 0)
		error_print(&error);
	remove_tokens();
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	bool clean = false;
	const struct command_option options[] = {{"clean", .on = &clean}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if (clean) {
		remove_tokens();
		return EXIT_SUCCESS;
	}
	return run();
}
