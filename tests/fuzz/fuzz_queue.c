// SPDX-License-Identifier: GPL-3.0-or-later
/* What `postqueue -j` prints: the reasons in it are what other servers answered. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "queue/queue_list.h"
#include "queue/queue_view.h"

#define NOW INT64_C(1795515240)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct leaving *leaving)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	if (leaving->place_count > LEAVING_PLACES)
		abort();
	for (size_t i = 0; i < leaving->place_count; i++)
		if (strnlen(leaving->places[i].name, LEAVING_NAME) == LEAVING_NAME ||
		    leaving->places[i].arrival > NOW - LEAVING_PATIENCE_S)
			abort();
	/* what is said has nothing of theirs in it */
	if (leaving_say_blocked(leaving, 0, &text) != leaving_is_blocked(leaving, 0))
		abort();
	(void)!leaving_say_smarthost(leaving, "smtp.example.net", &text);
	if (strlen(buffer_text(&text)) != text.size || text.size > 1000)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct queue_view view = {.leaving.now = NOW};
	json_t *json;

	queue_view_parse((struct slice){(const char *)data, size}, &view);
	judge(&view.leaving);
	json = queue_view_json(&view);
	if (view.reason_count > QUEUE_REASONS || !json)
		abort();
	json_decref(json);
	return 0;
}
