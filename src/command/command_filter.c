// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask user filter: what the filter does for one person, or by default for all of a domain; see
 * postcask-directory(8).
 *
 *	postcask user filter ADDRESS|@DOMAIN [--mark N] [--hold N] [--spam on|off] [--banned on|off]
 *		[--allow SENDERS] [--block SENDERS] [--remove SENDERS] [--default] [--json] */
#include "command/command_filter.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_file.h"
#include "base/options.h"
#include "command/accounts.h"
#include "command/csv.h"
#include "command/print.h"

static const char usage[] =
    "usage: postcask user filter ADDRESS|@DOMAIN [--mark N] [--hold N] [--spam on|off]\n"
    "           [--banned on|off] [--allow SENDERS] [--block SENDERS] [--remove SENDERS]\n"
    "           [--default] [--json]\n"
    "Says what the filter does for a person, or changes it; with @DOMAIN, for all of that domain\n"
    "who have nothing of their own.  From the score --mark on a message is spam, from --hold on "
    "it\n"
    "is kept in quarantine; \"default\" for a value makes it as everybody's, and --default all of\n"
    "them.  SENDERS are addresses, @DOMAIN, or @.DOMAIN for all domains below it too, with commas\n"
    "between them.  Who is allowed is no spam while DKIM, SPF or DMARC proves him; viruses are "
    "kept\n"
    "from everybody.\n";

struct options {
	int json, all;
	const char *values[4];
	const char *senders[3];
};

static const char *const keys[] = {"mark", "hold", "spam", "banned"};
static const char *const lists[] = {"allow", "block", "remove"};

static bool is_choice(size_t key)
{
	return key >= 2;
}

/* ---- Shown ---- */

static void print_level(const json_t *filter, const char *key, const char *text)
{
	if (json_text(filter, key)[0])
		printf("    %s from %s on\n", text, json_text(filter, key));
}

static void print_senders(const json_t *filter, const char *key, const char *text)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(filter, key), i, one)
	    printf("    %s %s\n", text, json_string_value(one));
}

void filter_print(const json_t *filter)
{
	const json_t *spam = json_object_get(filter, "spam");
	const json_t *banned = json_object_get(filter, "banned");

	print_level(filter, "mark", "spam is what scores");
	print_level(filter, "hold", "kept in quarantine is what scores");
	if (spam)
		puts(json_is_true(spam) ? "    spam is looked for"
					: "    nothing is spam but what is blocked");
	if (banned)
		puts(json_is_true(banned) ? "    attachments that are not wanted are kept away"
					  : "    attachments that are not wanted are let in");
	print_senders(filter, "allow", "allows");
	print_senders(filter, "block", "blocks");
}

static int print_answer(const json_t *answer, int json)
{
	const json_t *filter = json_object_get(answer, "filter");
	const char *origin = json_text(filter, "origin");

	if (json)
		return command_print(filter, JSON_INDENT(1));
	printf("%s: %s%s\n", json_text(answer, "address"),
	       json_object_size(filter) ? "the filter" : "as for everybody",
	       strcmp(origin, "settings") == 0		      ? ", of the settings"
	       : !origin[0] || strcmp(origin, "command") == 0 ? ""
							      : ", of the directory");
	filter_print(filter);
	return command_print_text("");
}

/* ---- Changes ---- */

/* NULL for "default", and for what is neither on nor off. */
static json_t *choice_of(const char *text)
{
	return strcmp(text, "on") == 0	  ? json_true()
	       : strcmp(text, "off") == 0 ? json_false()
					  : NULL;
}

static int add_value(json_t *question, size_t key, const char *text, struct error *error)
{
	json_t *value = is_choice(key) ? choice_of(text) : json_string(text);

	if (strcmp(text, "default") == 0) {
		json_decref(value);
		value = json_null();
	}
	if (!value)
		return error_set(error, EINVAL,
				 is_choice(key) ? "--%s: write on, off or default"
						: "--%s: a number is UTF-8",
				 keys[key]);
	json_object_set_new(question, keys[key], value);
	return 0;
}

