// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-verify: proves the mail server from outside, over its own protocols,
 * as an unprivileged user, and writes the report.  See postcask-verify(8).
 *
 * Exit status: 0 every probe passed, 1 mail cannot flow (or there is no report),
 * 2 a probe failed but mail flows. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/options.h"
#include "probe/probe.h"
#include "probe/run_report.h"
#include "report/report_text.h"
#include "state/report_state.h"

enum { TIMEOUT_S = 240 };

struct options {
	const char *settings;
	const char *secret; /* NULL: $CREDENTIALS_DIRECTORY/selftest */
	const char *output;
	const char *only;
	int timeout_ms;
	bool json;
	bool list;
};

static const char usage[] =
    "usage: postcask-verify [OPTION...]\n"
    "Proves the mail server with real mail and writes a report.\n"
    "  --settings FILE      what to test (/run/postcask/verify-settings.json)\n"
    "  --secret-file FILE   password of the self-test mailbox\n"
    "                       ($CREDENTIALS_DIRECTORY/selftest)\n"
    "  --output FILE        the report (/run/postcask/verify/report.json)\n"
    "  --ca FILE            authority to believe (/var/lib/postcask/keys/ca.pem)\n"
    "  --host ADDRESS       where the daemons listen (127.0.0.1)\n"
    "  --port NAME=NUMBER   another port for smtp, imap, ... amavis-incoming,\n"
    "                       amavis-submitted, resolver\n"
    "  --quarantine FOLDER, --signatures FOLDER, --resolver ADDRESS\n"
    "  --only PROBE         this probe and what it needs; writes no report\n"
    "  --timeout SECONDS    for everything (240)\n"
    "  --json               the report on standard output instead of a table\n"
    "  --list               the names of the probes\n";

static int take_port(void *into, const char *text, struct error *error)
{
	struct probe_settings *settings = into;
	const char *equals = strchr(text, '=');
	char name[32] = "";
	unsigned long number;
	char *end = NULL;

	if (equals && (size_t)(equals - text) < sizeof(name))
		memcpy(name, text, (size_t)(equals - text));
	number = equals ? strtoul(equals + 1, &end, 10) : 0;
	if (!name[0] || *end || number == 0 || number > 65535)
		return error_set(error, EINVAL,
				 "--port %s: must be NAME=NUMBER with a number from 1 to 65535",
				 text);
	if (port_find(name) < PORTS)
		settings->number[port_find(name)] = (unsigned)number;
	else if (strcmp(name, "amavis-incoming") == 0)
		settings->amavis_incoming = (unsigned)number;
	else if (strcmp(name, "amavis-submitted") == 0)
		settings->amavis_submitted = (unsigned)number;
	else if (strcmp(name, "resolver") == 0)
		settings->resolver_port = (unsigned)number;
	else
		return error_set(error, EINVAL, "--port %s: no such port", name);
	return 0;
}

static int take_timeout(void *into, const char *text, struct error *error)
{
	struct options *options = into;
	char *end;
	unsigned long seconds = strtoul(text, &end, 10);

	if (end == text || *end || seconds == 0 || seconds > 3600)
		return error_set(error, EINVAL,
				 "--timeout %s: must be a number of seconds from 1 to 3600", text);
	options->timeout_ms = (int)seconds * 1000;
	return 0;
}

static int read_options(int argc, char **argv, struct options *options,
			struct probe_settings *settings)
{
	const struct command_option known[] = {
	    {"settings", .value = &options->settings},
	    {"secret-file", .value = &options->secret},
	    {"output", .value = &options->output},
	    {"only", .value = &options->only},
	    {"ca", .value = &settings->ca_file},
	    {"host", .value = &settings->host},
	    {"quarantine", .value = &settings->quarantine},
	    {"signatures", .value = &settings->signatures},
	    {"resolver", .value = &settings->resolver},
	    {"port", .take = take_port, .into = settings},
	    {"timeout", .take = take_timeout, .into = options},
	    {"json", .on = &options->json},
	    {"list", .on = &options->list},
	};

	return COMMAND_OPTIONS(argc, argv, known, usage, 0, 0);
}

static int load(const struct options *options, struct probe_settings *settings, struct error *error)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	_cleanup_free_ char *credential = NULL;
	int result = probe_settings_load(settings, options->settings, error);

	if (result < 0)
		return result;
	if (!options->secret && !folder)
		return error_set(
		    error, ENOENT,
		    "no password: give --secret-file, or start postcask-verify.service");
	if (!options->secret && !(credential = file_join(folder, "selftest")))
		return error_set(error, ENOMEM, "out of memory");
	return probe_settings_load_password(settings,
					    options->secret ? options->secret : credential, error);
}

static void print_report(const json_t *report, bool as_json)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	if (as_json) {
		(void)!json_print(report, JSON_FILE_REPORT, NULL);
		return;
	}
	report_text_probes(report, &text);
	report_text_summary(report, &text);
	report_text_line(report, &text);
	fputs(buffer_text(&text), stdout);
}

/* Runs the probes and publishes what they found.  Returns the exit status. */
static int verify(const struct options *options, const struct probe_settings *settings,
		  struct error *error)
{
	_cleanup_(probe_run_free) struct probe_run run;
	_cleanup_json_ json_t *report = NULL;
	int status;

	if (probe_run_init(&run, probe_table, probe_table_size, options->only, settings,
			   options->timeout_ms, error) < 0 ||
	    probe_run_all(&run, error) < 0)
		return EXIT_FAILURE;
	report = report_make(&run, options->only != NULL);
	if (!report) {
		error_set(error, ENOMEM, "out of memory");
		return EXIT_FAILURE;
	}
	status = report_exit_status(report);
	if (options->output &&
	    json_file_replace(options->output, report, JSON_FILE_REPORT, 0644, error) < 0)
		status = EXIT_FAILURE;
	print_report(report, options->json);
	return status;
}

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(probe_settings_free) struct probe_settings settings;
	struct options options = {
	    .settings = "/run/postcask/" PUBLISHED_NAME,
	    .output = "/run/postcask/verify/report.json",
	    .timeout_ms = TIMEOUT_S * 1000,
	};
	int status;

	signal(SIGPIPE, SIG_IGN); /* see net/stream.h */
	probe_settings_init(&settings);
	status = read_options(argc, argv, &options, &settings);
	if (status != COMMAND_GO_ON)
		return status;
	if (options.list) {
		for (size_t i = 0; i < probe_table_size; i++)
			puts(probe_table[i].name);
		return EXIT_SUCCESS;
	}
	if (options.only)
		options.output = NULL;
	if (options.output && unlink(options.output) < 0 && errno != ENOENT)
		status =
		    error_errno(&error, errno, "%s: cannot remove the old report", options.output);
	else if (load(&options, &settings, &error) < 0)
		status = EXIT_FAILURE;
	else
		status = verify(&options, &settings, &error);
	if (error.code) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	return status;
}
