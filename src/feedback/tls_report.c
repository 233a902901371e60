// SPDX-License-Identifier: GPL-3.0-or-later
/* An SMTP TLS report (RFC 8460 §4.4), in JSON. */
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <time.h>

#include "base/json_file.h"
#include "feedback/report.h"

enum { POLICIES = 100 };

static int64_t seconds(const char *text)
{
	struct tm parts = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);

	return end ? (int64_t)timegm(&parts) : 0;
}

static void take_text(const json_t *object, const char *key, char *to, size_t size)
{
	report_take(slice_of(json_text(object, key)), to, size);
}

static int64_t take_count(const json_t *object, const char *key)
{
	long long count = json_number(object, key);

	if (count < 0)
		return 0;
	return count < REPORT_COUNT_MAX ? count : REPORT_COUNT_MAX;
}

/* Sessions that are in no detail are told of by a row without a reason. */
static void take_failures(const json_t *policy, const char *type, int64_t failed,
			  struct report *report)
{
	const json_t *details = json_object_get(policy, "failure-details"), *detail;
	struct report_row *row;
	size_t i;

	json_array_foreach(details, i, detail)
	{
		row = report_row(report);
		if (!row)
			continue;
		row->count = take_count(detail, "failed-session-count");
		failed -= row->count;
		slice_copy(slice_of(type), row->source, sizeof(row->source));
		take_text(detail, "result-type", row->what, sizeof(row->what));
		take_text(detail, "receiving-mx-hostname", row->name, sizeof(row->name));
	}
	row = failed > 0 ? report_row(report) : NULL;
	if (row) {
		row->count = failed;
		slice_copy(slice_of(type), row->source, sizeof(row->source));
		slice_copy(SLICE("unspecified"), row->what, sizeof(row->what));
	}
}

static void take_policy(const json_t *entry, struct report *report)
{
	const json_t *policy = json_object_get(entry, "policy");
	const json_t *summary = json_object_get(entry, "summary");
	struct report_row *row = report_row(report);
	char type[REPORT_SHORT];

	take_text(policy, "policy-type", type, sizeof(type));
	if (!report->domain[0])
		take_text(policy, "policy-domain", report->domain, sizeof(report->domain));
	if (row) {
		row->good = take_count(summary, "total-successful-session-count");
		slice_copy(slice_of(type), row->source, sizeof(row->source));
	}
	take_failures(entry, type, take_count(summary, "total-failure-session-count"), report);
}

int report_read_tls(struct slice text, struct report *ret, struct error *error)
{
	json_error_t fault;
	_cleanup_json_ json_t *json = json_loadb(text.at, text.size, 0, &fault);
	const json_t *range = json_object_get(json, "date-range");
	const json_t *policies = json_object_get(json, "policies"), *entry;
	size_t i;

	ret->kind = REPORT_TLS;
	if (!json)
		return error_set(error, EBADMSG, "this is no TLS report: line %d: %s", fault.line,
				 fault.text);
	if (!json_is_array(policies) || json_array_size(policies) > POLICIES)
		return error_set(error, EBADMSG,
				 "this is no TLS report: it has no policies, or over %d", POLICIES);
	take_text(json, "organization-name", ret->organisation, sizeof(ret->organisation));
	take_text(json, "report-id", ret->id, sizeof(ret->id));
	ret->begin = seconds(json_text(range, "start-datetime"));
	ret->end = seconds(json_text(range, "end-datetime"));
	json_array_foreach(policies, i, entry) take_policy(entry, ret);
	return 0;
}
