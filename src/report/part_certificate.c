// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_certificate.h"

#include <stdlib.h>
#include <time.h>

#include "acme/acme_summary.h"
#include "base/json_file.h"
#include "state/report_state.h"

void certificate_part_add(json_t *report, const char *keys)
{
	int64_t now = (int64_t)time(NULL);
	_cleanup_json_ json_t *summary = acme_summary(keys, now);
	_cleanup_free_ char *sentence = NULL;
	enum acme_alarm alarm;

	if (!json_is_string(json_object_get(summary, "authority")))
		return;
	json_object_set(report, "certificates", summary);
	alarm = acme_summary_judge(summary, now, &sentence);
	if (!sentence)
		return;
	if (alarm >= ACME_DEGRADED)
		report_degrade(report, json_sprintf("degraded: %s", sentence));
	else
		report_note(report, sentence);
}
