// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask mailbox: how people's mail is kept; see postcask-mailbox(8).
 *
 *	postcask mailbox list [ADDRESS...] [--domain DOMAIN] [--json]
 *	postcask mailbox convert ADDRESS...|--domain DOMAIN|--all --to FORMAT [--dry-run] [--json]
 *	postcask mailbox convert ADDRESS...|--domain DOMAIN|--all --forget */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"
#include "base/slice.h"
#include "command/accounts.h"
#include "command/command.h"
#include "command/print.h"
#include "mailbox/mailbox.h"

enum {
	PEOPLE = 1000,
	STATUS_MS = 60 * 1000,
	LIST_MS = 60 * 60 * 1000,
	FORGET_MS = 10 * 60 * 1000,
};

static const char usage[] =
    "usage: postcask mailbox list [ADDRESS...] [--domain DOMAIN] [--json]\n"
    "       postcask mailbox convert ADDRESS...|--domain DOMAIN|--all --to maildir|mdbox\n"
    "                                [--dry-run] [--json]\n"
    "       postcask mailbox convert ADDRESS...|--domain DOMAIN|--all --forget\n"
    "Shows how people's mail is kept, and gives it another format.  The mailbox that was is put\n"
    "aside and goes after 14 days, or with --forget at once.\n";

struct choices {
	const char *domain, *to;
	bool all, forget, dry, json;
};

/* ---- Who ---- */

static int ask_all(const char *domain, json_t **ret, struct error *error)
{
	_cleanup_json_ json_t *answer = NULL;
	int result =
	    accounts_ask(json_pack("{s:s, s:s}", "do", "user-list", "domain", domain ? domain : ""),
			 &answer, error);

	*ret = json_incref(json_object_get(answer, "users"));
	return result;
}

static int ask_some(char **addresses, int count, json_t **ret, struct error *error)
{
	_cleanup_json_ json_t *users = json_array();

	for (int i = 0; i < count; i++) {
		_cleanup_json_ json_t *answer = NULL;
		int result = accounts_ask(
		    json_pack("{s:s, s:s}", "do", "user-show", "address", addresses[i]), &answer,
		    error);

		if (result < 0)
			return result;
		json_array_append(users, json_object_get(answer, "user"));
	}
	*ret = TAKE_POINTER(users);
	return 0;
}

static int find_users(const struct choices *choices, char **addresses, int count, json_t **ret,
		      struct error *error)
{
	return count ? ask_some(addresses, count, ret, error)
		     : ask_all(choices->domain, ret, error);
}

/* ---- list ---- */

/* A mailbox that is not there yet is not made by being looked at. */
static int count_one(json_t *user, struct error *error)
{
	static const char *const words[] = {
	    "mailbox", "status", "--no-userdb-lookup", "-t", "messages vsize", "*", NULL};
	const struct mailbox_format *format = mailbox_format_find(json_text(user, "format"));
	const char *login = json_text(user, "address");
	_cleanup_free_ char *home = mailbox_home(login);
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	const struct mailbox_owner owner = {login, home};
	json_t *aside = json_array();
	struct slice rest, line;
	long long messages = 0, bytes = 0;
	bool there = false;
	int result;

	json_object_set_new(user, "aside", aside);
	if (!home || !format)
		return 0;
	result = mailbox_is_there(home, format, &there, error);
	if (result == 0 && there)
		result = mailbox_ask(&owner, format, words, STATUS_MS, &said, error);
	if (result < 0)
		return result;
	rest = (struct slice){buffer_text(&said), said.size};
	while (slice_until(&rest, SLICE("\n"), &line))
		if (slice_number(&line, &messages) && slice_skip(&line, SLICE("\t")))
			(void)slice_number(&line, &bytes);
	json_object_set_new(user, "messages", json_integer(messages));
	json_object_set_new(user, "bytes", json_integer(bytes));
	return mailbox_list_aside(home, aside, error);
}

static int count_all(void *context, json_t *said, struct error *error)
{
	json_t *user;
	size_t i;
	int result = 0;

	json_array_foreach(context, i, user)
	{
		if (result == 0)
			result = count_one(user, error);
	}
	json_object_set(said, "users", context);
	return result;
}

static void print_one(const json_t *user)
{
	const json_t *one;
	char when[PRINT_WHEN];
	size_t i;

	printf("%-40s %-8s %8lld messages %14lld bytes\n", json_text(user, "address"),
	       json_text(user, "format"), json_number(user, "messages"),
	       json_number(user, "bytes"));
	json_array_foreach(json_object_get(user, "aside"), i, one)
	    printf("    what was %s is kept until %s\n", json_text(one, "format"),
		   print_when(json_number(one, "until"), when));
}

static json_t *shown(const json_t *user)
{
	return json_pack("{s:O, s:O, s:I, s:I, s:O}", "address", json_object_get(user, "address"),
			 "format", json_object_get(user, "format"), "messages",
			 (json_int_t)json_number(user, "messages"), "bytes",
			 (json_int_t)json_number(user, "bytes"), "aside",
			 json_object_get(user, "aside"));
}

