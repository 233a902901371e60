// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_search.h"

#include "base/json_file.h"
#include "report/part.h"
#include "state/report_state.h"

#define NOTE "indexes of words"

enum { LIMIT = 4096 };

/* Whose they are stands in the journal, which not everybody may read. */
void search_part_add(json_t *report, const char *run)
{
	const json_t *found = part_take(report, run, "search", LIMIT, NOTE);
	long long made = json_number(found, "made"), failed = json_number(found, "failed");

	if (made + failed > 0)
		json_add_sentence(json_object_get(report, "notes"),
				  NOTE " that were damaged: %lld made anew, %lld could not be "
				       "(journalctl -u postcask-search)",
				  made, failed);
}
