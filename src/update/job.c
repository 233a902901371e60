// SPDX-License-Identifier: GPL-3.0-or-later
#include "update/job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/process.h"
#include "base/utf8.h"
#include "state/report_state.h"
#include "update/stale.h"
#include "update/summary.h"
#include "update/waiting.h"

enum {
	LISTS_MS = 20 * 60 * 1000,
	INSTALL_MS = 3 * 60 * 60 * 1000,
	REPAIR_MS = 60 * 60 * 1000,
	SYSTEMCTL_MS = 5 * 60 * 1000,
	RESTART_MS = 10 * 60 * 1000,
	VERIFY_MS = 10 * 60 * 1000,
	CHECK_MS = 60 * 1000,
	SHOWN = 400, /* bytes of what a program said */
};

#define REPORT_FILE    "/run/postcask/report.json"
#define CHECK_REPLACED "/usr/share/postcask/perl/check-replaced"

/* Runs a command whose words go to the journal.  Its exit status, or -1 when it has none: why
 * not is in the journal too. */
static int run(int timeout_ms, const char *const *argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const struct process process = {
	    .argv = argv, .timeout_ms = timeout_ms, .output_fd = STDOUT_FILENO};
	int status;

	fflush(stdout);
	status = process_run(&process, NULL, &error);
	if (status < 0)
		error_print(&error);
	return status < 0 ? -1 : status;
}

static void run_silently(int timeout_ms, const char *const *argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const struct process process = {.argv = argv, .timeout_ms = timeout_ms};

	if (process_run(&process, NULL, &error) < 0)
		error_print(&error);
}

#define RUN(timeout_ms, ...) run(timeout_ms, (const char *const[]){__VA_ARGS__, NULL})

/* What strangers' servers said among it goes to consoles: printable ASCII. */
static void set_text(json_t *state, const char *key, const char *text)
{
	_cleanup_free_ char *clean = strdup(text);

	ascii_make_printable(clean);
	json_object_set_new(state, key, json_string(clean ? clean : ""));
}

static void set_number(json_t *state, const char *key, json_int_t number)
{
	json_object_set_new(state, key, json_integer(number));
}

/* A power cut or a kill in the middle of an installation.  What is unpacked may need another
 * package that is not yet; nothing is removed for it. */
static void finish_begun(json_t *state)
{
	bool done =
	    RUN(REPAIR_MS, "dpkg", "--configure", "-a") == 0 ||
	    RUN(REPAIR_MS, "apt-get", "-q", "-y", "--no-remove", "--fix-broken", "install") == 0;

	set_text(state, "failure", done ? "" : "packages are half installed");
}

static void say_unreached(json_t *state, const char *said)
{
	const char *first = strstr(said, "E: ");
	char text[SHOWN + 1];

	snprintf(text, sizeof(text), "%s", first ? first + strlen("E: ") : said);
	text[strcspn(text, "\n")] = '\0';
	set_text(state, "unreached", text[0] ? text : "apt-get update fails");
	printf("the package archive could not be reached: %s\n", text);
}

/* False when nothing at all was reached.  One archive of several that is gone, a stranger's
 * perhaps, is said, and keeps no fix of another from being installed. */
static bool fetch_lists(json_t *state, json_int_t now)
{
	static const char *const argv[] = {
	    "apt-get", "-q", "-o", "DPkg::Lock::Timeout=600", "--error-on=any", "update", NULL};
	const struct process process = {.argv = argv, .timeout_ms = LISTS_MS};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	int status = process_run(&process, &said, &error);

	if (!json_number(state, "begun"))
		set_number(state, "begun", now);
	if (status == 0) {
		set_number(state, "reached", now);
		set_text(state, "unreached", "");
		return true;
	}
	say_unreached(state, status < 0 ? error_text(&error) : buffer_text(&said));
	return strstr(buffer_text(&said), "Get:") || strstr(buffer_text(&said), "Hit:");
}

/* The fixes that wait now; NULL, and the failure in the state, when that cannot be known. */
static json_t *look(json_t *state, json_int_t now)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	json_t *waiting;

	if (waiting_find(json_object_get(state, "waiting"), now, &waiting, &error) == 0) {
		json_object_set_new(state, "waiting", waiting);
		return waiting;
	}
	error_print(&error);
	set_text(state, "failure", error_text(&error));
	return NULL;
}

