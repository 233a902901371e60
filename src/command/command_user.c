// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask user: people, their passwords, and whose sending is held; see postcask-directory(8) and
 * postcask-hold(8).
 *
 *	postcask user held [--json]	who is held, since when and why, and their messages
 *	postcask user release ADDRESS	lets the login send, and its messages go on
 *	postcask user app, main		command_app.c
 *	postcask user factor		command_factor.c
 *	postcask user filter		command_filter.c
 *	postcask user recover		command_recover.c
 *	postcask user takeover		command_takeover.c
 *	postcask user add and the rest	command_people.c */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/json_file.h"
#include "command/accounts.h"
#include "command/ask_policy.h"
#include "command/command.h"
#include "command/command_app.h"
#include "command/command_filter.h"
#include "command/command_recover.h"
#include "command/command_takeover.h"
#include "command/print.h"
#include "hold/hold.h"
#include "policy/limit_hold.h"
#include "queue/queue_hold.h"

enum { LOCK_MS = 60 * 1000 };

static const char usage[] =
    "usage: postcask user add|set|passwd|disable|enable|remove|show ADDRESS ...\n"
    "       postcask user list|import|export ...\n"
    "       postcask user takeover KIND PATH... ...\n"
    "       postcask user held [--json]\n"
    "       postcask user release ADDRESS\n"
    "       postcask user app add|list|revoke ...\n"
    "       postcask user factor add|confirm|codes|show|remove ADDRESS ...\n"
    "       postcask user main ADDRESS on|off\n"
    "       postcask user filter ADDRESS|@DOMAIN ...\n"
    "       postcask user recover ADDRESS --list|--all [--since TIME] [--json]\n"
    "Keeps users (postcask user add --help) and passwords of devices (postcask user app --help);\n"
    "takes over those of another mail server (postcask user takeover --help);\n"
    "shows whose sending is held (see limits.hold in the settings), and lets it go on;\n"
    "brings deleted mail back.\n";

static int fail(const struct error *error)
{
	error_print(error);
	return COMMAND_FAILED;
}

/* ---- Who is held ---- */

/* Those that the service holds, and those whose messages alone are still on hold. */
static int list_held(json_t **ret_list, struct error *error)
{
	_cleanup_json_ json_t *held = NULL, *kept = NULL;
	const json_t *one;
	size_t i;
	int result = keep_load(LIMIT_HOLD_FILE, true, &held, error);

	if (result == 0)
		result = keep_load(KEEP_FILE, false, &kept, error);
	if (result < 0)
		return result;
	json_array_foreach(kept, i, one)
	{
		if (!keep_find(held, json_text(one, "address")))
			keep_add(held, json_text(one, "address"), json_number(one, "since"));
	}
	json_array_foreach(held, i, one)
	{
		_cleanup_(buffer_free) struct buffer ids = BUFFER_INIT;
		const char *address = json_text(one, "address");
		json_t *list = json_array();
		struct slice rest, id;

		result = hold_list(keep_find(kept, address), address, &ids, error);
		rest = (struct slice){buffer_text(&ids), ids.size};
		while (slice_until(&rest, SLICE("\n"), &id))
			json_array_append_new(list, json_stringn(id.at, id.size));
		json_object_set_new((json_t *)one, "ids", list);
		if (result < 0)
			return result;
	}
	*ret_list = json_incref(held);
	return 0;
}

static void print_one(const json_t *one)
{
	const json_t *ids = json_object_get(one, "ids"), *id;
	time_t since = (time_t)json_number(one, "since");
	struct tm parts;
	char text[32] = "-";
	size_t i;

	if (gmtime_r(&since, &parts))
		strftime(text, sizeof(text), "%F %H:%M UTC", &parts);
	printf("%s  held since %s\n", json_text(one, "address"), text);
	if (json_text(one, "reason")[0])
		printf("    because   %s\n", limit_reason_sentence(json_text(one, "reason")));
	else
		printf("    because   it was released, and its messages were not yet\n");
	printf("    messages  %zu on hold\n", json_array_size(ids));
	json_array_foreach(ids, i, id) printf("        %s\n", json_string_value(id));
}

