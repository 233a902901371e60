// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/queue_list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"
#include "base/process.h"
#include "component/components.h"

enum { ASK_MS = 15000, OUTPUT_LIMIT = 32 * 1024 * 1024 };

/* Nobody could connect to "HOST[ADDRESS]:PORT". */
static bool names_port(const char *reason, uint16_t port)
{
	char text[sizeof("]:65535")];

	snprintf(text, sizeof(text), "]:%u", port);
	return strstr(reason, text);
}

static bool fits(const struct component_wait *wait, const char *reason)
{
	if (wait->port)
		return names_port(reason, wait->port);
	return strstr(reason, wait->parts[0]) &&
	       (!wait->parts[1] || strstr(reason, wait->parts[1]));
}

struct queue_kind queue_kind_of(const char *reason)
{
	for (size_t i = 0; i < component_count; i++)
		for (const struct component_wait *wait = components[i]->waits; wait->what; wait++)
			if (fits(wait, reason))
				return (struct queue_kind){wait->what, !wait->others};
	return (struct queue_kind){QUEUE_OTHERS, false};
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