static int marker_make(struct error *error)
{
	return file_replace(UPDATE_RUNNING, "", 0, 0644, (uid_t)-1, (gid_t)-1, error);
}

static void say_installed(const json_t *packages)
{
	const json_t *package;
	size_t i;

	json_array_foreach(packages, i, package)
	    printf("installed: %s %s\n", json_text(package, "name"), json_text(package, "version"));
}

/* True when something was installed, or may have been. */
static bool install(json_t *state, json_int_t now)
{
	_cleanup_json_ json_t *before = json_incref(json_object_get(state, "waiting"));
	bool failed = RUN(INSTALL_MS, "unattended-upgrade") != 0;
	_cleanup_json_ json_t *done = NULL;
	const json_t *after;

	if (failed)
		set_text(state, "failure", "unattended-upgrade failed");
	after = look(state, now);
	done = after ? waiting_done(before, after) : json_array();
	if (json_array_size(done)) {
		say_installed(done);
		json_object_set(state, "installed", done);
		set_number(state, "installed_at", now);
	}
	failed = failed || json_array_size(done) > 0;
	/* Without it the machine would fill with packages that are installed. */
	RUN(SYSTEMCTL_MS, "apt-get", "clean");
	return failed;
}

static void restart_services(const json_t *services)
{
	const char **argv = calloc(json_array_size(services) + 3, sizeof(*argv));
	const json_t *service;
	size_t i, count = 0;

	if (!argv)
		return;
	argv[count++] = "systemctl";
	argv[count++] = "try-restart";
	json_array_foreach(services, i, service)
	{
		argv[count++] = json_string_value(service);
		printf("started again, for it used a file that was replaced: %s\n",
		       argv[count - 1]);
	}
	run(RESTART_MS, argv);
	free(argv);
}

/* What runs from files that are gone is started again, process 1 first: it starts the others.
 * *ret_restarted: something was; *ret_kept: something goes on with them until the machine is
 * restarted. */
static void restart_stale(bool *ret_restarted, bool *ret_kept)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(stale_free) struct stale stale = {0};

	if (stale_find("/proc", &stale, &error) < 0) {
		error_print(&error);
		return;
	}
	if (stale.manager)
		RUN(SYSTEMCTL_MS, "systemctl", "daemon-reexec");
	if (json_array_size(stale.restart))
		restart_services(stale.restart);
	*ret_restarted = json_array_size(stale.restart) > 0;
	*ret_kept = json_array_size(stale.kept) > 0;
}

static json_int_t failed_probes(void)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_json_ json_t *report = NULL;
	json_int_t failed;

	if (json_file_read(REPORT_FILE, JSON_FILE_LIMIT, 0, &report, &none) < 0)
		return 0;
	failed = json_number(report, "failed");
	if (report_state_of(report) == REPORT_FAILED && failed == 0)
		failed = 1; /* there was nothing that could even be tried */
	return failed;
}

/* What was installed is to blame when all was well before it, and until all is well again. */
static void prove(json_t *state, json_int_t failed_before, json_int_t now)
{
	json_int_t failed;

	/* Its tables are in the report. */
	run_silently(VERIFY_MS, (const char *const[]){"postcask", "verify", NULL});
	failed = failed_probes();
	if (failed == 0)
		json_object_del(state, "blamed");
	else if (failed_before == 0)
		json_object_set_new(state, "blamed",
				    json_pack("{s:I,s:O?}", "at", now, "packages",
					      json_object_get(state, "installed")));
}

/* The filter's modules replace functions of packages that are held back from the job, and not
 * from people.  What they have instead of them is said, by its first line and in the journal. */
static void check_replaced(json_t *state)
{
	static const char *const argv[] = {CHECK_REPLACED, NULL};
	const struct process process = {.argv = argv, .timeout_ms = CHECK_MS};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	int status = process_run(&process, &said, &error);
	const char *text = status < 0 ? error_text(&error) : buffer_text(&said);
	char first[SHOWN + 1];

	if (status != 0)
		printf("%s\n", text);
	snprintf(first, sizeof(first), "%s", text[0] ? text : CHECK_REPLACED " fails");
	first[strcspn(first, "\n")] = '\0';
	set_text(state, "replaced", status == 0 ? "" : first);
}

