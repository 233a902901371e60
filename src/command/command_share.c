// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask share: whose folders are shared with whom; see postcask-share(8). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json_file.h"
#include "base/login.h"
#include "base/utf8.h"
#include "command/command.h"
#include "command/print.h"
#include "sharing/share.h"

static const char usage[] =
    "usage: postcask share list [--folder FOLDER [--below]] [--json] OWNER\n"
    "       postcask share add --folder FOLDER [--below] [--json] OWNER WHO ROLE\n"
    "       postcask share remove [--folder FOLDER [--below]] [--json] OWNER WHO\n"
    "Shows with whom a person's folders are shared, and shares them.\n"
    "  --folder FOLDER  as its owner sees it, such as INBOX or Projects/2026\n"
    "  --below          also all folders in it\n"
    "  --json           for programs\n"
    "A role is read, post, edit or manage: postcask-share(8).\n";

struct choices {
	const char *folder;
	bool below, json;
};

static int fail(const struct error *error)
{
	error_print(error);
	return COMMAND_FAILED;
}

/* The owner's form of the address, and the folders. */
static int look_up(const char *address, const struct choices *choices, char **ret_owner,
		   json_t **ret_folders, struct error *error)
{
	int result = share_check_on(error);

	if (result == 0)
		result = login_find(address, ret_owner, error);
	if (result == 0)
		result =
		    share_folders(*ret_owner, choices->folder, choices->below, ret_folders, error);
	return result;
}

/* ---- Shown ---- */

/* People choose the names of their folders, and the text goes to a terminal. */
static void print_share(const json_t *share)
{
	_cleanup_free_ char *folder = strdup(json_text(share, "folder"));
	_cleanup_free_ char *who = strdup(json_text(share, "who"));
	const char *role = json_text(share, "role");

	if (!folder || !who)
		return;
	ascii_make_printable(folder);
	ascii_make_printable(who);
	printf("%-32s %-32s %s\n", folder, who, role[0] ? role : json_text(share, "rights"));
}

static int show(const json_t *shares, bool json)
{
	const json_t *share;
	size_t i;

	if (json)
		return command_print(shares, JSON_INDENT(1));
	json_array_foreach(shares, i, share) print_share(share);
	return fflush(stdout) == EOF ? COMMAND_FAILED : COMMAND_GOOD;
}

/* Where there are several, one may be a name that others lie below and nothing else, or be gone by
 * now. */
static int pass_over(int result, const json_t *folders, struct error *error)
{
	if (result != -ENOENT || json_array_size(folders) < 2)
		return result;
	error_clear(error);
	return 0;
}

static int read_all(const char *owner, const json_t *folders, json_t *shares, struct error *error)
{
	const json_t *folder;
	size_t i;
	int result = 0;

	json_array_foreach(folders, i, folder)
	{
		if (result == 0)
			result = share_read(owner, json_string_value(folder), shares, error);
		result = pass_over(result, folders, error);
	}
	return result;
}

static int list(const struct choices *choices, char **words)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *folders = NULL, *shares = json_array();
	_cleanup_free_ char *owner = NULL;

	if (look_up(words[0], choices, &owner, &folders, &error) < 0 ||
	    read_all(owner, folders, shares, &error) < 0)
		return fail(&error);
	return show(shares, choices->json);
}

/* ---- Changed ---- */

/* Each folder of the list, and then how it is. */
static int change(const struct choices *choices, const char *owner, const json_t *folders,
		  const char *who, const struct share_role *role, struct error *error)
{
	_cleanup_json_ json_t *shares = json_array();
	const json_t *folder;
	size_t i;
	int result = 0;

	json_array_foreach(folders, i, folder)
	{
		const char *name = json_string_value(folder);

		if (result == 0)
			result = role ? share_give(owner, name, who, role, error)
				      : share_take(owner, name, who, error);
		result = pass_over(result, folders, error);
	}
	if (result == 0)
		result = share_sync(error);
	if (result == 0)
		result = read_all(owner, folders, shares, error);
	return result < 0 ? fail(error) : show(shares, choices->json);
}

static int add(const struct choices *choices, char **words)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *owner = NULL, *who = NULL;
	_cleanup_json_ json_t *folders = NULL;
	const struct share_role *role = share_role_find(words[2]);

	if (!role) {
		error_set(&error, EINVAL, "'%s' is no role; write read, post, edit or manage",
			  words[2]);
		return fail(&error);
	}
	if (look_up(words[0], choices, &owner, &folders, &error) < 0 ||
	    login_find(words[1], &who, &error) < 0)
		return fail(&error);
	if (strcmp(owner, who) == 0) {
		error_set(&error, EINVAL, "%s is the owner, who has all rights", owner);
		return fail(&error);
	}
	return change(choices, owner, folders, who, role, &error);
}

/* Also of somebody who is gone. */
static int remove_from(const struct choices *choices, char **words)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *owner = NULL, *who = NULL;
	_cleanup_json_ json_t *folders = NULL;
	int result = look_up(words[0], choices, &owner, &folders, &error);

	if (result < 0)
		return fail(&error);
	result = login_find(words[1], &who, &error);
	if (result == -ENOENT) {
		error_clear(&error);
		who = strdup(words[1]);
	} else if (result < 0)
		return fail(&error);
	return change(choices, owner, folders, who ? who : "", NULL, &error);
}

/* ---- The command line ---- */

static const struct verb {
	const char *name;
	int words;
	bool needs_folder;
	int (*run)(const struct choices *choices, char **words);
} verbs[] = {
    {"list", 1, false, list},
    {"add", 3, true, add},
    {"remove", 2, false, remove_from},
};

static int run_verb(const struct verb *verb, int argc, char **argv)
{
	struct choices choices = {0};
	const struct command_option options[] = {{"folder", .value = &choices.folder},
						 {"below", .on = &choices.below},
						 {"json", .on = &choices.json}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, verb->words, verb->words);

	if (status != COMMAND_GO_ON)
		return status;
	if ((verb->needs_folder || choices.below) && !choices.folder)
		return command_usage(usage);
	if (!command_is_root("mailboxes are of an account of their own; run it as root"))
		return COMMAND_FAILED;
	return verb->run(&choices, argv + optind);
}

int command_share(int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs) && argc > 1; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return run_verb(&verbs[i], argc - 1, argv + 1);
	return command_options(argc, argv, NULL, 0, usage, 1, 0); /* no word but a verb is right */
}
