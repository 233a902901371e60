// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask alias: aliases that are made by command; see postcask-directory(8).
 *
 *	postcask alias add ADDRESS TARGET... [--who WHO,...]
 *	postcask alias set ADDRESS [TARGET...] [--who WHO,...]
 *	postcask alias remove ADDRESS
 *	postcask alias list [DOMAIN] [--json], show ADDRESS [--json]
 *	postcask alias import FILE [--dry-run], export [DOMAIN] */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/json_file.h"
#include "base/slice.h"
#include "command/accounts.h"
#include "command/command.h"
#include "command/csv.h"
#include "command/print.h"
#include "command/words.h"

static const char usage[] =
    "usage: postcask alias add ADDRESS TARGET... [--who WHO,...]\n"
    "       postcask alias set ADDRESS [TARGET...] [--who WHO,...]\n"
    "       postcask alias remove ADDRESS\n"
    "       postcask alias list [DOMAIN] [--json]\n"
    "       postcask alias show ADDRESS [--json]\n"
    "       postcask alias import FILE [--dry-run]\n"
    "       postcask alias export [DOMAIN]\n"
    "Keeps aliases beside those of the settings: addresses without a mailbox, whose mail goes to\n"
    "each TARGET.  WHO may write to it: anyone, or domain for who logs in with an address in its\n"
    "domain, members for those it leads to, and addresses or domains of this machine.  FILE is "
    "CSV\n"
    "with the columns address, to and who, whose addresses have blanks between them; - is "
    "standard\n"
    "input.  All of it is taken, or nothing.\n";

#define WANTED "/etc/postcask/wanted/policy" /* not empty: postcask-policy runs */

struct options {
	int json, dry;
	const char *who;
	int count; /* of words */
	char **words;
};

/* ---- Changes ---- */

/* Who may write is asked of postcask-policy, without which mail for the alias would wait. */
static int check_asked(const json_t *question, struct error *error)
{
	const json_t *who = json_object_get(question, "writers");
	struct stat wanted;

	if (json_array_size(who) == 0 || json_has_text(who, "anyone") ||
	    (stat(WANTED, &wanted) == 0 && wanted.st_size > 0))
		return 0;
	return error_set(error, EINVAL,
			 "with this machine's settings nobody is asked who may write; write the "
			 "alias with its `who` in the settings");
}

/* NULL if it is no UTF-8. */
static json_t *make_question(const struct options *options, const char *verb)
{
	_cleanup_json_ json_t *to = json_array();
	json_t *question = json_pack("{s:s, s:s, s:s}", "do", verb, "who", accounts_who(),
				     "address", options->words[0]);
	bool good = question;

	for (int i = 1; i < options->count; i++)
		good = good && json_array_append_new(to, json_string(options->words[i])) == 0;
	if (good && options->count > 1)
		good = json_object_set(question, "to", to) == 0;
	if (good && options->who)
		good = json_object_set_new(question, "writers", words_split(options->who)) == 0;
	if (good)
		return question;
	json_decref(question);
	return NULL;
}

static int run_put(const struct options *options, const char *verb, const char *done)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	json_t *question = make_question(options, verb);
	int result = check_asked(question, &error);

	if (result == 0 && question && options->who &&
	    json_array_size(json_object_get(question, "writers")) == 0)
		result =
		    error_set(&error, EINVAL, "--who says nobody; write anyone, or who may write");
	if (result < 0) {
		json_decref(question);
		return accounts_fail(&error);
	}
	if (accounts_ask(question, &answer, &error) < 0)
		return accounts_fail(&error);
	printf("%s %s\n", options->words[0], done);
	return command_print_text("");
}

static int run_add(const struct options *options)
{
	return run_put(options, "alias-add", "is an alias");
}

static int run_set(const struct options *options)
{
	return run_put(options, "alias-set", "is changed");
}

static int run_remove(const struct options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;

	if (accounts_ask(json_pack("{s:s, s:s, s:s}", "do", "alias-remove", "who", accounts_who(),
				   "address", options->words[0]),
			 &answer, &error) < 0)
		return accounts_fail(&error);
	printf("%s is no alias any more, and mail for it is refused\n", options->words[0]);
	return command_print_text("");
}

/* ---- Shown ---- */

