// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-tls-report: tells other domains how TLS with their servers went.  See
 * postcask-tls-report(8). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json_file.h"
#include "base/options.h"
#include "base/process.h"
#include "outward/report.h"
#include "outward/tally.h"

static const char usage[] =
    "usage: postcask-tls-report [--tally FILE] [--settings FILE]\n"
    "Tells other domains how TLS with their servers went on the days before.\n"
    "  --tally FILE     what was counted\n"
    "  --settings FILE  whose name it is sent in\n";

enum { SENDMAIL_MS = 60 * 1000 };

static int send_mail(const struct report *report, const char *to, struct error *error)
{
	_cleanup_(buffer_free) struct buffer mail = BUFFER_INIT, output = BUFFER_INIT;
	_cleanup_(buffer_free) struct buffer sender = BUFFER_INIT;
	const char *argv[] = {
	    "/usr/sbin/sendmail", "-i", "-N", "never", "-f", NULL, "--", to, NULL};
	struct process process = {.argv = argv, .timeout_ms = SENDMAIL_MS};
	int status = report_mail(report, to, &mail, error);

	if (status < 0)
		return status;
	buffer_addf(&sender, REPORT_SENDER "@%s", report->hostname);
	argv[5] = buffer_text(&sender);
	process.input = mail.data;
	process.input_size = mail.size;
	status = process_run(&process, &output, error);
	if (status < 0)
		return error_wrap(error, "sendmail");
	return status == 0 ? 0
			   : error_set(error, EIO, "sendmail: exit status %d: %.300s", status,
				       buffer_text(&output));
}

/* To whoever wants it.  One that did not get out is tried again on the next day. */
static int tell(struct report *report, const char *record, struct error *error)
{
	char to[REPORT_RECIPIENTS][REPORT_ADDRESS];
	size_t count = report_recipients(record, to);
	int result = 0;

	for (size_t i = 0; result == 0 && i < count; i++)
		result = send_mail(report, to[i], error);
	return result == 0 ? 0 : error_wrap(error, "the report to %s is not sent", report->domain);
}

/* Returns how many could not be told. */
static int tell_all(struct tally *tally, struct report *report)
{
	int64_t today = (int64_t)time(NULL) / TALLY_DAY;
	char domain[OUTWARD_NAME] = "";
	int missed = 0;

	report->day = 0;
	report->domain = domain;
	for (;;) {
		_cleanup_(error_clear) struct error error = ERROR_INIT;
		_cleanup_json_ json_t *policies = NULL;
		_cleanup_free_ char *record = NULL;
		int result = 0;

		if (!tally_next(tally, today, &report->day, domain, &policies, &record))
			return missed;
		report->policies = policies;
		if (report->day >= today - TALLY_KEPT)
			result = tell(report, record, &error);
		if (result == 0)
			result = tally_forget(tally, report->day, domain, &error);
		if (result < 0) {
			error_print(&error);
			missed++;
		}
	}
}

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(tally_close) struct tally *tally = NULL;
	_cleanup_json_ json_t *settings = NULL;
	const char *path = "/var/lib/postcask/tls/sessions.sqlite";
	const char *from = "/run/postcask/verify-settings.json";
	const struct command_option options[] = {{"tally", .value = &path},
						 {"settings", .value = &from}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);
	struct report report = {0};

	if (status != COMMAND_GO_ON)
		return status;
	if (json_file_read(from, JSON_FILE_LIMIT, 0, &settings, &error) < 0 ||
	    tally_open(path, &tally, &error) < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	report.hostname = json_text(settings, "hostname");
	report.submitter =
	    json_string_value(json_array_get(json_object_get(settings, "domains"), 0));
	report.contact = json_text(settings, "postmaster");
	if (!report.submitter)
		report.submitter = report.hostname;
	return tell_all(tally, &report) > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
