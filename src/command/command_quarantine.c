// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask quarantine: mail that must not be delivered; see postcask-quarantine(8). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/when.h"
#include "command/command.h"
#include "command/print.h"
#include "quarantine/act.h"
#include "quarantine/entry.h"

static const char usage[] =
    "usage: postcask quarantine list [--since TIME] [--kind KIND] [--to ADDRESS] [--from ADDRESS]\n"
    "                                [--json]\n"
    "       postcask quarantine show ID [--headers | --raw | --json]\n"
    "       postcask quarantine release ID... [--to ADDRESS] [--again] [--json]\n"
    "       postcask quarantine delete ID... [--json]\n"
    "       postcask quarantine delete --all-older-than DAYS [--json]\n"
    "\n"
    "An ID may be shortened while it stays the only one, except for delete.\n"
    "TIME is a date or how long ago: 2026-11-24, '2026-11-24 10:14', yesterday, 12h, 7d.\n"
    "\n"
    "  --to ADDRESS    list: mail for it; release: a copy there instead of to the\n"
    "                  recipients\n"
    "  --again         release: yes, although it was released before\n"
    "\n"
    "Exit status: 0 good, 1 failed, 2 bad usage.\n";

enum { ARGUMENTS_MAX = 1000, LOCK_MS = 60 * 1000 };

static int fail(const struct error *error)
{
	error_print(error);
	return COMMAND_FAILED;
}

struct filter {
	int64_t since;
	const char *kind, *to, *from;
};

static bool address_matches(const char *address, const char *wanted)
{
	return strcasestr(address, wanted) != NULL;
}

static bool entry_matches(const struct quarantine_entry *entry, const struct filter *filter)
{
	bool to = !filter->to;

	if (entry->damage)
		return !filter->to && !filter->from;
	for (size_t i = 0; i < entry->header.recipient_count && !to; i++)
		to = address_matches(entry->header.recipients[i], filter->to);
	return to && (!filter->from ||
		      address_matches(entry->header.sender[0] ? entry->header.sender : "<>",
				      filter->from));
}

/* A misspelt kind would look like an empty quarantine. */
static bool kind_is_known(const char *kind)
{
	static const char *const KINDS[] = {"virus",  "limits", "encrypted", "broken",
					    "banned", "spam",	"unknown"};

	for (size_t i = 0; i < ARRAY_SIZE(KINDS); i++)
		if (strcmp(kind, KINDS[i]) == 0)
			return true;
	fputs("postcask: --kind: write virus, limits, encrypted, broken, banned, spam or unknown\n",
	      stderr);
	return false;
}

static void list_entry(const struct quarantine_entry *entry, bool json, size_t count)
{
	_cleanup_json_ json_t *object = NULL;

	if (!json) {
		quarantine_entry_print(entry, stdout);
		return;
	}
	fputs(count ? ",\n" : "", stdout);
	object = quarantine_entry_json(entry);
	json_dumpf(object, stdout, JSON_COMPACT);
}

static void list_end(bool json, size_t count, int64_t bytes)
{
	char size[QUARANTINE_SIZE_TEXT];

	quarantine_format_size(bytes, size);
	if (json)
		puts(count ? "\n]" : "]");
	else if (count)
		printf("%zu message%s, %s\n", count, count == 1 ? "" : "s", size);
	else
		puts("nothing in quarantine");
}

/* One file after the other is opened and printed, so that many need no memory. */
static int list(const struct quarantine_act *act, const struct filter *filter, bool json)
{
	int64_t bytes = 0;
	size_t count = 0;

	if (json)
		puts("[");
	for (size_t i = 0; i < act->items.count; i++) {
		_cleanup_(quarantine_entry_free) struct quarantine_entry entry =
		    QUARANTINE_ENTRY_INIT;
		const struct quarantine_item *item = act->items.items + i;

		if ((filter->since && item->time < filter->since) ||
		    (filter->kind && strcmp(quarantine_kind(item), filter->kind) != 0))
			continue;
		quarantine_entry_load(&act->quarantine, item, &entry, NULL);
		if (!entry_matches(&entry, filter))
			continue;
		list_entry(&entry, json, count++);
		bytes += quarantine_entry_size(&entry);
	}
	list_end(json, count, bytes);
	return fflush(stdout) == EOF || ferror(stdout) ? COMMAND_FAILED : COMMAND_GOOD;
}

static int run_list(int argc, char **argv)
{
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct filter filter = {.since = 0};
	const char *since = NULL;
	uint64_t begin = 0;
	int json = 0;
	const struct command_option options[] = {
	    {"json", .flag = &json, .set = 1}, {"since", .value = &since},
	    {"kind", .value = &filter.kind},   {"to", .value = &filter.to},
	    {"from", .value = &filter.from},
	};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if (filter.kind && !kind_is_known(filter.kind))
		return COMMAND_USAGE;
	if (since && when_parse(since, time(NULL), &begin, &error) < 0) {
		error_wrap(&error, "--since");
		error_print(&error);
		return COMMAND_USAGE;
	}
	filter.since = (int64_t)(begin / 1000000);
	if (quarantine_act_begin(&act, NULL, 0, &error) < 0)
		return fail(&error);
	return list(&act, &filter, json);
}

