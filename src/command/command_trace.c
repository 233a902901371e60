// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask trace: what became of a message. */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#include "base/json_file.h"
#include "base/when.h"
#include "command/command.h"
#include "ledger/story.h"
#include "ledger/trace.h"
#include "queue/spool.h"

static const char usage[] =
    "usage: postcask trace [--since TIME] [--json] [ID|ADDRESS]\n"
    "       postcask trace --settle ID|all\n"
    "\n"
    "Tells what became of messages: accepted from whom, scanned with which result,\n"
    "delivered, waiting, quarantined or bounced, for each recipient.\n"
    "\n"
    "  ID            a queue id, a Message-ID, or the filter's or quarantine's id\n"
    "  ADDRESS       a sender or a recipient\n"
    "  --since TIME  only what the log has since then, such as \"10 min ago\", \"2h\",\n"
    "                \"today\", \"10:00\" or \"2026-11-24 10:00\"; alone: every message\n"
    "  --json        for programs: an array of messages\n"
    "  --settle ID   you know what became of a message that `postcask status` misses, or\n"
    "                of a file of the quarantine that is gone: no alarm any longer\n"
    "\n"
    "Exit status: 0 found, 1 none found or failed, 2 bad usage.\n";

static void add_next_try(void *context, const char *id, const char *queue, int64_t next_try)
{
	(void)queue;
	if (next_try > 0 && next_try < UINT32_MAX)
		(void)!id_table_set(context, slice_of(id), (uint32_t)next_try);
}

static int print_text(const struct trace *trace, const struct id_table *next_try,
		      struct error *error)
{
	for (size_t i = 0; i < trace->count; i++) {
		_cleanup_(story_free) struct story story = STORY_INIT;
		_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

		if (story_make(&trace->messages[i], next_try, &story, error) < 0)
			return error->code;
		if (i)
			buffer_add_text(&text, "\n");
		story_add_text(&story, &text);
		if (text.failed || fputs(buffer_text(&text), stdout) == EOF)
			return error_set(error, EIO, "cannot print");
	}
	return 0;
}

static int print_json(const struct trace *trace, const struct id_table *next_try,
		      struct error *error)
{
	_cleanup_json_ json_t *array = json_array();
	int result = 0;

	for (size_t i = 0; result == 0 && i < trace->count; i++) {
		_cleanup_(story_free) struct story story = STORY_INIT;

		result = story_make(&trace->messages[i], next_try, &story, error);
		if (result == 0)
			json_array_append_new(array, story_json(&story));
	}
	return result == 0 ? json_print(array, JSON_INDENT(1), error) : result;
}

static int show(const char *key, uint64_t since, bool json, struct trace *trace,
		struct error *error)
{
	_cleanup_(id_table_free) struct id_table next_try;
	_cleanup_(journal_close) struct journal journal = JOURNAL_INIT;
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	int result = journal_open(&journal, NULL, true, error);

	id_table_init(&next_try, TRACE_IDS_LIMIT);
	if (result == 0)
		result = trace_find(&journal, key, since, trace, error);
	if (result < 0)
		return result;
	/* only root may look at the queue; without it the next try is not said */
	(void)!spool_scan(SPOOL_FOLDER, add_next_try, &next_try, &none);
	result = json ? print_json(trace, &next_try, error) : print_text(trace, &next_try, error);
	if (result == 0 && fflush(stdout) == EOF)
		result = error_set(error, EIO, "cannot print");
	return result;
}

/* The account hears of it by the journal, where only root's word counts. */
static int settle(const char *id)
{
	struct slice rest = slice_of(id);

	for (size_t i = 0; i < rest.size; i++)
		if (!isalnum((unsigned char)id[i]) && !strchr("-_.+", id[i]))
			rest.size = 0;
	if (rest.size == 0 || rest.size >= LINE_NAME_LIMIT) {
		fputs("postcask: write an id as `postcask status` shows it, or all\n", stderr);
		return COMMAND_USAGE;
	}
	if (!command_is_root("only root can settle an alarm; use sudo"))
		return COMMAND_FAILED;
	if (sd_journal_send("SYSLOG_IDENTIFIER=postcask-account", "PRIORITY=5",
			    "MESSAGE=settled %s by uid %u", id, getuid(), NULL) < 0) {
		fputs("postcask: the journal does not answer\n", stderr);
		return COMMAND_FAILED;
	}
	return COMMAND_GOOD;
}

int command_trace(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(trace_free) struct trace trace = TRACE_INIT;
	const char *since_text = NULL, *settled = NULL;
	uint64_t since = 0;
	int json = 0;
	const struct command_option options[] = {{"json", .flag = &json, .set = 1},
						 {"since", .value = &since_text},
						 {"settle", .value = &settled}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 1);

	if (status != COMMAND_GO_ON)
		return status;
	if (settled && optind == argc && !since_text)
		return settle(settled);
	if (settled || (optind == argc ? !since_text : !argv[optind][0]))
		return command_usage(usage);
	if (since_text && when_parse(since_text, time(NULL), &since, &error) < 0) {
		error_print(&error);
		return COMMAND_USAGE;
	}
	if (show(optind < argc ? argv[optind] : NULL, since, json, &trace, &error) < 0) {
		error_print(&error);
		return COMMAND_FAILED;
	}
	if (trace.shortened)
		fputs("postcask: there is more than fits here; ask for less time or one message\n",
		      stderr);
	if (trace.count)
		return COMMAND_GOOD;
	fputs("postcask: the log has no such message (`journalctl -u postfix` shows its lines)\n",
	      stderr);
	return COMMAND_FAILED;
}