static int run_held(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *list = NULL;
	const json_t *one;
	size_t i;
	int json = 0;
	const struct command_option options[] = {{"json", .flag = &json, .set = 1}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if (list_held(&list, &error) < 0)
		return fail(&error);
	if (json)
		return command_print(list, JSON_INDENT(1));
	if (json_array_size(list) == 0)
		puts("nobody is held");
	json_array_foreach(list, i, one) print_one(one);
	return fflush(stdout) == EOF ? COMMAND_FAILED : COMMAND_GOOD;
}

/* ---- Release ---- */

/* With what was noted of it, which is forgotten when all is free. */
static int free_queue(const char *address, size_t *ret_count, struct error *error)
{
	_cleanup_(buffer_free) struct buffer ids = BUFFER_INIT;
	_cleanup_json_ json_t *kept = NULL;
	_cleanup_close_ int lock = -1;
	int result = file_lock(KEEP_LOCK, LOCK_MS, &lock, error);

	if (result == 0)
		result = keep_load(KEEP_FILE, false, &kept, error);
	if (result == 0)
		result = hold_list(keep_find(kept, address), address, &ids, error);
	if (result == 0)
		result = queue_hold(QUEUE_FREE, &ids, error);
	if (result < 0)
		return result;
	*ret_count = 0;
	for (size_t i = 0; i < ids.size; i++)
		*ret_count += ids.data[i] == '\n';
	if (!keep_find(kept, address))
		return 0;
	keep_remove(kept, address);
	return keep_save(KEEP_FILE, kept, error);
}

static int run_release(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *answer = NULL;
	_cleanup_free_ char *address = NULL;
	size_t count = 0;
	int status = command_options(argc, argv, NULL, 0, usage, 1, 1);

	if (status != COMMAND_GO_ON)
		return status;
	address = address_for_policy(argv[optind], &error);
	if (!address || ask_policy(&answer, &error, "release login=%s", address) < 0)
		return fail(&error);
	if (free_queue(address, &count, &error) < 0) {
		error_wrap(&error, "%s may send again, but its messages are still on hold",
			   address);
		return fail(&error);
	}
	if (!json_is_true(json_object_get(answer, "held")) && count == 0) {
		fprintf(stderr, "postcask: %s is not held; postcask user held lists who is\n",
			address);
		return COMMAND_FAILED;
	}
	printf("%s may send again; %zu message%s freed\n", address, count,
	       count == 1 ? " was" : "s were");
	return fflush(stdout) == EOF ? COMMAND_FAILED : COMMAND_GOOD;
}

int command_user(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} VERBS[] = {{"held", run_held},
		     {"release", run_release},
		     {"app", command_user_app},
		     {"factor", command_user_factor},
		     {"main", command_user_main},
		     {"filter", command_user_filter},
		     {"add", command_people},
		     {"set", command_people},
		     {"passwd", command_people},
		     {"disable", command_people},
		     {"enable", command_people},
		     {"remove", command_people},
		     {"list", command_people},
		     {"show", command_people},
		     {"import", command_people},
		     {"export", command_people},
		     {"takeover", command_takeover},
		     {"recover", command_user_recover}};

	signal(SIGPIPE, SIG_IGN); /* net/stream.h asks for it */
	for (size_t i = 0; i < ARRAY_SIZE(VERBS) && argc > 1; i++) {
		if (strcmp(argv[1], VERBS[i].name) != 0)
			continue;
		if (!(argc > 2 && strcmp(argv[2], "--help") == 0) &&
		    !command_is_root("this is root's to know and change; run it as root"))
			return COMMAND_FAILED;
		return VERBS[i].run(argc - 1, argv + 1);
	}
	return command_options(argc, argv, NULL, 0, usage, 1, 0); /* no word but a verb is right */
}
