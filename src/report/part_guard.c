// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_guard.h"

#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "state/report_state.h"

#define NOTE "degraded: bans: "

/* That of a report that was saved: what is known now takes its place. */
static void forget_note(json_t *report)
{
	json_t *notes = json_object_get(report, "notes");

	for (size_t i = json_array_size(notes); i > 0; i--) {
		const char *note = json_string_value(json_array_get(notes, i - 1));

		if (note && strncmp(note, NOTE, strlen(NOTE)) == 0)
			json_array_remove(notes, i - 1);
	}
}

void guard_summary_add(json_t *report, const char *run)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *path = file_join(run, "guard/report.json");
	_cleanup_json_ json_t *found = NULL;

	forget_note(report);
	json_object_del(report, "guard");
	if (json_file_read(path, JSON_FILE_LIMIT, JSON_FILE_FOREIGN, &found, &none) < 0)
		return;
	json_object_set(report, "guard", found);
	if (json_is_true(json_object_get(found, "broken")))
		report_degrade(
		    report,
		    json_string(NOTE
				"the kernel takes no ban, so who guesses passwords is not kept "
				"away; `journalctl -u postcask-guard` says why"));
}

void guard_summary_text(const json_t *report, struct buffer *text)
{
	long long bans = json_number(json_object_get(report, "guard"), "bans");

	if (bans > 0)
		buffer_addf(text, "Bans: %lld %s kept away (postcask ban list)\n", bans,
			    bans == 1 ? "address is" : "addresses are");
}
