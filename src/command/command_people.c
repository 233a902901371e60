// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask user: people who are made by command; see postcask-directory(8).
 *
 *	postcask user add ADDRESS [--hashed] [VALUE...]
 *	postcask user set ADDRESS VALUE...
 *	postcask user passwd ADDRESS [--hashed]
 *	postcask user disable|enable|remove ADDRESS
 *	postcask user list [DOMAIN] [--json], show ADDRESS [--json]
 *	postcask user import FILE [--dry-run], export [DOMAIN] [--hashes] */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_file.h"
#include "base/options.h"
#include "command/accounts.h"
#include "command/command_filter.h"
#include "command/csv.h"
#include "command/people_values.h"
#include "command/print.h"
#include "vacation/vacation.h"

static const char usage[] =
    "usage: postcask user add ADDRESS [--hashed] [VALUE...]\n"
    "       postcask user set ADDRESS VALUE...\n"
    "       postcask user passwd ADDRESS [--hashed]\n"
    "       postcask user disable|enable|remove ADDRESS\n"
    "       postcask user list [DOMAIN] [--json]\n"
    "       postcask user show ADDRESS [--json]\n"
    "       postcask user import FILE [--dry-run]\n"
    "       postcask user export [DOMAIN] [--hashes]\n"
    "Keeps users beside those of the settings.  The password is asked for, or read from standard\n"
    "input; with --hashed it is a hash already ($y$, $6$, $2b$, argon2id).  SIZE is such as 500MB\n"
    "or 10GB, and 0 no limit.  FILE is CSV with the columns address, password_hash, name, quota,\n"
    "messages, format, forward, keep, language, may_send_as and may_send_for, and the filter's "
    "mark, "
    "hold,\n"
    "spam, banned, allow and block; - is standard input; all of it is taken, or nothing.\n"
    "A VALUE is one of\n"
    "  --name NAME, --quota SIZE, --messages N\n"
    "  --forward ADDRESS,...  where the mail goes on; none\n"
    "  --keep yes|no          does a copy of it stay in the mailbox? (yes)\n"
    "  --language TAG         such as de or en-GB; none\n"
    "  --may-send-as ADDRESS,...   all the other addresses that he may send as; none\n"
    "  --may-send-for ADDRESS,...  on behalf of whom he may send, by Sender; none\n";

struct options {
	int json, hashed, dry, hashes;
	const char *name, *quota, *messages;
	struct people_values values;
};

/* ---- Changes ---- */

static int add_values(const struct options *options, json_t *question, struct error *error)
{
	int result =
	    accounts_values(question, options->name, options->quota, options->messages, error);

	return result < 0 ? result : people_values_add(&options->values, question, error);
}

static int run_change(const struct options *options, const char *verb, const char *address,
		      bool password)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	json_t *question =
	    json_pack("{s:s, s:s, s:s}", "do", verb, "who", accounts_who(), "address", address);
	char *hash = NULL;
	int result = question ? add_values(options, question, &error)
			      : error_set(&error, EINVAL, "an address is UTF-8");

	if (result == 0 && password)
		result = accounts_password(address, options->hashed, &hash, &error);
	if (result == 0 && hash)
		json_object_set_new(question, "hash", json_string(hash));
	if (hash)
		explicit_bzero(hash, strlen(hash));
	free(hash);
	if (result < 0) {
		json_decref(question);
		return accounts_fail(&error);
	}
	return accounts_ask(question, &answer, &error) < 0 ? accounts_fail(&error) : COMMAND_GOOD;
}

static int run_add(const struct options *options, const char *address)
{
	int status = run_change(options, "user-add", address, true);

	if (status == COMMAND_GOOD)
		printf("%s has a mailbox, and logs in with the whole address\n", address);
	return status;
}

static int run_set(const struct options *options, const char *address)
{
	int status = run_change(options, "user-set", address, false);

	if (status == COMMAND_GOOD)
		printf("%s is changed\n", address);
	return status;
}

static int run_passwd(const struct options *options, const char *address)
{
	int status = run_change(options, "user-set", address, true);

	if (status == COMMAND_GOOD)
		printf("%s logs in with the new password; sessions that are open go on until they "
		       "end\n",
		       address);
	return status;
}

