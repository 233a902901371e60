// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_guard.h"

#include "base/file.h"
#include "base/json_file.h"
#include "state/report_state.h"

#define NOTE "degraded: bans: "

void guard_summary_add(json_t *report, const char *run)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *path = file_join(run, "guard/report.json");
	_cleanup_json_ json_t *found = NULL;

	report_forget(report, NOTE);
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
