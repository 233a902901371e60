// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part.h"

#include "base/buffer.h"
#include "base/json_file.h"
#include "state/report_state.h"

const json_t *part_take(json_t *report, const char *run, const char *name, size_t limit,
			const char *note)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer path = BUFFER_INIT;
	_cleanup_json_ json_t *found = NULL;

	report_forget(report, note);
	json_object_del(report, name);
	buffer_addf(&path, "%s/%s/report.json", run, name);
	if (path.failed ||
	    json_file_read(buffer_text(&path), limit, JSON_FILE_FOREIGN, &found, &none) < 0)
		return NULL;
	json_object_set(report, name, found);
	return json_object_get(report, name);
}