/* The timer and the file are gone after a restart, and so is the need for it. */
static void arm_reboot(json_t *state, const struct update_config *config, json_int_t now)
{
	_cleanup_free_ char *calendar = NULL;
	bool needed = file_exists(UPDATE_REBOOT);

	run_silently(SYSTEMCTL_MS,
		     (const char *const[]){"systemctl", "stop", "postcask-reboot.timer", NULL});
	set_text(state, "reboot_at", "");
	if (!needed || !json_number(state, "reboot_since"))
		set_number(state, "reboot_since", needed ? now : 0);
	if (!needed || !config->reboot[0] ||
	    asprintf(&calendar, "--on-calendar=*-*-* %s:00", config->reboot) < 0)
		return;
	if (RUN(SYSTEMCTL_MS, "systemd-run", "--quiet", "--unit=postcask-reboot.service", calendar,
		"--timer-property=AccuracySec=1s") == 0)
		set_text(state, "reboot_at", config->reboot);
}

/* The last report is written anew where it says something else of updates than is so now. */
static void renew_report(json_int_t now)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_json_ json_t *report = NULL, *before = NULL;

	if (json_file_read(REPORT_FILE, JSON_FILE_LIMIT, 0, &report, &none) < 0)
		return;
	before = json_incref(json_object_get(json_object_get(report, "updates"), "notes"));
	update_summary_add(report, &update_machine, now);
	if (!json_equal(json_object_get(json_object_get(report, "updates"), "notes"), before))
		RUN(SYSTEMCTL_MS, "systemctl", "restart", "postcask-report.service");
}

/* All that comes after an installation, its own or one that was cut off.  The dates of what
 * waits are kept on the disk before, in case this is cut off as well. */
static int finish(json_t *state, const struct update_config *config, bool changed,
		  json_int_t failed_before, json_int_t now, struct error *error)
{
	bool restarted = false, kept = false;
	int result = update_state_save(UPDATE_FOLDER, state, error);

	if (result < 0)
		return result;
	restart_stale(&restarted, &kept);
	if (kept)
		result = file_replace(UPDATE_REBOOT, "", 0, 0644, (uid_t)-1, (gid_t)-1, error);
	if (changed || restarted)
		prove(state, failed_before, now);
	check_replaced(state);
	arm_reboot(state, config, now);
	set_number(state, "looked", now);
	if (result == 0)
		result = update_state_save(UPDATE_FOLDER, state, error);
	return result < 0 ? result : file_remove_tree(UPDATE_RUNNING, error);
}

static int job(const struct update_config *config, bool whole, struct error *error)
{
	_cleanup_json_ json_t *state = update_state_load(UPDATE_FOLDER);
	json_int_t now = (json_int_t)time(NULL), failed_before = failed_probes();
	bool changed = file_exists(UPDATE_RUNNING);
	int result = state ? marker_make(error) : error_set(error, ENOMEM, "out of memory");

	if (result == 0)
		finish_begun(state);
	if (result == 0 && whole && fetch_lists(state, now) && look(state, now) &&
	    waiting_any_free(json_object_get(state, "waiting")))
		changed = install(state, now) || changed;
	if (result == 0)
		result = finish(state, config, changed, failed_before, now, error);
	if (result == 0)
		renew_report(now);
	return result;
}

int update_job(const struct update_config *config, struct error *error)
{
	return job(config, true, error);
}

int update_resume(const struct update_config *config, struct error *error)
{
	return job(config, false, error);
}

int update_reboot(const struct update_config *config, struct error *error)
{
	_cleanup_json_ json_t *state = update_state_load(UPDATE_FOLDER);
	bool due = state && json_number(state, "reboot_since") && config->reboot[0] &&
		   strcmp(json_text(state, "reboot_at"), config->reboot) == 0;

	if (!due) {
		puts("the restart is not wanted any more, or at another time");
		return 0;
	}
	return RUN(SYSTEMCTL_MS, "systemctl", "--no-block", "reboot") == 0
		   ? 0
		   : error_set(error, EIO, "the machine could not be restarted");
}
