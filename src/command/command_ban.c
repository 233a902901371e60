// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask ban: who is kept away for guessing passwords; see postcask(8).
 *
 *	postcask ban list [--json]
 *	postcask ban why ADDRESS [--json]
 *	postcask ban add ADDRESS [--for TIME] [--json]
 *	postcask ban remove ADDRESS|all [--json] */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"
#include "base/slice.h"
#include "command/command.h"
#include "command/print.h"
#include "guard/control.h"

struct options {
	int json;
	const char *for_; /* as written; NULL: as long as it is its turn */
	const char *address;
};

static const char usage[] = "usage: postcask ban list [--json]\n"
			    "       postcask ban why ADDRESS [--json]\n"
			    "       postcask ban add ADDRESS [--for TIME] [--json]\n"
			    "       postcask ban remove ADDRESS|all [--json]\n"
			    "TIME is a number and s, min, h or d: 90min, 7d.\n";

/* Asks, and says what went wrong; NULL then. */
static json_t *ask(json_t *question)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *asked = question;
	json_t *answer = NULL;

	if (control_ask(CONTROL_SOCKET, asked, &answer, &error) < 0)
		error_print(&error);
	return answer;
}

static int run_list(const struct options *options)
{
	_cleanup_json_ json_t *answer = NULL;
	const json_t *bans, *ban;
	char until[PRINT_WHEN];
	size_t i;

	if (options->address || options->for_)
		return COMMAND_USAGE;
	answer = ask(json_pack("{s:s}", "do", "list"));
	if (!answer)
		return COMMAND_FAILED;
	bans = json_object_get(answer, "bans");
	if (options->json)
		return command_print(bans, JSON_INDENT(1));
	json_array_foreach(bans, i, ban)
	    printf("%-24s until %s  %s\n", json_text(ban, "address"),
		   print_when(json_number(ban, "until"), until), json_text(ban, "reason"));
	return command_print_text("");
}

static void print_known(const json_t *known)
{
	const char *address = json_text(known, "address"), *never = json_text(known, "never");
	char since[PRINT_WHEN], until[PRINT_WHEN];

	if (json_is_true(json_object_get(known, "banned")))
		printf("%s is banned since %s, until %s: %s\n", address,
		       print_when(json_number(known, "since"), since),
		       print_when(json_number(known, "until"), until), json_text(known, "reason"));
	else
		printf("%s is not banned\n", address);
	if (never[0])
		printf("it never is: %s\n", never);
	if (json_number(known, "times") > 0)
		printf("bans, one after the other: %lld\n", json_number(known, "times"));
	printf("different things tried: %lld, of which count now %.1f, and %lld are too many\n",
	       json_number(known, "tries"), json_real_value(json_object_get(known, "points")),
	       json_number(known, "limit"));
	if (json_number(known, "good") > 0)
		printf("last login from there: %s\n",
		       print_when(json_number(known, "good"), since));
	if (!json_is_true(json_object_get(known, "banned")) && json_text(known, "reason")[0])
		printf("the last: %s\n", json_text(known, "reason"));
}

static int run_why(const struct options *options)
{
	_cleanup_json_ json_t *answer = NULL;

	if (!options->address || options->for_)
		return COMMAND_USAGE;
	answer = ask(json_pack("{s:s, s:s}", "do", "why", "address", options->address));
	if (!answer)
		return COMMAND_FAILED;
	if (options->json)
		return command_print(answer, JSON_INDENT(1));
	print_known(answer);
	return command_print_text("");
}

/* "90min" in seconds, 0 for what is none. */
static long long take_time(const char *text)
{
	static const struct {
		const char *name;
		long long seconds;
	} UNITS[] = {{"s", 1}, {"min", 60}, {"h", 60 * 60}, {"d", 24 * 60 * 60}};
	struct slice rest = slice_of(text);
	long long number;

	if (!slice_number(&rest, &number) || number > JUDGE_LONGEST_BY_HAND)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(UNITS); i++)
		if (slice_equal(slice_trim(rest), slice_of(UNITS[i].name)))
			return number * UNITS[i].seconds;
	return 0;
}

static int run_add(const struct options *options)
{
	long long seconds = options->for_ ? take_time(options->for_) : 0;
	_cleanup_json_ json_t *answer = NULL;
	char until[PRINT_WHEN];

	if (!options->address)
		return COMMAND_USAGE;
	if (options->for_ && seconds == 0) {
		fprintf(stderr, "postcask: %s is no length of time; write one such as 90min\n",
			options->for_);
		return COMMAND_USAGE;
	}
	answer = ask(json_pack("{s:s, s:s, s:I}", "do", "add", "address", options->address,
			       "seconds", (json_int_t)seconds));
	if (!answer)
		return COMMAND_FAILED;
	if (options->json)
		return command_print(answer, JSON_INDENT(1));
	printf("%s is banned until %s\n", json_text(answer, "address"),
	       print_when(json_number(answer, "until"), until));
	return command_print_text("");
}

static int run_remove(const struct options *options)
{
	_cleanup_json_ json_t *answer = NULL;

	if (!options->address || options->for_)
		return COMMAND_USAGE;
	answer = ask(json_pack("{s:s, s:s}", "do", "remove", "address", options->address));
	if (!answer)
		return COMMAND_FAILED;
	if (options->json)
		return command_print(answer, JSON_INDENT(1));
	printf("%lld removed\n", json_number(answer, "removed"));
	return command_print_text("");
}

int command_ban(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct options *options);
	} VERBS[] = {
	    {"list", run_list}, {"why", run_why}, {"add", run_add}, {"remove", run_remove}};
	struct options given = {.json = 0};
	const struct command_option options[] = {
	    {"json", .flag = &given.json, .set = 1},
	    {"for", .value = &given.for_},
	};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 1, 2);

	if (status != COMMAND_GO_ON)
		return status;
	given.address = argv[optind + 1]; /* NULL at their end */
	status = COMMAND_USAGE;
	for (size_t i = 0; i < ARRAY_SIZE(VERBS); i++)
		if (strcmp(argv[optind], VERBS[i].name) == 0)
			status = VERBS[i].run(&given);
	return status == COMMAND_USAGE ? command_usage(usage) : status;
}