static int run_enabled(const char *address, bool enabled)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;

	if (accounts_ask(json_pack("{s:s, s:s, s:s, s:b}", "do", "user-set", "who", accounts_who(),
				   "address", address, "enabled", enabled),
			 &answer, &error) < 0)
		return accounts_fail(&error);
	if (!enabled)
		accounts_kick(address);
	printf(enabled ? "%s may log in\n"
		       : "%s is logged out and may not log in; the mailbox takes mail as ever\n",
	       address);
	return COMMAND_GOOD;
}

static int run_disable(const struct options *options _unused_, const char *address)
{
	return run_enabled(address, false);
}

static int run_enable(const struct options *options _unused_, const char *address)
{
	return run_enabled(address, true);
}

/* Nobody is answered for who is not here. */
static void forget_vacation(const char *address)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *login = strdup(address);
	struct vacation_owner owner;
	int result = login ? vacation_split(login, &owner, &error) : -ENOMEM;

	if (result == 0)
		result = vacation_remove(VACATION_FOLDER, &owner, &error);
	if (result < 0 && result != -ENOENT)
		error_print(&error);
}

static int run_remove(const struct options *options _unused_, const char *address)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	const json_t *one;
	size_t i;

	if (accounts_ask(json_pack("{s:s, s:s, s:s}", "do", "user-remove", "who", accounts_who(),
				   "address", address),
			 &answer, &error) < 0)
		return accounts_fail(&error);
	address = json_text(answer, "address");
	accounts_kick(address);
	forget_vacation(address);
	printf(
	    "%s is no user any more; the mail that came so far is kept (postcask user list), and "
	    "new mail is refused\n",
	    address);
	json_array_foreach(json_object_get(answer, "aliases"), i, one)
	    printf("%s still leads there; let it lead elsewhere (postcask alias set)\n",
		   json_string_value(one));
	return command_print_text("");
}

/* ---- Shown ---- */

static int ask_list(const char *domain, bool hashes, json_t **ret_answer, struct error *error)
{
	return accounts_ask(json_pack("{s:s, s:s, s:b}", "do", "user-list", "domain",
				      domain ? domain : "", "hashes", hashes),
			    ret_answer, error);
}

static int run_list(const struct options *options, const char *domain)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	const json_t *one;
	char when[PRINT_WHEN];
	size_t i;

	if (ask_list(domain, false, &answer, &error) < 0)
		return accounts_fail(&error);
	if (options->json)
		return command_print(answer, JSON_INDENT(1));
	json_array_foreach(json_object_get(answer, "users"), i, one) accounts_print(one);
	json_array_foreach(json_object_get(answer, "gone"), i, one)
	{
		if (!domain)
			printf("%s  removed %s, mail kept\n", json_text(one, "address"),
			       print_when(json_number(one, "since"), when));
	}
	return command_print_text("");
}

static int run_show(const struct options *options, const char *address)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	const json_t *user, *one;
	size_t i;

	if (accounts_ask(json_pack("{s:s, s:s}", "do", "user-show", "address", address), &answer,
			 &error) < 0)
		return accounts_fail(&error);
	user = json_object_get(answer, "user");
	if (options->json)
		return command_print(user, JSON_INDENT(1));
	accounts_print(user);
	people_values_print(user);
	if (json_is_true(json_object_get(user, "factor")))
		printf("    has a second factor, and app passwords for his programs\n");
	filter_print(json_object_get(user, "filter"));
	json_array_foreach(json_object_get(user, "aliases"), i, one)
	    printf("    also gets mail for %s\n", json_string_value(one));
	json_array_foreach(json_object_get(user, "shared"), i, one)
	    printf("    shares %s (%s)\n", json_text(one, "address"), json_text(one, "role"));
	return command_print_text("");
}

/* ---- Tables ---- */

static int take_row(json_t *row, const char *path, struct error *error)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	const char *quota = json_text(row, "quota");
	const char *messages = json_text(row, "messages");
	struct options options = {.quota = quota[0] ? quota : NULL,
				  .messages = messages[0] ? messages : NULL};
	json_t *hash = json_object_get(row, "password_hash");

	if (add_values(&options, row, &why) < 0 || people_values_take(row, &why) < 0 ||
	    filter_take_columns(row, &why) < 0)
		return error_set(error, EINVAL, "%s:%lld: %s", path, json_number(row, "line"),
				 error_text(&why));
	json_object_set(row, "hash", hash);
	json_object_del(row, "password_hash");
	return 0;
}

