// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/queue_list.h"

#include <errno.h>

#include "base/json_file.h"
#include "base/process.h"

enum { ASK_MS = 15000, OUTPUT_LIMIT = 32 * 1024 * 1024 };

/* The first that fits. */
static const struct queue_kind kinds[] = {
    {{"virus_scan", ""}, "for the virus scanner (clamd)", true},
    {{"VIRUS SCANNERS", ""}, "for the virus scanner (clamd)", true},
    {{"]:10024", ""}, "for the filter (amavis)", true},
    {{"]:10026", ""}, "for the filter (amavis)", true},
    {{"host 127.0.0.1[127.0.0.1]", ""}, "for the filter (amavis)", true},
    {{"with 127.0.0.1[127.0.0.1]", ""}, "for the filter (amavis)", true},
    {{"private/dovecot-lmtp", "4.2.2"}, "for room in a mailbox", false},
    {{"private/dovecot-lmtp", ""}, "for the mailboxes (Dovecot)", true},
    {{"mail transport unavailable", ""}, "for a part of Postfix", true},
    {{"Name service error", ""}, "for the DNS", false},
    {{"", ""}, "for another server", false},
};

const struct queue_kind *queue_kind_of(const char *reason)
{
	const struct queue_kind *kind = kinds;

	while (!strstr(reason, kind->parts[0]) || !strstr(reason, kind->parts[1]))
		kind++;
	return kind;
}

void queue_list_parse(struct slice text, queue_found *found, void *context)
{
	struct slice line;

	while (text.size) {
		_cleanup_json_ json_t *message = NULL;

		if (!slice_until(&text, SLICE("\n"), &line)) {
			line = text;
			text.size = 0;
		}
		message = json_loadb(line.at, line.size, 0, NULL);
		if (message)
			found(context, message);
	}
}

int queue_list(queue_found *found, void *context, bool *ret_partial, struct error *error)
{
	static const char *const command[] = {"/usr/sbin/postqueue", "-j", NULL};
	const struct process process = {
	    .argv = command, .timeout_ms = ASK_MS, .output_limit = OUTPUT_LIMIT};
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	int result = process_run(&process, &output, error);
	struct slice text = {buffer_text(&output), output.size};

	if (result < 0 && result != -ETIME)
		return error_wrap(error, "the queue cannot be listed");
	if (result > 0)
		return error_set(error, EIO, "the queue cannot be listed: %.200s", text.at);
	*ret_partial = result == -ETIME || output.size >= OUTPUT_LIMIT;
	queue_list_parse(text, found, context);
	return 0;
}