static void print_alias(const json_t *alias)
{
	const json_t *one;
	size_t i;

	printf("%s%s\n", json_text(alias, "address"), accounts_origin(alias));
	json_array_foreach(json_object_get(alias, "to"), i, one)
	    printf("    %s\n", json_string_value(one));
	json_array_foreach(json_object_get(alias, "who"), i, one)
	    printf("    %s %s\n", i ? "and" : "for mail of", json_string_value(one));
	json_array_foreach(json_object_get(alias, "opens"), i, one)
	    printf("    anyone may write to it, and so reaches %s, which is not for anyone\n",
		   json_string_value(one));
}

static int ask_list(const struct options *options, json_t **ret_answer, struct error *error)
{
	return accounts_ask(json_pack("{s:s, s:s}", "do", "alias-list", "domain",
				      options->count ? options->words[0] : ""),
			    ret_answer, error);
}

static int run_list(const struct options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	const json_t *one;
	size_t i;

	if (ask_list(options, &answer, &error) < 0)
		return accounts_fail(&error);
	if (options->json)
		return command_print(answer, JSON_INDENT(1));
	json_array_foreach(json_object_get(answer, "aliases"), i, one) print_alias(one);
	return command_print_text("");
}

static int run_show(const struct options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	const json_t *alias;

	if (accounts_ask(json_pack("{s:s, s:s}", "do", "alias-show", "address", options->words[0]),
			 &answer, &error) < 0)
		return accounts_fail(&error);
	alias = json_object_get(answer, "alias");
	if (options->json)
		return command_print(alias, JSON_INDENT(1));
	print_alias(alias);
	return command_print_text("");
}

/* ---- Tables ---- */

static int take_row(json_t *row, struct error *error)
{
	json_object_set_new(row, "to", words_split(json_text(row, "to")));
	json_object_set_new(row, "writers", words_split(json_text(row, "who")));
	return check_asked(row, error);
}

static int run_import(const struct options *options)
{
	static const char *const columns[] = {"address", "to", "who", NULL};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *rows = NULL, *answer = NULL;
	json_t *row;
	size_t i;
	int result = accounts_table(options->words[0], columns, &rows, &error);

	json_array_foreach(rows, i, row)
	{
		if (result == 0)
			result = take_row(row, &error);
	}
	if (result == 0)
		result = accounts_ask(json_pack("{s:s, s:s, s:s, s:O, s:b}", "do", "alias-import",
						"who", accounts_who(), "file", options->words[0],
						"aliases", rows, "dry", options->dry),
				      &answer, &error);
	if (result < 0)
		return accounts_fail_import(&error);
	printf("%zu alias%s %s\n", json_array_size(rows), json_array_size(rows) == 1 ? "" : "es",
	       options->dry ? "would be imported" : "imported");
	return command_print_text("");
}

static int run_export(const struct options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	const json_t *alias;
	size_t i;

	if (ask_list(options, &answer, &error) < 0)
		return accounts_fail(&error);
	puts("address,to,who");
	json_array_foreach(json_object_get(answer, "aliases"), i, alias)
	{
		csv_write(stdout, json_text(alias, "address"), false);
		words_write(json_object_get(alias, "to"), false);
		words_write(json_object_get(alias, "who"), true);
	}
	return command_print_text("");
}

/* ---- The command ---- */

static const struct verb {
	const char *name;
	int least, most; /* words behind it */
	int (*run)(const struct options *options);
} verbs[] = {{"add", 2, 1001, run_add},	  {"set", 1, 1001, run_set}, {"remove", 1, 1, run_remove},
	     {"list", 0, 1, run_list},	  {"show", 1, 1, run_show},  {"import", 1, 1, run_import},
	     {"export", 0, 1, run_export}};

int command_alias(int argc, char **argv)
{
	struct options options = {0};
	const struct command_option table[] = {{"json", .flag = &options.json, .set = 1},
					       {"dry-run", .flag = &options.dry, .set = 1},
					       {"who", .value = &options.who}};
	int status = COMMAND_OPTIONS(argc, argv, table, usage, 1, 1002);

	if (status != COMMAND_GO_ON)
		return status;
	if (!command_is_root("this is root's to know and change; run it as root"))
		return COMMAND_FAILED;
	signal(SIGPIPE, SIG_IGN);
	options.count = argc - optind - 1;
	options.words = argv + optind + 1;
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, argv[optind]) == 0 && options.count >= verbs[i].least &&
		    options.count <= verbs[i].most)
			return verbs[i].run(&options);
	return command_usage(usage);
}
