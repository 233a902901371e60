// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask adopt: this machine becomes another cloud-init instance at its next boot, with
 * the mail that it holds.  Only root on the machine can say so, never the user-data that
 * would gain by it: see firstboot/instance.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "command/command.h"
#include "firstboot/instance.h"

enum { INSTANCE_NAME_LIMIT = 1000 };

static const char usage[] =
    "usage: postcask adopt [INSTANCE]\n"
    "       postcask adopt --cancel\n"
    "\n"
    "A machine that holds mail takes user-data of its own cloud-init instance alone.  This\n"
    "allows the next boot, once, to take that of another: INSTANCE, its instance-id; by default\n"
    "the one that this boot did not take, or else whichever comes.  Mail, keys and certificates\n"
    "stay; settings, accounts, ssh keys and network are then the new instance's.\n"
    "\n"
    "  --cancel    allow it no more\n";

static bool is_instance_name(const char *name)
{
	size_t size = strlen(name);

	for (size_t i = 0; i < size; i++)
		if (name[i] < ' ' || name[i] > '~')
			return false;
	return size > 0 && size <= INSTANCE_NAME_LIMIT;
}

static int cancel(struct error *error)
{
	static const struct apply_paths paths = {.state = "/var/lib/postcask"};

	if (!file_exists(INSTANCE_ADOPT_PATH)) {
		puts("No other instance was allowed.");
		return COMMAND_GOOD;
	}
	if (instance_end_adoption(&paths, error) < 0)
		return COMMAND_FAILED;
	puts("The next boot takes the user-data of this machine's own instance alone.");
	return COMMAND_GOOD;
}

static int allow(const char *instance, struct error *error)
{
	_cleanup_free_ char *line = NULL;

	if (!file_exists("/var/lib/postcask/current/manifest.json")) {
		puts("This machine holds no mail: it takes the user-data of any instance.");
		return COMMAND_GOOD;
	}
	if (asprintf(&line, "%s\n", instance) < 0)
		return error_set(error, ENOMEM, "out of memory"), COMMAND_FAILED;
	if (file_replace(INSTANCE_ADOPT_PATH, line, strlen(line), 0600, (uid_t)-1, (gid_t)-1,
			 error) < 0)
		return COMMAND_FAILED;
	if (*instance)
		printf("The next boot takes the user-data of instance '%s', once.\n", instance);
	else
		puts("The next boot takes the user-data of another instance, once.");
	return COMMAND_GOOD;
}

int command_adopt(int argc, char **argv)
{
	int cancelled = 0;
	const struct command_option options[] = {{"cancel", .flag = &cancelled, .set = 1}};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *refused = NULL;
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 1);
	const char *instance;

	if (status != COMMAND_GO_ON)
		return status;
	instance = optind < argc ? argv[optind] : NULL;
	if ((instance && cancelled) || (instance && !is_instance_name(instance)))
		return command_usage(usage);
	if (!command_is_root("only root can let the machine become another instance; use sudo"))
		return COMMAND_FAILED;
	if (!instance)
		refused = instance_read(INSTANCE_FOREIGN_PATH);
	if (refused && (strchr(refused, '?') || strstr(refused, "..."))) /* not its whole name */
		*refused = '\0';
	status = cancelled ? cancel(&error)
			   : allow(instance  ? instance
				   : refused ? refused
					     : "",
				   &error);
	if (status != COMMAND_GOOD)
		error_print(&error);
	return status;
}
