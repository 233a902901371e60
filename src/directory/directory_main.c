// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-directory: keeps app passwords, and has their file open for Dovecot.  See
 * postcask-directory(8). */
#include <stdio.h>
#include <stdlib.h>

#include "base/options.h"
#include "directory/directory.h"

static const char usage[] =
    "usage: postcask-directory [--secrets FILE] [--people FILE] [--main-off FILE]\n"
    "                          [--report FILE] [--socket SOCKET]\n"
    "Keeps app passwords, and has their file open for Dovecot.\n"
    "  --secrets FILE   the file of SQLite\n"
    "  --people FILE    whom the settings have, an address a line\n"
    "  --main-off FILE  whom the main password does not let in, for Dovecot\n"
    "  --report FILE    how many there are\n"
    "  --socket SOCKET  where root asks\n";

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct directory directory = {
	    .people = DIRECTORY_PEOPLE, .main_off = DIRECTORY_MAIN_OFF, .report = DIRECTORY_REPORT};
	const char *secrets = DIRECTORY_SECRETS, *socket = DIRECTORY_SOCKET;
	const struct command_option options[] = {{"secrets", .value = &secrets},
						 {"people", .value = &directory.people},
						 {"main-off", .value = &directory.main_off},
						 {"report", .value = &directory.report},
						 {"socket", .value = &socket}};
	int result, status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	result = secrets_open(&directory.secrets, secrets, &error);
	if (result == 0 && directory.secrets.damaged)
		fprintf(stderr,
			"postcask-directory: %s was damaged, and is begun anew; what was there is "
			"in %s.damaged, and app passwords have to be made again\n",
			secrets, secrets);
	if (result == 0)
		result = directory_publish_main_off(&directory, &error);
	if (result == 0)
		result = directory_publish_apps(&directory, &error);
	if (result == 0)
		result = directory_serve(&directory, socket, &error);
	secrets_close(&directory.secrets);
	if (result < 0)
		error_print(&error);
	return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
