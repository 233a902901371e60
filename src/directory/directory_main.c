// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-directory: the only writer of who is here and of what lets them in, which has both files
 * open for Postfix, Dovecot and amavis.  See postcask-directory(8). */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/options.h"
#include "directory/directory.h"

static const char usage[] =
    "usage: postcask-directory [--accounts FILE] [--secrets FILE] [--settings FILE]\n"
    "                          [--report FILE] [--socket SOCKET] [--mirror SOCKET]\n"
    "                          [--mirror-state FILE] [--factor-key FILE] [--uses FILE]\n"
    "Keeps accounts and passwords, and has their files open for who reads them.\n"
    "  --accounts FILE  people, aliases and domains, a file of SQLite\n"
    "  --secrets FILE   hashes and app passwords, another\n"
    "  --settings FILE  what the settings say of accounts\n"
    "  --report FILE    how many there are, and what is wrong\n"
    "  --socket SOCKET  where root asks\n"
    "  --mirror SOCKET  where postcask-mirror brings a directory server's people\n"
    "  --shared FILE    where the list of shared mailboxes is written\n"
    "  --mirror-state FILE  when that was last good\n"
    "  --factor-key FILE  seals the keys of second factors\n"
    "  --uses FILE      when app passwords were used\n";

static void say_damaged(const struct cabinet *cabinet)
{
	if (cabinet->state == CABINET_COPIED)
		fprintf(stderr,
			"postcask-directory: %s was damaged, and is what its last copy was; what "
			"was there is in %s.damaged\n",
			cabinet->path, cabinet->path);
	if (cabinet->state == CABINET_BEGUN)
		fprintf(stderr,
			"postcask-directory: %s was damaged, and is begun anew; what was there is "
			"in %s.damaged, and only what the settings say is here again\n",
			cabinet->path, cabinet->path);
}

/* Who has the old file open is told to open the new one (postcask-accounts.path). */
static int tell_readers(const struct directory *directory, const char *replaced,
			struct error *error)
{
	if (directory->accounts.cabinet.state == CABINET_WHOLE &&
	    directory->secrets.cabinet.state == CABINET_WHOLE)
		return 0;
	return file_replace(replaced, "", 0, 0644, (uid_t)-1, (gid_t)-1, error);
}

static int run(struct directory *directory, const char *accounts, const char *secrets,
	       const char *socket, const char *mirror, struct error *error)
{
	int result = accounts_open(&directory->accounts, accounts, error);

	if (result == 0)
		result = secrets_open(&directory->secrets, secrets, error);
	if (result < 0)
		return result;
	say_damaged(&directory->accounts.cabinet);
	say_damaged(&directory->secrets.cabinet);
	result = directory_take_settings(directory, error);
	if (result == 0)
		result = tell_readers(directory, DIRECTORY_REPLACED, error);
	return result < 0 ? result : directory_serve(directory, socket, mirror, error);
}

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct directory directory = {.settings = DIRECTORY_SETTINGS,
				      .report = DIRECTORY_REPORT,
				      .shared = DIRECTORY_SHARED,
				      .rules = DIRECTORY_RULES,
				      .factor_key = DIRECTORY_FACTOR_KEY,
				      .uses = DIRECTORY_USES,
				      .mirror_state = DIRECTORY_STATE,
				      .mirror_news = DIRECTORY_NEWS,
				      .mirror_back = DIRECTORY_BACK};
	const char *accounts = DIRECTORY_ACCOUNTS, *secrets = DIRECTORY_SECRETS;
	const char *socket = DIRECTORY_SOCKET, *mirror = DIRECTORY_MIRROR;
	const struct command_option options[] = {{"accounts", .value = &accounts},
						 {"secrets", .value = &secrets},
						 {"settings", .value = &directory.settings},
						 {"report", .value = &directory.report},
						 {"socket", .value = &socket},
						 {"mirror", .value = &mirror},
						 {"mirror-state", .value = &directory.mirror_state},
						 {"factor-key", .value = &directory.factor_key},
						 {"uses", .value = &directory.uses},
						 {"shared", .value = &directory.shared},
						 {"rules", .value = &directory.rules}};
	int result, status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	result = run(&directory, accounts, secrets, socket, mirror, &error);
	directory_close(&directory);
	if (result < 0)
		error_print(&error);
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
