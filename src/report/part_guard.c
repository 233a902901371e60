// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_guard.h"

#include "base/json_file.h"
#include "report/part.h"
#include "state/report_state.h"

#define NOTE "degraded: bans: "

void guard_summary_add(json_t *report, const char *run)
{
	const json_t *found = part_take(report, run, "guard", JSON_FILE_LIMIT, NOTE);

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
