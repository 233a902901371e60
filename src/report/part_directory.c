// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_directory.h"

#include "base/json_file.h"
#include "report/part.h"
#include "state/report_state.h"

#define NOTE "degraded: app passwords: "

void directory_part_add(json_t *report, const char *run)
{
	const json_t *found = part_take(report, run, "directory", JSON_FILE_LIMIT, NOTE);

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
