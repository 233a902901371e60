// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/queue_view.h"

#include <stdlib.h>
#include <time.h>

#include "base/json_file.h"
#include "queue/queue_list.h"

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
static void count_message(void *context, const json_t *message)
{
	struct queue_view *view = context;
	const char *queue = json_text(message, "queue_name");
	int64_t arrival = json_number(message, "arrival_time");
	const json_t *recipient;
	size_t i;

	if (!queue[0])
		return;
	if (strcmp(queue, "hold") == 0) {
		view->held++;
		return;
	}
	view->waiting++;
	leaving_add(&view->leaving, message);
	if (arrival > 0 && (view->oldest == 0 || arrival < view->oldest))
		view->oldest = arrival;
	json_array_foreach(json_object_get(message, "recipients"), i, recipient)
	{
		const char *reason = json_text(recipient, "delay_reason");

		if (reason[0]) {
			count_reason(view, queue_kind_of(reason).what, reason);
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

static void sort_reasons(struct queue_view *view)
{
	qsort(view->reasons, view->reason_count, sizeof(view->reasons[0]), by_count);
}

void queue_view_parse(struct slice text, struct queue_view *view)
{
	queue_list_parse(text, count_message, view);
	sort_reasons(view);
}

int queue_view_read(struct queue_view *view, struct error *error)
{
	int result;

	*view = (struct queue_view){.leaving.now = (int64_t)time(NULL)};
	result = queue_list(count_message, view, &view->partial, error);
	sort_reasons(view);
	return result;
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
