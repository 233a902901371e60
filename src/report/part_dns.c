// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_dns.h"

#include "base/file.h"
#include "base/json_file.h"
#include "state/report_state.h"

#define NOTE "degraded: DNS: "

enum { SENTENCES_MAX = 3 }; /* of those that make it degraded; the rest is in the object */

void dns_summary_add(json_t *report, const char *run)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *path = file_join(run, "dns/report.json");
	_cleanup_json_ json_t *found = NULL;
	json_t *finding;
	unsigned said = 0;
	size_t i;

	if (json_file_read(path, JSON_FILE_LIMIT, JSON_FILE_FOREIGN, &found, &none) < 0)
		return;
	report_forget(report, NOTE);
	json_object_set(report, "dns", found);
	json_array_foreach(json_object_get(found, "findings"), i, finding)
	{
		if (!json_is_true(json_object_get(finding, "degrades")) || said++ >= SENTENCES_MAX)
			continue;
		report_degrade(report, json_sprintf(NOTE "%s", json_text(finding, "sentence")));
	}
}

static void add_count(struct buffer *text, const char **between, long long count, const char *one,
		      const char *many)
{
	if (count == 0)
		return;
	buffer_addf(text, "%s%lld %s", *between, count, count == 1 ? one : many);
	*between = ", ";
}

void dns_summary_text(const json_t *report, struct buffer *text)
{
	const json_t *found = json_object_get(report, "dns");
	const char *between = "DNS: ";
	long long wrong = json_number(found, "wrong") + json_number(found, "harmful");

	if (json_is_true(json_object_get(found, "offline"))) {
		buffer_add_text(text, "DNS: it does not answer, so the records were not checked\n");
		return;
	}
	if (json_number(found, "missing") + wrong == 0)
		return;
	add_count(text, &between, json_number(found, "missing"), "record is missing",
		  "records are missing");
	add_count(text, &between, wrong, "thing is wrong", "things are wrong");
	buffer_add_text(text,
			" (postcask dns prints what to enter, postcask dns check what is wrong)\n");
}
