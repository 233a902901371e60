// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_search.h"

#include "base/file.h"
#include "base/json_file.h"
#include "state/report_state.h"

#define NOTE "indexes of words"

enum { LIMIT = 4096 };

/* Whose they are stands in the journal, which not everybody may read. */
void search_part_add(json_t *report, const char *run)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *path = file_join(run, "search/report.json");
	_cleanup_json_ json_t *found = NULL;
	json_int_t made, failed;

	report_forget(report, NOTE);
	json_object_del(report, "search");
	if (!path || json_file_read(path, LIMIT, JSON_FILE_FOREIGN, &found, &none) < 0)
		return;
	json_object_set(report, "search", found);
	made = json_number(found, "made");
	failed = json_number(found, "failed");
	if (made + failed > 0)
		json_add_sentence(json_object_get(report, "notes"),
				  NOTE " that were damaged: %lld made anew, %lld could not be "
				       "(journalctl -u postcask-search)",
				  (long long)made, (long long)failed);
}
