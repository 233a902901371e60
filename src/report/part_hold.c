// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_hold.h"

#include "base/json_file.h"
#include "hold/keep.h"
#include "policy/limit_hold.h"
#include "state/report_state.h"

#define NOTE "degraded: the sending of "

enum { SENTENCES_MAX = 5 };

void hold_part_add(json_t *report, const char *path)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_json_ json_t *held = NULL;
	const json_t *one;
	size_t i;

	if (keep_load(path, true, &held, &none) < 0)
		return;
	report_forget(report, NOTE);
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
