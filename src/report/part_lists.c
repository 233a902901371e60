// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_lists.h"

#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/utf8.h"
#include "state/report_state.h"

#define NOTE	 "DNS list not used: "
#define DEGRADED "degraded: " NOTE

enum { LIMIT = 64 * 1024 };

static bool is_cut(const json_t *list)
{
	return strcmp(json_text(list, "state"), "cut") == 0;
}

/* It comes from an account without privileges, and goes to consoles. */
static void say(json_t *report, const json_t *list)
{
	_cleanup_free_ char *sentence = strdup(json_text(list, "sentence"));
	bool asks = json_is_true(json_object_get(list, "asks"));

	if (!sentence)
		return;
	ascii_make_printable(sentence);
	if (asks)
		report_degrade(report, json_sprintf(DEGRADED "%s", sentence));
	else
		json_add_sentence(json_object_get(report, "notes"), NOTE "%s", sentence);
}

void lists_part_add(json_t *report, const char *run)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *path = file_join(run, "lists/report.json");
	_cleanup_json_ json_t *found = NULL;
	json_t *list;
	size_t i;

	report_forget(report, NOTE);
	report_forget(report, DEGRADED);
	json_object_del(report, "blocklists");
	if (json_file_read(path, LIMIT, JSON_FILE_FOREIGN, &found, &none) < 0)
		return;
	json_object_set(report, "blocklists", json_object_get(found, "lists"));
	json_array_foreach(json_object_get(found, "lists"), i, list) if (is_cut(list))
	    say(report, list);
}

void lists_part_text(const json_t *report, struct buffer *text)
{
	const json_t *lists = json_object_get(report, "blocklists"), *list;
	size_t used = 0, i;

	json_array_foreach(lists, i, list) used += !strcmp(json_text(list, "state"), "used");
	if (json_array_size(lists))
		buffer_addf(text, "DNS lists of senders: %zu of %zu in use%s\n", used,
			    json_array_size(lists),
			    used < json_array_size(lists) ? " (postcask lists says why)" : "");
}