static int run_import(const struct options *options, const char *path)
{
	static const char *const columns[] = {
	    "address", "password_hash",	      "name",	      "quota", "messages",
	    "format",  PEOPLE_VALUES_COLUMNS, FILTER_COLUMNS, NULL};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *rows = NULL, *answer = NULL;
	json_t *row;
	size_t i;
	int result = accounts_table(path, columns, &rows, &error);

	json_array_foreach(rows, i, row)
	{
		if (result == 0)
			result = take_row(row, path, &error);
	}
	if (result == 0)
		result = accounts_ask(json_pack("{s:s, s:s, s:s, s:O, s:b}", "do", "user-import",
						"who", accounts_who(), "file", path, "users", rows,
						"dry", options->dry),
				      &answer, &error);
	if (result < 0)
		return accounts_fail_import(&error);
	printf("%zu user%s %s\n", json_array_size(rows), json_array_size(rows) == 1 ? "" : "s",
	       options->dry ? "would be imported" : "imported");
	return command_print_text("");
}

static void write_row(const json_t *user, bool hashes)
{
	char number[32];

	csv_write(stdout, json_text(user, "address"), false);
	csv_write(stdout, json_text(user, "name"), false);
	snprintf(number, sizeof(number), "%lld%s", json_number(user, "quota_mib"),
		 json_number(user, "quota_mib") ? "MB" : "");
	csv_write(stdout, number, false);
	snprintf(number, sizeof(number), "%lld", json_number(user, "quota_messages"));
	csv_write(stdout, number, false);
	csv_write(stdout, json_text(user, "format"), false);
	people_values_write(user);
	filter_write_columns(stdout, json_object_get(user, "filter"), !hashes);
	if (hashes)
		csv_write(stdout, json_text(user, "hash"), true);
}

static int run_export(const struct options *options, const char *domain)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	const json_t *one;
	size_t i;

	if (ask_list(domain, options->hashes, &answer, &error) < 0)
		return accounts_fail(&error);
	printf("address,name,quota,messages,format," PEOPLE_VALUES_HEAD
	       ",mark,hold,spam,banned,allow,block%s\n",
	       options->hashes ? ",password_hash" : "");
	json_array_foreach(json_object_get(answer, "users"), i, one)
	    write_row(one, options->hashes);
	return command_print_text("");
}

/* ---- The command ---- */

static const struct verb {
	const char *name;
	bool word; /* ADDRESS or FILE, which must be there */
	int (*run)(const struct options *options, const char *word);
} verbs[] = {{"add", true, run_add},	   {"set", true, run_set},
	     {"passwd", true, run_passwd}, {"disable", true, run_disable},
	     {"enable", true, run_enable}, {"remove", true, run_remove},
	     {"list", false, run_list},	   {"show", true, run_show},
	     {"import", true, run_import}, {"export", false, run_export}};

int command_people(int argc, char **argv)
{
	struct options options = {0};
	const struct command_option table[] = {
	    {"json", .flag = &options.json, .set = 1},
	    {"hashed", .flag = &options.hashed, .set = 1},
	    {"dry-run", .flag = &options.dry, .set = 1},
	    {"hashes", .flag = &options.hashes, .set = 1},
	    {"name", .value = &options.name},
	    {"quota", .value = &options.quota},
	    {"messages", .value = &options.messages},
	    {"forward", .value = &options.values.forward},
	    {"keep", .value = &options.values.keep},
	    {"language", .value = &options.values.language},
	    {"may-send-as", .value = &options.values.send_as},
	    {"may-send-for", .value = &options.values.send_for},
	};
	int status = COMMAND_OPTIONS(argc, argv, table, usage, 0, 1);
	const char *word;

	if (status != COMMAND_GO_ON)
		return status;
	word = optind < argc ? argv[optind] : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, argv[0]) == 0 && (word || !verbs[i].word))
			return verbs[i].run(&options, word);
	return command_usage(usage);
}
