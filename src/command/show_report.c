// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/show_report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"
#include "command/command.h"
#include "command/print.h"
#include "generation/drift.h"
#include "generation/generation.h"
#include "report/merge.h"
#include "report/parts.h"
#include "report/report_text.h"
#include "state/report_state.h"

#define STATE_FOLDER "/var/lib/postcask"
#define RUN_FOLDER   "/run/postcask"

static int print_tables(const json_t *report)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	report_text_probes(report, &text);
	report_text_summary(report, &text);
	report_parts_text(report, &text);
	report_text_errors(report, &text);
	report_text_hints(report, &text);
	report_text_line(report, &text);
	return fputs(buffer_text(&text), stdout);
}

/* A managed file that somebody edited: it is not what was proved. */
static void add_drift(json_t *report)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *name = NULL;
	_cleanup_json_ json_t *manifest = NULL, *changed = NULL;
	const json_t *path;
	size_t i;

	if (generation_current(STATE_FOLDER, &name, &manifest, &none) == 0 &&
	    drift_find(STATE_FOLDER, manifest, &changed, &none) == 0) {
		json_array_foreach(changed, i, path) report_degrade(
		    report, json_sprintf("degraded: /%s was changed by hand; the next boot or "
					 "`postcask apply` writes it anew and keeps the changed "
					 "one beside it; what is to stay belongs into the "
					 "settings",
					 json_string_value(path)));
		json_object_set(report, "drift", changed);
	}
}

int show_report(const char *path, int json)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *report = NULL;
	int result = json_file_read(path, JSON_FILE_LIMIT, 0, &report, &error);

	if (result == -ENOENT) {
		fprintf(
		    stderr,
		    "postcask: %s: there is no report: the machine is still booting, or it is no "
		    "postcask machine\n",
		    path);
		return COMMAND_FAILED;
	}
	if (result < 0) {
		error_print(&error);
		return COMMAND_FAILED;
	}
	if (strcmp(path, SHOW_REPORT_FILE) == 0) {
		add_drift(report);
		report_parts_add(report, RUN_FOLDER, true);
	}
	if (json) {
		result = command_print(report, JSON_FILE_REPORT);
	} else if (print_tables(report) == EOF || fflush(stdout) == EOF) {
		fputs("postcask: cannot print the report\n", stderr);
		result = COMMAND_FAILED;
	}
	return result == COMMAND_GOOD ? report_exit_status(report) : result;
}
