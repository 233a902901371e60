#include "command/show_report.h"

#include <errno.h>
#include <stdio.h>

#include "command/command.h"
#include "probe/report.h"
#include "probe/report_text.h"

static int print_tables(const json_t *report)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	report_text_probes(report, &text);
	report_text_summary(report, &text);
	report_text_errors(report, &text);
	report_text_hints(report, &text);
	report_text_line(report, &text);
	return fputs(buffer_text(&text), stdout);
}

int show_report(const char *path, int json)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	json_t *report = report_load(path, &error);
	int status;
	int result;

	if (!report && error.code == -ENOENT) {
		fprintf(
		    stderr,
		    "postcask: %s: there is no report: the machine is still booting, or it is no "
		    "postcask machine\n",
		    path);
		return COMMAND_FAILED;
	}
	if (!report) {
		error_print(&error);
		return COMMAND_FAILED;
	}
	if (json)
		result = json_dumpf(report, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(10)) < 0
			     ? EOF
			     : putchar('\n');
	else
		result = print_tables(report);
	status = report_exit_status(report);
	json_decref(report);
	if (result == EOF || fflush(stdout) == EOF) {
		fputs("postcask: cannot print the report\n", stderr);
		return COMMAND_FAILED;
	}
	return status;
}
