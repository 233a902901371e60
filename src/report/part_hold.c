// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_hold.h"

#include <string.h>

#include "base/json_file.h"
#include "hold/keep.h"
#include "policy/limit_hold.h"
#include "state/report_state.h"

#define NOTE "degraded: the sending of "

enum { SENTENCES_MAX = 5 };

/* Those of a report that was saved: what is known now takes their place. */
static void forget_notes(json_t *report)
{
	json_t *notes = json_object_get(report, "notes");

	for (size_t i = json_array_size(notes); i > 0; i--) {
		const char *note = json_string_value(json_array_get(notes, i - 1));

		if (note && strncmp(note, NOTE, strlen(NOTE)) == 0)
			json_array_remove(notes, i - 1);
	}
}

void hold_part_add(json_t *report, const char *path)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_json_ json_t *held = NULL;
	const json_t *one;
	size_t i;

	if (keep_load(path, true, &held, &none) < 0)
		return;
	forget_notes(report);
	json_object_set(report, "held", held);
	json_array_foreach(held, i, one)
	{
		if (i >= SENTENCES_MAX)
			break;
		report_degrade(report,
			       json_sprintf(NOTE "%s is held: %s; look at `postcask user held`, "
						 "and when all is well `postcask user release %s`",
					    json_text(one, "address"),
					    limit_reason_sentence(json_text(one, "reason")),
					    json_text(one, "address")));
	}
}