static int run_list(const struct choices *choices, char **addresses, int count)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *users = NULL, *said = NULL, *list = json_array();
	const json_t *user;
	size_t i;

	if (choices->to || choices->all || choices->forget || choices->dry ||
	    (count && choices->domain))
		return command_usage(usage);
	if (find_users(choices, addresses, count, &users, &error) < 0 ||
	    mailbox_as_owner(count_all, users, LIST_MS, &said, &error) < 0)
		return accounts_fail(&error);
	json_array_foreach(json_object_get(said, "users"), i, user)
	{
		if (choices->json)
			json_array_append_new(list, shown(user));
		else
			print_one(user);
	}
	return choices->json ? command_print(list, JSON_INDENT(1)) : command_print_text("");
}

/* ---- convert ---- */

static void print_converted(const json_t *done, bool dry)
{
	if (dry)
		printf("%s would become %s\n", json_text(done, "address"), json_text(done, "to"));
	else
		printf("%s is %s: %lld messages, %lld bytes, in %.1f s, of which others waited "
		       "%.1f s\n",
		       json_text(done, "address"), json_text(done, "to"),
		       json_number(done, "messages"), json_number(done, "bytes"),
		       json_real_value(json_object_get(done, "seconds")),
		       json_real_value(json_object_get(done, "paused_seconds")));
	fflush(stdout);
}

/* One is left as it was when it fails, and the others go on. */
static int convert_one(const json_t *user, const struct mailbox_format *to,
		       const struct choices *choices, json_t *list)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const struct mailbox_format *from = mailbox_format_find(json_text(user, "format"));
	const char *login = json_text(user, "address");
	_cleanup_json_ json_t *done = NULL;
	int result;

	if (!from)
		return COMMAND_FAILED;
	if (from == to) {
		/* One that was broken off at its very end. */
		if (!choices->dry &&
		    mailbox_tidy(login, &mailbox_formats[to == mailbox_formats], to, &error) < 0)
			return accounts_fail(&error);
		if (!choices->json)
			printf("%s is %s already\n", login, to->name);
		return COMMAND_GOOD;
	}
	result = mailbox_convert(login, from, to, accounts_who(), choices->dry, &done, &error);
	if (result < 0) {
		error_wrap(&error, "%s stays %s", login, from->name);
		return accounts_fail(&error);
	}
	if (choices->json)
		json_array_append(list, done);
	else
		print_converted(done, choices->dry);
	return COMMAND_GOOD;
}

static int forget_all(void *context, json_t *said, struct error *error)
{
	const json_t *user;
	json_int_t sum = 0;
	size_t i;

	json_array_foreach(context, i, user)
	{
		_cleanup_free_ char *home = mailbox_home(json_text(user, "address"));
		unsigned count = 0;
		int result = home ? mailbox_forget(home, time(NULL) + 1, &count, error) : 0;

		if (result < 0)
			return result;
		sum += count;
	}
	json_object_set_new(said, "count", json_integer(sum));
	return 0;
}

static int run_forget(json_t *users)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *said = NULL;

	if (mailbox_as_owner(forget_all, users, FORGET_MS, &said, &error) < 0)
		return accounts_fail(&error);
	printf("%lld that were put aside are removed\n", json_number(said, "count"));
	return command_print_text("");
}

static int run_convert(const struct choices *choices, char **addresses, int count)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *users = NULL, *list = json_array();
	const struct mailbox_format *to = choices->to ? mailbox_format_find(choices->to) : NULL;
	int status = COMMAND_GOOD;
	const json_t *user;
	size_t i;

	if ((count > 0) + (choices->domain != NULL) + choices->all != 1 ||
	    choices->forget == (choices->to != NULL))
		return command_usage(usage);
	if (choices->to && !to) {
		error_set(&error, EINVAL, "'%.40s' is no format; write maildir or mdbox",
			  choices->to);
		return accounts_fail(&error);
	}
	if (find_users(choices, addresses, count, &users, &error) < 0)
		return accounts_fail(&error);
	if (choices->forget)
		return run_forget(users);
	json_array_foreach(users, i, user)
	{
		if (convert_one(user, to, choices, list) != COMMAND_GOOD)
			status = COMMAND_FAILED;
	}
	if (choices->json && command_print(list, JSON_INDENT(1)) != COMMAND_GOOD)
		return COMMAND_FAILED;
	return status;
}

int command_mailbox(int argc, char **argv)
{
	struct choices c = {0};
	const struct command_option options[] = {
	    {"domain", .value = &c.domain}, {"to", .value = &c.to},    {"all", .on = &c.all},
	    {"forget", .on = &c.forget},    {"dry-run", .on = &c.dry}, {"json", .on = &c.json},
	};
	bool list = argc > 1 && strcmp(argv[1], "list") == 0;
	int status;

	signal(SIGPIPE, SIG_IGN);
	if (!list && !(argc > 1 && strcmp(argv[1], "convert") == 0))
		return command_options(argc, argv, NULL, 0, usage, 1, 0); /* no word but these */
	status = COMMAND_OPTIONS(argc - 1, argv + 1, options, usage, 0, PEOPLE);
	if (status != COMMAND_GO_ON)
		return status;
	if (!command_is_root("mailboxes are of an account of their own; run it as root"))
		return COMMAND_FAILED;
	return (list ? run_list : run_convert)(&c, argv + 1 + optind, argc - 1 - optind);
}
