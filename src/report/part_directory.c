// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_directory.h"

#include "base/file.h"
#include "base/json_file.h"
#include "state/report_state.h"

#define NOTE "degraded: app passwords: "

void directory_part_add(json_t *report, const char *run)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *path = file_join(run, "directory/report.json");
	_cleanup_json_ json_t *found = NULL;

	report_forget(report, NOTE);
	json_object_del(report, "directory");
	if (json_file_read(path, JSON_FILE_LIMIT, JSON_FILE_FOREIGN, &found, &none) < 0)
		return;
	json_object_set(report, "directory", found);
	if (json_is_true(json_object_get(found, "damaged")))
		report_degrade(
		    report,
		    json_string(NOTE "their file was damaged and is begun anew, so each has to "
				     "be made again; `systemctl reload dovecot`, then `postcask "
				     "user app add`, and with `systemctl restart "
				     "postcask-directory` this is said no more"));
}

void directory_part_text(const json_t *report, struct buffer *text)
{
	long long apps = json_number(json_object_get(report, "directory"), "apps");

	if (apps > 0)
		buffer_addf(text, "App passwords: %lld (postcask user app list)\n", apps);
}