/* Words between commas and blanks. */
static json_t *senders_of(const char *text)
{
	json_t *list = json_array();

	for (size_t size; *text; text += size) {
		text += strspn(text, ", ");
		size = strcspn(text, ", ");
		if (size && json_array_append_new(list, json_stringn(text, size)) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static int add_senders(json_t *question, const char *key, const char *text, struct error *error)
{
	json_t *list = senders_of(text);

	if (json_array_size(list) == 0) {
		json_decref(list);
		return error_set(error, EINVAL,
				 "--%s: write senders, as partner@example.com,@shop.example", key);
	}
	json_object_set_new(question, key, list);
	return 0;
}

/* *ret_change: whether there is one. */
static int fill(const struct options *options, json_t *question, bool *ret_change,
		struct error *error)
{
	int result = 0;

	if (options->all)
		json_object_set_new(question, "default", json_true());
	*ret_change = options->all;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		*ret_change = *ret_change || options->values[i];
		if (result == 0 && options->values[i])
			result = add_value(question, i, options->values[i], error);
	}
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		*ret_change = *ret_change || options->senders[i];
		if (result == 0 && options->senders[i])
			result = add_senders(question, lists[i], options->senders[i], error);
	}
	return result;
}

static int run(const struct options *options, const char *address)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	json_t *question = json_pack("{s:s, s:s}", "who", accounts_who(), "address", address);
	bool change = false;
	int result = question ? fill(options, question, &change, &error)
			      : error_set(&error, EINVAL, "an address is UTF-8");

	if (result < 0) {
		json_decref(question);
		return accounts_fail(&error);
	}
	json_object_set_new(question, "do", json_string(change ? "filter-set" : "filter-show"));
	if (accounts_ask(question, &answer, &error) < 0)
		return accounts_fail(&error);
	return print_answer(answer, options->json);
}

int command_user_filter(int argc, char **argv)
{
	struct options options = {0};
	const struct command_option table[] = {
	    {"json", .flag = &options.json, .set = 1}, {"default", .flag = &options.all, .set = 1},
	    {"mark", .value = &options.values[0]},     {"hold", .value = &options.values[1]},
	    {"spam", .value = &options.values[2]},     {"banned", .value = &options.values[3]},
	    {"allow", .value = &options.senders[0]},   {"block", .value = &options.senders[1]},
	    {"remove", .value = &options.senders[2]},
	};
	int status = COMMAND_OPTIONS(argc, argv, table, usage, 1, 1);

	return status != COMMAND_GO_ON ? status : run(&options, argv[optind]);
}

/* ---- Tables ---- */

void filter_write_columns(FILE *stream, const json_t *filter, bool last)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const json_t *value = json_object_get(filter, keys[i]);

		csv_write(stream,
			  json_is_true(value)	 ? "on"
			  : json_is_false(value) ? "off"
						 : json_text(filter, keys[i]),
			  false);
	}
	for (size_t i = 0; i < 2; i++) {
		_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
		const json_t *one;
		size_t k;

		json_array_foreach(json_object_get(filter, lists[i]), k, one)
		    buffer_addf(&text, "%s%s", k ? " " : "", json_string_value(one));
		csv_write(stream, buffer_text(&text), last && i == 1);
	}
}

int filter_take_columns(json_t *row, struct error *error)
{
	_cleanup_json_ json_t *filter = json_object();
	int result = 0;

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(keys); i++) {
		if (json_text(row, keys[i])[0])
			result = add_value(filter, i, json_text(row, keys[i]), error);
		if (json_is_null(json_object_get(filter, keys[i])))
			json_object_del(filter, keys[i]);
		json_object_del(row, keys[i]);
	}
	for (size_t i = 0; result == 0 && i < 2; i++) {
		if (json_text(row, lists[i])[0])
			result = add_senders(filter, lists[i], json_text(row, lists[i]), error);
		json_object_del(row, lists[i]);
	}
	if (result == 0 && json_object_size(filter))
		json_object_set(row, "filter", filter);
	return result;
}
