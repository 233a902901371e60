// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_leaving.h"

#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "queue/queue_list.h"
#include "settings/published.h"
#include "state/report_state.h"

#define NOTE "degraded: outward: "

/* All other servers are this one. */
static void name_smarthost(struct queue_view *view)
{
	for (size_t i = 0; i < view->reason_count; i++)
		if (strcmp(view->reasons[i].what, QUEUE_OTHERS) == 0)
			view->reasons[i].what = "for the smarthost";
}

void leaving_part_add(json_t *report, const char *run, const json_t *account,
		      struct queue_view *view)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_free_ char *path = file_join(run, PUBLISHED_NAME);
	_cleanup_json_ json_t *settings = NULL;
	const char *host;
	bool said;

	if (json_file_read(path, JSON_FILE_LIMIT, 0, &settings, &none) < 0)
		return;
	report_forget(report, NOTE);
	host = published_text(settings, "smarthost.host");
	if (host)
		name_smarthost(view);
	said = host ? leaving_say_smarthost(&view->leaving, host, &text)
		    : leaving_say_blocked(&view->leaving, json_number(account, "left_at"), &text);
	if (said)
		report_degrade(report, json_sprintf(NOTE "%s", buffer_text(&text)));
}
