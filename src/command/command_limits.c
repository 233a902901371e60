// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask limits: the limits of sending that are in force, and who is near or over one; see
 * postcask-policy(8). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "base/json_file.h"
#include "command/ask_policy.h"
#include "command/command.h"
#include "command/print.h"
#include "settings/published.h"

#define PUBLISHED "/run/postcask/" PUBLISHED_NAME

static const char usage[] = "usage: postcask limits [--json]\n"
			    "Shows the limits of sending, and who has used half of one or more.\n";

/* Those that Postfix has itself. */
static const struct {
	const char *key, *what;
} others[] = {{"message_size_mib", "MiB of a message"}, {"recipients", "recipients of a message"}};

static void add_others(json_t *answer)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_json_ json_t *settings = NULL;
	json_t *list = json_object_get(answer, "limits");

	if (json_file_read(PUBLISHED, JSON_FILE_LIMIT, 0, &settings, &none) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:I, s:[]}", "name", others[i].key, "what",
				    others[i].what, "most",
				    (json_int_t)json_number(json_object_get(settings, "limits"),
							    others[i].key),
				    "used"));
}

static void print_limit(const json_t *limit)
{
	long long most = json_number(limit, "most");
	const json_t *one;
	size_t i;

	if (most)
		printf("%8lld  %s (limits.%s)\n", most, json_text(limit, "what"),
		       json_text(limit, "name"));
	else
		printf("%8s  %s (limits.%s)\n", "none", json_text(limit, "what"),
		       json_text(limit, "name"));
	json_array_foreach(json_object_get(limit, "used"), i, one)
	    printf("          %lld of it: %s\n", json_number(one, "used"), json_text(one, "who"));
}

int command_limits(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	const json_t *limit;
	size_t i;
	int json = 0;
	const struct command_option options[] = {{"json", .flag = &json, .set = 1}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	signal(SIGPIPE, SIG_IGN); /* net/stream.h asks for it */
	if (!command_is_root("who sends how much is root's to know; run it as root"))
		return COMMAND_FAILED;
	if (ask_policy(&answer, &error, "limits") < 0) {
		error_print(&error);
		return COMMAND_FAILED;
	}
	add_others(answer);
	if (json)
		return command_print(answer, JSON_INDENT(1));
	json_array_foreach(json_object_get(answer, "limits"), i, limit) print_limit(limit);
	if (json_number(answer, "held"))
		printf("\n%lld held (postcask user held)\n", json_number(answer, "held"));
	return fflush(stdout) == EOF ? COMMAND_FAILED : COMMAND_GOOD;
}
