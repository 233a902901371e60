#include "account/queue_view.h"

#include <errno.h>
#include <stdlib.h>

#include "base/process.h"

enum { ASK_MS = 15000, OUTPUT_LIMIT = 32 * 1024 * 1024 };

/* By what the reason says, the first that fits. */
static const struct {
	const char *part;
	const char *what;
} kinds[] = {
    {"virus_scan", "for the virus scanner (clamd)"},
    {"VIRUS SCANNERS", "for the virus scanner (clamd)"},
    {"]:10024", "for the filter (amavis)"},
    {"]:10026", "for the filter (amavis)"},
    {"host 127.0.0.1[127.0.0.1]", "for the filter (amavis)"},
    {"with 127.0.0.1[127.0.0.1]", "for the filter (amavis)"},
    {"private/dovecot-lmtp", "for the mailboxes (Dovecot)"},
    {"mail transport unavailable", "for a part of Postfix"},
    {"Name service error", "for the DNS"},
    {"", "for another server"},
};

static const char *kind_of(const char *reason)
{
	size_t i = 0;

	while (!strstr(reason, kinds[i].part))
		i++;
	return kinds[i].what;
}

static void count_reason(struct queue_view *view, const char *what, const char *sample)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	struct queue_reason *reason = view->reasons, *end = reason + view->reason_count;

	while (reason < end && strcmp(reason->what, what) != 0)
		reason++;
	if (reason == end) {
		if (view->reason_count == QUEUE_REASONS)
			return;
		view->reason_count++;
		*reason = (struct queue_reason){.what = what};
		slice_add(&text, slice_of(sample), QUEUE_SAMPLE - 4);
		slice_copy(slice_of(buffer_text(&text)), reason->sample, QUEUE_SAMPLE);
	}
	reason->count++;
}

/* A message with several recipients may wait for several things: the first is told. */
static void count_message(struct queue_view *view, const json_t *message)
{
	const char *queue = json_string_value(json_object_get(message, "queue_name"));
	int64_t arrival = json_integer_value(json_object_get(message, "arrival_time"));
	const json_t *recipient;
	size_t i;

	if (!queue)
		return;
	if (strcmp(queue, "hold") == 0) {
		view->held++;
		return;
	}
	view->waiting++;
	if (arrival > 0 && (view->oldest == 0 || arrival < view->oldest))
		view->oldest = arrival;
	json_array_foreach(json_object_get(message, "recipients"), i, recipient)
	{
		const char *reason = json_string_value(json_object_get(recipient, "delay_reason"));

		if (reason && reason[0]) {
			count_reason(view, kind_of(reason), reason);
			return;
		}
	}
	count_reason(view, "under way", "");
}

static int by_count(const void *a, const void *b)
{
	size_t first = ((const struct queue_reason *)a)->count;
	size_t second = ((const struct queue_reason *)b)->count;

	return (second > first) - (second < first);
}

void queue_view_parse(struct slice text, struct queue_view *view)
{
	struct slice line;

	while (text.size) {
		json_t *message;

		if (!slice_until(&text, SLICE("\n"), &line)) {
			line = text;
			text.size = 0;
		}
		message = json_loadb(line.at, line.size, 0, NULL);
		count_message(view, message);
		json_decref(message);
	}
	qsort(view->reasons, view->reason_count, sizeof(view->reasons[0]), by_count);
}

int queue_view_read(struct queue_view *view, struct error *error)
{
	static const char *const command[] = {"/usr/sbin/postqueue", "-j", NULL};
	const struct process process = {
	    .argv = command, .timeout_ms = ASK_MS, .output_limit = OUTPUT_LIMIT};
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	int result = process_run(&process, &output, error);
	struct slice text = {buffer_text(&output), output.size};

	*view = (struct queue_view){0};
	if (result < 0 && result != -ETIME)
		return error_wrap(error, "the queue cannot be listed");
	if (result > 0)
		return error_set(error, EIO, "the queue cannot be listed: %.200s", text.at);
	view->partial = result == -ETIME || output.size >= OUTPUT_LIMIT;
	queue_view_parse(text, view);
	return 0;
}

json_t *queue_view_json(const struct queue_view *view)
{
	json_t *reasons = json_array();

	for (size_t i = 0; i < view->reason_count; i++)
		json_array_append_new(reasons,
				      json_pack("{s:s, s:I, s:s}", "for", view->reasons[i].what,
						"count", (json_int_t)view->reasons[i].count,
						"sample", view->reasons[i].sample));
	return json_pack("{s:I, s:I, s:I, s:b, s:o}", "waiting", (json_int_t)view->waiting,
			 "on_hold", (json_int_t)view->held, "oldest", (json_int_t)view->oldest,
			 "partial", view->partial, "reasons", reasons);
}
