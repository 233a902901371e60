// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask apply FILE: other settings for the running machine.  The work is done by
 * postcask-apply.service, with its rights and to its end whatever becomes of this
 * terminal; here FILE is checked and handed over, and the outcome shown. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "command/command.h"
#include "command/print.h"
#include "command/show_report.h"
#include "guard/network.h"
#include "settings/settings.h"
#include "state/report_state.h"

#define RUN_FOLDER    "/run/postcask"
#define HANDED_FOLDER "/run/postcask/apply"
#define HANDED_FILE   "/run/postcask/apply/user-data"
#define TRIAL_FILE    "/var/lib/postcask/trial"
#define OUTCOME_FILE  "/run/postcask/apply.json"

/* The unit's own deadlines are shorter. */
enum { WAIT_MS = 20 * 60 * 1000, APPLY_MS = 40 * 60 * 1000, OUTCOME_LIMIT = 16 * 1024 * 1024 };

static const char usage[] =
    "usage: postcask apply [--json] FILE\n"
    "\n"
    "Applies the settings in a user-data file to this machine, as root.  They count\n"
    "until the machine's user-data itself changes.  Refused settings change nothing;\n"
    "a change whose self-tests fail is taken back.  `postcask diff FILE` shows what\n"
    "would change.\n"
    "\n"
    "  --json    print {\"state\", \"generation\", \"errors\", \"notes\", \"reloaded\",\n"
    "            \"machine\"}\n"
    "\n"
    "Exit status: 0 applied or unchanged, and the machine is ready; 1 refused, failed\n"
    "or taken back; 2 applied, but the machine is degraded, or bad usage.\n";

/* The other end of this session of ssh, also below sudo; NULL when it is none.  Owned by the
 * caller. */
static char *session_from(void)
{
	_cleanup_free_ char *session = NULL;
	char *host = NULL;

	if (sd_pid_get_session(0, &session) < 0 || sd_session_get_remote_host(session, &host) < 0)
		return NULL;
	return host;
}

/* Who applies a list of networks from outside of them would not come in again. */
static int check_ssh_from(const json_t *settings, struct error *error)
{
	const json_t *list = json_object_get(json_object_get(settings, "network"), "ssh_from");
	_cleanup_free_ char *host = session_from();
	struct network_range own, range;
	const json_t *from;
	size_t i;

	if (json_array_size(list) == 0 || !host || !network_take_range(slice_of(host), &own))
		return 0;
	json_array_foreach(list, i, from)
	{
		const char *text = json_string_value(from);

		if (text && network_take_range(slice_of(text), &range) &&
		    network_range_has(&range, &own))
			return 0;
	}
	return error_set(error, EPERM,
			 "you are connected from %s, which is in none of network.ssh_from: you "
			 "would not come in again; add it, or apply this at the console",
			 host);
}

/* Checks FILE and puts it where the unit finds it.  Standard input is read once. */
static int hand_over(const char *path, struct error *error)
{
	_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
	_cleanup_json_ json_t *settings = NULL;
	char *text = NULL;
	size_t size = 0;
	int result = file_read(path, SETTINGS_SIZE_LIMIT, &text, &size, error);

	if (result < 0)
		return result;
	result = settings_load_text(strcmp(path, "-") == 0 ? "standard input" : path, text, size,
				    &diagnostics, &settings);
	diagnostics_print(&diagnostics, stderr);
	if (result < 0)
		result = error_set(error, result, "%s is refused; nothing was changed", path);
	else
		result = check_ssh_from(settings, error);
	if (result == 0)
		result = file_make_folders(HANDED_FOLDER, 0700, error);
	if (result == 0)
		result = file_replace(HANDED_FILE, text, size, 0600, 0, 0, error);
	explicit_bzero(text, size);
	free(text);
	return result;
}

static int units_call(const char *verb, struct buffer *output, struct error *error)
{
	const char *argv[] = {"systemctl", verb, "postcask-apply.service", NULL};
	struct process process = {.argv = argv, .timeout_ms = APPLY_MS};

	return process_run(&process, output, error);
}

/* Runs the unit to its end; what it found is in the outcome's file. */
static int unit_run(json_t **ret_outcome, struct error *error)
{
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	int status;

	if (unlink(OUTCOME_FILE) < 0 && errno != ENOENT)
		return error_errno(error, errno, OUTCOME_FILE ": cannot remove");
	status = units_call("start", &output, error);
	if (status > 0) /* if it was killed, its second half goes on: stop waits for that */
		status = units_call("stop", NULL, error);
	unlink(HANDED_FILE);
	if (status < 0)
		return error_wrap(error, "postcask-apply.service");
	if (json_file_read(OUTCOME_FILE, OUTCOME_LIMIT, 0, ret_outcome, error) < 0)
		return error_set(error, EIO, "postcask-apply.service left no outcome: %s",
				 buffer_text(&output));
	if (file_exists(TRIAL_FILE)) {
		json_object_set_new(*ret_outcome, "state", json_string("failed"));
		json_array_append_new(json_object_get(*ret_outcome, "errors"),
				      json_string("the self-tests have not judged this change; the "
						  "next boot or `postcask apply` does"));
	}
	return 0;
}

static int apply(const char *path, json_t **ret_outcome, struct error *error)
{
	_cleanup_close_ int lock = -1;
	int result = file_lock(RUN_FOLDER "/apply-command.lock", WAIT_MS, &lock, error);

	if (result == 0)
		result = hand_over(path, error);
	return result == 0 ? unit_run(ret_outcome, error) : result;
}

static void print_list(const json_t *list, const char *label, FILE *stream)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry)
	    fprintf(stream, "%s%s\n", label, json_string_value(entry));
}

static void print_outcome(const json_t *outcome, const json_t *machine)
{
	const char *state = json_text(outcome, "state");

	print_list(json_object_get(outcome, "errors"), "postcask: ", stderr);
	printf("%s: generation %lld is in force\n", state[0] ? state : "failed",
	       json_number(outcome, "generation"));
	print_list(json_object_get(outcome, "reloaded"), "reloaded: ", stdout);
	print_list(json_object_get(outcome, "notes"), "note: ", stdout);
	printf("the machine is %s\n", report_state_name(report_state_of(machine)));
}

/* Shows the outcome and what the machine says after it. */
static int show(json_t *outcome, bool json)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const char *state = json_text(outcome, "state");
	bool done = strcmp(state, "applied") == 0 || strcmp(state, "unchanged") == 0;
	_cleanup_json_ json_t *machine = NULL;
	int status;

	(void)!json_file_read(SHOW_REPORT_FILE, JSON_FILE_LIMIT, 0, &machine, &error);
	status = !done ? COMMAND_FAILED : report_exit_status(machine);
	if (json) {
		json_object_set_new(outcome, "machine",
				    json_string(report_state_name(report_state_of(machine))));
		return command_print(outcome, JSON_INDENT(1)) == COMMAND_GOOD ? status
									      : COMMAND_FAILED;
	}
	print_outcome(outcome, machine);
	return fflush(stdout) == 0 ? status : COMMAND_FAILED;
}

int command_apply(int argc, char **argv)
{
	int json = 0;
	const struct command_option options[] = {{"json", .flag = &json, .set = 1}};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *outcome = NULL;
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 1, 1);

	if (status != COMMAND_GO_ON)
		return status;
	if (!command_is_root("settings are applied by root; write sudo before it"))
		return COMMAND_FAILED;
	if (apply(argv[optind], &outcome, &error) < 0) {
		error_print(&error);
		return COMMAND_FAILED;
	}
	return show(outcome, json);
}
