// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/run_report.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json_file.h"
#include "probe/signatures.h"
#include "state/report_state.h"

enum {
	DAY = 24 * 60 * 60,
	SIGNATURES_OLD = 7,	/* days */
	SIGNATURES_AWAITED = 1, /* days that a new machine may be without the official ones */
	CERTIFICATE_SHORT = 14,
};

static unsigned count_outcome(const struct probe_run *run, enum probe_outcome outcome)
{
	unsigned count = 0;

	for (size_t i = 0; i < run->count; i++)
		count += run->results[i].outcome == outcome;
	return count;
}

static enum report_state judge(const struct probe_run *run, bool partial)
{
	bool wanted[DIRECTIONS + 1] = {0}, proved[DIRECTIONS + 1] = {0};
	bool any = partial;

	for (enum port port = 0; port < PORTS && !partial; port++) {
		enum direction direction = port_table[port].direction;

		if (!run->settings->enabled[port])
			continue;
		any = wanted[direction] = true;
		proved[direction] = proved[direction] || probe_port_proved(run, port);
	}
	for (enum direction direction = 0; direction < DIRECTIONS; direction++)
		if (wanted[direction] && !proved[direction])
			return REPORT_FAILED;
	/* A machine that only sends, and has no users, has no port: it is judged by the rest. */
	if (!any && probe_has(run, "here.filter"))
		return REPORT_FAILED;
	return count_outcome(run, PROBE_FAILED) || count_outcome(run, PROBE_PENDING)
		   ? REPORT_DEGRADED
		   : REPORT_READY;
}

static json_t *make_probe(const struct probe_result *result)
{
	const struct probe *probe = result->probe;
	const char *detail = result->detail ? result->detail : "";

	if (result->outcome == PROBE_FAILED)
		detail = failure_text(&result->failure);
	return json_pack("{s:s, s:s, s:s?, s:s, s:s, s:I, s:s}", "name", probe->name, "component",
			 probe->component, "port",
			 probe->port < PORTS ? port_table[probe->port].name : NULL, "result",
			 probe_outcome_name(result->outcome), "class",
			 failure_class_name(result->failure.class), "milliseconds",
			 (json_int_t)result->milliseconds, "detail", detail);
}

static json_t *make_open(const struct probe_run *run, bool partial)
{
	json_t *open = json_array();

	for (enum port port = 0; port < PORTS && !partial; port++)
		if (run->settings->enabled[port] && probe_port_proved(run, port))
			json_array_append_new(open, json_string(port_table[port].name));
	return open;
}

static json_t *make_signatures(const struct probe_run *run, json_t *notes)
{
	struct signatures signatures;
	json_int_t age;

	signatures_read(run->settings->signatures, &signatures);
	age = (time(NULL) - signatures.made) / DAY;
	if (!probe_has(run, "here.filter"))
		; /* nobody scans */
	else if (!signatures.any)
		json_add_sentence(notes, "degraded: virus signatures (none)");
	else if (!signatures.official && age < SIGNATURES_AWAITED)
		json_add_sentence(
		    notes, "virus signatures: only the machine's own for the EICAR test, until "
			   "freshclam has fetched the official ones");
	else if (!signatures.official)
		json_add_sentence(
		    notes,
		    "degraded: virus signatures (only the machine's own for the EICAR test, "
		    "for %lld days; `journalctl -u clamav-freshclam` says why)",
		    (long long)age);
	else if (age > SIGNATURES_OLD)
		json_add_sentence(notes, "degraded: virus signatures (age %lld days)",
				  (long long)age);
	return json_pack("{s:b, s:o}", "official", signatures.official, "age_days",
			 signatures.any ? json_integer(age) : json_null());
}

static json_t *make_certificate(const struct probe_run *run, json_t *notes)
{
	const struct tls_facts *facts = &run->certificate;
	json_int_t days = (facts->not_after - time(NULL)) / DAY;
	time_t not_after = (time_t)facts->not_after;
	struct tm parts;
	char date[32] = "";

	if (!facts->fingerprint)
		return json_null();
	if (gmtime_r(&not_after, &parts))
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &parts);
	if (days < CERTIFICATE_SHORT)
		json_add_sentence(notes, "degraded: the certificate ends in %lld days",
				  (long long)days);
	return json_pack("{s:s?, s:s?, s:s?, s:s, s:I, s:s}", "subject", facts->subject, "issuer",
			 facts->issuer, "key", facts->key, "not_after", date, "days_left", days,
			 "sha256", facts->fingerprint);
}

json_t *report_make(const struct probe_run *run, bool partial)
{
	json_t *probes = json_array();
	json_t *notes = json_array();
	json_t *facts = json_pack("{s:o, s:o}", "signatures", make_signatures(run, notes),
				  "certificate", make_certificate(run, notes));
	double seconds = (double)(clock_now_ms() / 100) / 10;
	const char *version = published_text(run->settings->published, "version");
	json_t *report;

	for (size_t i = 0; i < run->count; i++)
		json_array_append_new(probes, make_probe(&run->results[i]));
	report = json_pack(
	    "{s:s, s:s, s:s, s:f, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "version",
	    version ? version : POSTCASK_VERSION, "hostname", run->settings->hostname, "state",
	    report_state_name(judge(run, partial)), "seconds", seconds, "milliseconds",
	    (json_int_t)(clock_now_ms() - run->started_ms), "passed",
	    (json_int_t)count_outcome(run, PROBE_PASSED), "failed",
	    (json_int_t)(count_outcome(run, PROBE_FAILED) + count_outcome(run, PROBE_PENDING)),
	    "skipped", (json_int_t)count_outcome(run, PROBE_SKIPPED), "probes", probes, "open",
	    make_open(run, partial), "facts", facts, "notes", notes);
	report_judge_notes(report);
	return report;
}
