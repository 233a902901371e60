// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask directory: what the directory server or the database says of people, and what is to be
 * decided of it; * see postcask-mirror(8). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"
#include "base/options.h"
#include "command/accounts.h"
#include "command/command.h"
#include "command/print.h"
#include "directory/directory.h"
#include "rules/rules.h"

static const char usage[] =
    "usage: postcask directory [--json]\n"
    "       postcask directory accept\n"
    "Shows when the directory server or the database was last read, and what is wrong with it.\n"
    "accept takes what it says now, though more than a fifth of the addresses that were there are\n"
    "gone: once, and for no more than were missing when it was refused.\n";

static int accept_it(void)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;

	if (accounts_ask(json_pack("{s:s, s:s}", "do", "mirror-accept", "who", accounts_who()),
			 &answer, &error) < 0)
		return accounts_fail(&error);
	printf("%lld addresses may go when it is read next; mail stays\n",
	       json_number(answer, "gone"));
	return command_print_text("");
}

/* Delivery rules that Sieve did not take; where there are none, there is no file. */
static json_t *refused_rules(void)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	json_t *list = NULL;

	if (json_file_read(RULES_REFUSED, JSON_FILE_LIMIT, JSON_FILE_FOREIGN | JSON_FILE_LIST,
			   &list, &none) < 0)
		list = json_array();
	return list;
}

static void print_refused(const json_t *list)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one) printf("delivery rules of %s: %s; those of before stay\n",
						json_text(one, "address"), json_text(one, "why"));
}

static void print_mirror(const json_t *mirror)
{
	long long good = json_number(mirror, "good");
	char when[PRINT_WHEN];
	const json_t *one;
	size_t i;

	if (good > 0)
		printf("last read %s\n", print_when(good, when));
	else
		printf("not read yet\n");
	if (json_is_true(json_object_get(mirror, "behind")))
		printf("%lld recipients of the server behind, ", json_number(mirror, "people"));
	else
		printf("%lld users, %lld aliases, ", json_number(mirror, "people"),
		       json_number(mirror, "aliases"));
	printf("%lld left out\n", json_number(mirror, "left_out"));
	json_array_foreach(json_object_get(mirror, "doubles"), i, one)
	    printf("somebody else has %s\n", json_string_value(one));
	if (json_object_get(mirror, "moved"))
		printf("%lld of this machine were the same there, and are its own now\n",
		       json_number(mirror, "moved"));
	json_array_foreach(json_object_get(mirror, "differs"), i, one)
	    printf("stays here, as something differs: %s\n", json_string_value(one));
	if (json_text(mirror, "fault")[0])
		printf("%s\n", json_text(mirror, "fault"));
}

static int show(int json)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *report = NULL, *refused = NULL;
	json_t *mirror;

	if (json_file_read(DIRECTORY_REPORT, JSON_FILE_LIMIT, JSON_FILE_FOREIGN, &report, &error) <
	    0)
		return accounts_fail(&error);
	mirror = json_object_get(report, "mirror");
	if (!mirror) {
		error_set(&error, ENOENT,
			  "the settings have no directory server and no database "
			  "(authentication.backend)");
		return accounts_fail(&error);
	}
	refused = refused_rules();
	json_object_set(mirror, "rules_refused", refused);
	if (json)
		return json_print(mirror, JSON_INDENT(1), &error) < 0 ? accounts_fail(&error)
								      : COMMAND_GOOD;
	print_mirror(mirror);
	print_refused(refused);
	return command_print_text("");
}

int command_directory(int argc, char **argv)
{
	int json = 0;
	const struct command_option options[] = {{"json", .flag = &json, .set = 1}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 1);

	if (status != COMMAND_GO_ON)
		return status;
	if (optind == argc)
		return show(json);
	return strcmp(argv[optind], "accept") == 0 && !json ? accept_it() : command_usage(usage);
}
