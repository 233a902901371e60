// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-report: the end of every boot.  Puts together what firstboot, the
 * probes and the firewall found, writes /run/postcask/report.json, and tells every
 * console, whether things went well or not.  See postcask-report(8).
 *
 * Exit status: 0 ready, 1 failed, 2 degraded. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/options.h"
#include "report/console.h"
#include "report/merge.h"
#include "report/parts.h"
#include "report/report_text.h"
#include "settings/published.h"
#include "state/report_state.h"

enum {
	CONSOLE_MS = 5000,
	FAILURES_SHOWN = 12, /* a console has few lines */
	CERTIFICATE_LIMIT = 64 * 1024,
};

struct options {
	const char *run; /* folder of the results */
	const char *authority;
	const char *consoles; /* the kernel's list */
	bool no_console;
	const char *devices;
};

static const char no_settings_hint[] =
    "The user-data must hold at least:\n"
    "    #cloud-config\n"
    "    fqdn: mail.example.org\n"
    "    mail:\n"
    "      domains: [example.org]\n"
    "      users:\n"
    "        - address: alice@example.org\n"
    "          password_hash: \"$6$...\"        # openssl passwd -6\n"
    "`postcask check FILE` says what is wrong with a file.  Give the machine the corrected\n"
    "user-data and boot it again.\n";

static const char usage[] =
    "usage: postcask-report [OPTION...]\n"
    "Writes /run/postcask/report.json and tells every console.\n"
    "  --run FOLDER       where the parts are and the report goes (/run/postcask)\n"
    "  --authority FILE   the CA certificate (/var/lib/postcask/keys/ca.pem)\n"
    "  --consoles FILE    their list (/sys/class/tty/console/active)\n"
    "  --devices FOLDER   where they are (/dev)\n"
    "  --no-console       only standard output\n";

/* A part that is not there is NULL; one that is broken too, and said on stderr. */
static json_t *load_part(const char *run, const char *name)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(run, name);
	json_t *part = NULL;
	int result = json_file_read(path, JSON_FILE_LIMIT, JSON_FILE_FOREIGN, &part, &error);

	if (result < 0 && result != -ENOENT)
		error_print(&error);
	return part;
}

/* The volumes for mail that are away, or that somebody has to look at. */
static void add_volumes(json_t *report, const json_t *volumes)
{
	const json_t *notes = json_object_get(volumes, "notes");
	json_t *sentence;
	size_t i;

	json_array_foreach(notes, i, sentence) report_degrade(report, json_incref(sentence));
	if (volumes)
		json_object_set(report, "volumes", json_object_get(volumes, "notes"));
}

static json_t *merge(const char *run)
{
	_cleanup_json_ json_t *volumes = load_part(run, "volumes.json");
	_cleanup_json_ json_t *verify = load_part(run, "verify/report.json");
	_cleanup_json_ json_t *firstboot = load_part(run, "firstboot.json");
	_cleanup_json_ json_t *firewall = load_part(run, "firewall.json");
	_cleanup_json_ json_t *settings = load_part(run, PUBLISHED_NAME);
	json_t *report = report_merge(verify, firstboot, firewall, settings);

	if (report)
		add_volumes(report, volumes);
	return report;
}

/* The authority is shown when it is new: people have to give it to their clients
 * once.  With a given certificate there may be one from before, which signs nothing. */
static void add_authority(const json_t *report, const char *path, struct buffer *text)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const json_t *firstboot = json_object_get(report, "firstboot");
	const char *state = json_text(firstboot, "authority");
	_cleanup_free_ char *certificate = NULL;

	if (!state[0] || strcmp(state, "kept") == 0 || strcmp(state, "given") == 0)
		return;
	if (file_read(path, CERTIFICATE_LIMIT, &certificate, NULL, &error) < 0)
		return;
	buffer_addf(text,
		    "\nThe authority that clients have to trust (also: postcask cert ca):\n%s",
		    certificate);
}

static void compose(const json_t *report, const struct options *options, struct buffer *text)
{
	const json_t *firstboot = json_object_get(report, "firstboot");
	bool in_force = json_number(firstboot, "generation") > 0;

	buffer_add_text(text, "\n");
	report_text_summary(report, text);
	report_parts_text(report, text);
	report_text_failures(report, FAILURES_SHOWN, text);
	report_text_errors(report, text);
	if (in_force)
		report_text_hints(report, text);
	else if (json_array_size(json_object_get(report, "volumes")) == 0)
		buffer_add_text(text, no_settings_hint);
	if (in_force)
		add_authority(report, options->authority, text);
	report_text_line(report, text);
}

static int read_options(int argc, char **argv, struct options *options)
{
	const struct command_option known[] = {
	    {"run", .value = &options->run},
	    {"authority", .value = &options->authority},
	    {"consoles", .value = &options->consoles},
	    {"devices", .value = &options->devices},
	    {"no-console", .on = &options->no_console},
	};

	return COMMAND_OPTIONS(argc, argv, known, usage, 0, 0);
}

int main(int argc, char **argv)
{
	struct options options = {
	    .run = "/run/postcask",
	    .authority = "/var/lib/postcask/keys/ca.pem",
	    .consoles = "/sys/class/tty/console/active",
	    .devices = "/dev",
	};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_free_ char *path = NULL;
	int status = read_options(argc, argv, &options);
	_cleanup_json_ json_t *report = NULL;

	if (status != COMMAND_GO_ON)
		return status;
	signal(SIGPIPE, SIG_IGN);
	report = merge(options.run);
	path = file_join(options.run, "report.json");
	if (!report || !path) {
		fputs("postcask: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	report_parts_add(report, options.run, false);
	if (json_file_replace(path, report, JSON_FILE_REPORT, 0644, &error) < 0) {
		error_print(&error);
		report_fail(report, "failed: this report could not be written");
	}
	status = report_exit_status(report);
	compose(report, &options, &text);
	fputs(buffer_text(&text), stdout);
	if (!options.no_console)
		console_write_all(options.consoles, options.devices, buffer_text(&text), text.size,
				  CONSOLE_MS);
	return status;
}