static int run_show(int argc, char **argv)
{
	enum { WHOLE, HEADERS, RAW, JSON };
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_(quarantine_entry_free) struct quarantine_entry entry = QUARANTINE_ENTRY_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const struct quarantine_item *item;
	_cleanup_close_ int fd = -1;
	int what = WHOLE;
	const struct command_option options[] = {
	    {"json", .flag = &what, .set = JSON},
	    {"headers", .flag = &what, .set = HEADERS},
	    {"raw", .flag = &what, .set = RAW},
	};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 1, 1);

	if (status != COMMAND_GO_ON)
		return status;
	if (quarantine_act_begin(&act, NULL, 0, &error) < 0 ||
	    quarantine_find(&act.items, argv[optind], true, &item, &error) < 0)
		return fail(&error);
	quarantine_entry_load(&act.quarantine, item, &entry, &fd);
	if (what == JSON) {
		_cleanup_json_ json_t *json = quarantine_entry_json(&entry);

		return command_print(json, JSON_INDENT(1));
	}
	if (what == WHOLE) {
		quarantine_entry_print_whole(&entry, stdout);
		return fflush(stdout) == EOF ? COMMAND_FAILED : COMMAND_GOOD;
	}
	if (quarantine_show_message(fd, &entry, what == RAW, &error) < 0)
		return fail(&error);
	return COMMAND_GOOD;
}

/* What became of one word of the command line. */
static int tell(bool json, json_t *done, const char *word, int result, const struct error *error,
		const char *good)
{
	if (json)
		json_array_append_new(
		    done, json_pack("{s:s#,s:b,s:s}", "id", word, (int)strcspn(word, "\n"), "done",
				    result == 0, "text", result == 0 ? good : error_text(error)));
	else if (result == 0)
		printf("%s\n", good);
	else
		error_print(error);
	return result < 0 ? COMMAND_FAILED : COMMAND_GOOD;
}

static int run_release(int argc, char **argv)
{
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int json = 0, again = 0, status;
	struct quarantine_wish wish = {.to = NULL};
	const struct command_option options[] = {{"json", .flag = &json, .set = 1},
						 {"again", .flag = &again, .set = 1},
						 {"to", .value = &wish.to}};
	_cleanup_json_ json_t *done = NULL;

	status = COMMAND_OPTIONS(argc, argv, options, usage, 1, ARGUMENTS_MAX);
	if (status != COMMAND_GO_ON)
		return status;
	signal(SIGPIPE, SIG_IGN); /* net/stream.h asks for it */
	wish.again = again;
	if (quarantine_act_begin(&act, QUARANTINE_LOCK_FILE, LOCK_MS, &error) < 0)
		return fail(&error);
	done = json_array();
	status = COMMAND_GOOD;
	for (int i = optind; i < argc; i++) {
		_cleanup_(error_clear) struct error one = ERROR_INIT;
		_cleanup_free_ char *good = NULL;
		int result = quarantine_act_release(&act, argv[i], &wish, &good, &one);

		if (tell(json, done, argv[i], result, &one, good) != COMMAND_GOOD)
			status = COMMAND_FAILED;
	}
	if (json && command_print(done, JSON_INDENT(1)) != COMMAND_GOOD)
		status = COMMAND_FAILED;
	return status;
}

static int delete_words(struct quarantine_act *act, char **words, json_t *done, bool json)
{
	int status = COMMAND_GOOD;

	for (; *words; words++) {
		_cleanup_(error_clear) struct error one = ERROR_INIT;
		_cleanup_free_ char *good = NULL;
		int result = quarantine_act_delete(act, *words, &good, &one);

		if (tell(json, done, *words, result, &one, good) != COMMAND_GOOD)
			status = COMMAND_FAILED;
	}
	return status;
}

static int delete_older(struct quarantine_act *act, const char *days, json_t *done, bool json,
			struct error *error)
{
	_cleanup_free_ char *good = NULL;
	size_t count = 0;
	int result = quarantine_act_delete_older(act, days, (int64_t)time(NULL), &count, error);

	if (result == -EINVAL) {
		error_print(error);
		return COMMAND_USAGE;
	}
	if (asprintf(&good, "%zu deleted", count) < 0)
		return COMMAND_FAILED;
	return tell(json, done, "--all-older-than", result, error, good);
}

static int run_delete(int argc, char **argv)
{
	_cleanup_(quarantine_act_free) struct quarantine_act act = QUARANTINE_ACT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const char *days = NULL;
	int json = 0, status;
	const struct command_option options[] = {{"json", .flag = &json, .set = 1},
						 {"all-older-than", .value = &days}};
	_cleanup_json_ json_t *done = NULL;

	status = COMMAND_OPTIONS(argc, argv, options, usage, 0, ARGUMENTS_MAX);
	if (status != COMMAND_GO_ON)
		return status;
	if ((days != NULL) == (optind < argc))
		return command_usage(usage);
	if (quarantine_act_begin(&act, QUARANTINE_LOCK_FILE, LOCK_MS, &error) < 0)
		return fail(&error);
	done = json_array();
	status = days ? delete_older(&act, days, done, json, &error)
		      : delete_words(&act, argv + optind, done, json);
	if (quarantine_sync(&act.quarantine, &error) < 0)
		status = fail(&error);
	if (json && status != COMMAND_USAGE && command_print(done, JSON_INDENT(1)) != COMMAND_GOOD)
		status = COMMAND_FAILED;
	return status;
}

int command_quarantine(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} VERBS[] = {{"list", run_list},
		     {"show", run_show},
		     {"release", run_release},
		     {"delete", run_delete}};

	for (size_t i = 0; i < ARRAY_SIZE(VERBS) && argc > 1; i++) {
		if (strcmp(argv[1], VERBS[i].name) != 0)
			continue;
		if (!(argc > 2 && strcmp(argv[2], "--help") == 0) &&
		    !command_is_root("the quarantine is root's; run it as root"))
			return COMMAND_FAILED;
		return VERBS[i].run(argc - 1, argv + 1);
	}
	return command_options(argc, argv, NULL, 0, usage, 1, 0); /* no word but a verb is right */
}
