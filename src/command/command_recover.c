// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask user recover: deleted mail, and how it comes back; see postcask-recover(8).
 *
 *	postcask user recover ADDRESS --list [--since TIME] [--json]
 *	postcask user recover ADDRESS --all [--since TIME] [--json] */
#include "command/command_recover.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/json_file.h"
#include "base/login.h"
#include "base/when.h"
#include "command/command.h"
#include "command/print.h"
#include "recover/recover.h"

static const char usage[] =
    "usage: postcask user recover ADDRESS --list|--all [--since TIME] [--json]\n"
    "Lists the mail that a person deleted (--list), or puts it back into the folder " RECOVER_INTO
    "\n(--all); TIME is such as 2h ago, yesterday or 2027-01-31 10:00.\n";

static int fail(const struct error *error)
{
	error_print(error);
	return COMMAND_FAILED;
}

static void print_one(const json_t *one)
{
	char when[PRINT_WHEN];

	printf("%s  %8lld bytes  %s\n    %s\n", print_when(json_number(one, "deleted"), when),
	       json_number(one, "size"), json_text(one, "from"), json_text(one, "subject"));
}

static int show(const json_t *list, bool json, const char *done)
{
	const json_t *one;
	size_t i;

	if (json)
		return command_print(list, JSON_INDENT(1));
	if (!done)
		json_array_foreach(list, i, one) print_one(one);
	printf("%zu message%s%s\n", json_array_size(list), json_array_size(list) == 1 ? "" : "s",
	       done ? done : " can be had back");
	return command_print_text("");
}

static int take_since(const char *text, long long *ret, struct error *error)
{
	uint64_t time_us = 0;
	int result = text ? when_parse(text, time(NULL), &time_us, error) : 0;

	*ret = (long long)(time_us / 1000000);
	return result;
}

static int is_on(struct error *error)
{
	struct recover_config config;
	int result = recover_config_load(RECOVER_CONFIG, &config, error);

	if (result == 0 && !config.days)
		return error_set(error, ENOENT,
				 "deleted mail is not kept here; mailboxes.recover_days in the "
				 "settings does that");
	return result;
}

int command_user_recover(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *list = NULL;
	_cleanup_free_ char *login = NULL;
	bool only_list = false, all = false, json = false;
	const char *since_text = NULL;
	const struct command_option options[] = {{"list", .on = &only_list},
						 {"all", .on = &all},
						 {"since", .value = &since_text},
						 {"json", .on = &json}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 1, 1);
	long long since;

	if (status != COMMAND_GO_ON)
		return status;
	if (only_list == all)
		return command_usage(usage);
	if (is_on(&error) < 0 || take_since(since_text, &since, &error) < 0 ||
	    login_find(argv[optind], &login, &error) < 0 ||
	    recover_list(login, since, &list, &error) < 0)
		return fail(&error);
	if (only_list)
		return show(list, json, NULL);
	if (json_array_size(list) > 0 && recover_back(login, since, &error) < 0)
		return fail(&error);
	return show(list, json, " back in the folder " RECOVER_INTO);
}
