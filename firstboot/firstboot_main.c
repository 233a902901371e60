// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-firstboot: applies the settings to this machine, at every boot, before
 * any mail daemon starts; later, the settings of `postcask apply`.
 *
 * At boot, exit status 0: a generation is in force and the daemons may start; it is
 * the settings' own, or, when those were refused, the one that worked before (the
 * report says which).  1: there is none; mail stays closed.  Otherwise, 0: done;
 * 1: nothing was changed, or it was taken back. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/options.h"
#include "base/process.h"
#include "component/components.h"
#include "firstboot/apply.h"
#include "firstboot/instance.h"
#include "firstboot/trial.h"
#include "generation/generation.h"

enum { UNITS_TIMEOUT_MS = 600 * 1000 };

static const struct apply_paths boot_paths = {.state = "/var/lib/postcask",
					      .run = "/run/postcask",
					      .keys = "/var/lib/postcask/keys",
					      .name = "firstboot.json"};
static const struct apply_paths apply_paths = {.state = "/var/lib/postcask",
					       .run = "/run/postcask",
					       .keys = "/var/lib/postcask/keys",
					       .name = "apply.json"};

static const char usage[] =
    "usage: postcask-firstboot [OPTION]\n"
    "Applies the machine's settings, as at every boot.\n"
    "  --apply FILE   apply the user-data FILE to the running machine instead\n"
    "  --judge        after the boot's self-tests: keep a change or take it back\n"
    "  --finish       the same for a change of the running machine\n";

/* Is there a generation that the daemons can run on? */
static bool machine_has_generation(struct apply_outcome *outcome)
{
	struct error none = ERROR_INIT;
	_cleanup_json_ json_t *manifest = NULL;
	bool found =
	    outcome->generation != NULL ||
	    generation_current(boot_paths.state, &outcome->generation, &manifest, &none) == 0;

	error_clear(&none);
	return found;
}

static void outcome_print(const struct apply_outcome *outcome, const struct error *error)
{
	const struct apply_times *times = &outcome->times;

	diagnostics_print(&outcome->diagnostics, stderr);
	if (error->code)
		error_print(error);
	printf("settings %s, %s, load %lld ms, render %lld ms, prove %lld ms, keys %lld ms, "
	       "commit %lld ms\n",
	       apply_result_name(outcome->result),
	       outcome->generation ? outcome->generation : "no generation", (long long)times->load,
	       (long long)times->render, (long long)times->prove, (long long)times->keys,
	       (long long)times->commit);
}

static int boot(void)
{
	_cleanup_(apply_outcome_clear) struct apply_outcome outcome = APPLY_OUTCOME_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT, late = ERROR_INIT;
	_cleanup_close_ int lock = -1;
	int result = apply_lock(&boot_paths, &lock, &error);

	if (result == 0) {
		result = apply_settings(&boot_paths, NULL, NULL, &outcome, &error);
	} else {
		outcome.result = APPLY_FAILED;
		outcome_error(&outcome, "%s", error_text(&error));
	}
	bool usable = machine_has_generation(&outcome);
	instance_note_foreign(&boot_paths, &outcome);
	outcome_print(&outcome, &error);
	if (result == 0 && instance_end_adoption(&boot_paths, &late) < 0)
		error_print(&late);
	if (outcome_save(&boot_paths, &outcome, &late) < 0)
		error_print(&late);
	return result == 0 || usable ? 0 : 1;
}

/* Exit status of systemctl, which waits for the units' end. */
static int units_run(const char *const argv[], struct error *error)
{
	struct process process = {.argv = argv, .timeout_ms = UNITS_TIMEOUT_MS};

	return process_run(&process, NULL, error);
}

/* A machine whose boot had no settings starts its mail server now; the ports that
 * the change wants, and the report, in either case.  A degraded machine is the
 * report's own affair. */
static int machine_renew(struct error *error)
{
	static const char *const ask[] = {"systemctl", "is-active", "--quiet",
					  "postcask-firstboot.service", NULL};
	static const char *const start[] = {"systemctl", "start", COMPONENT_TARGETS, NULL};
	static const char *const tell[] = {"systemctl", "restart", "postcask-open.service",
					   "postcask-report.service", NULL};
	int active = units_run(ask, error);
	int result = active > 0 ? units_run(start, error) : active;

	if (result >= 0)
		result = units_run(tell, error);
	return result < 0 ? result : 0;
}

/* What stays is what the report is about from now on. */
static int outcome_finish(const struct apply_outcome *outcome, struct error *error)
{
	int result = outcome_amend(&apply_paths, outcome, error);

	if (result == 0 && outcome->result == APPLY_APPLIED)
		result = outcome_save(&boot_paths, outcome, error);
	return result;
}

/* The second half of a change of the running machine, also after a first half that
 * was killed. */
static int finish(void)
{
	_cleanup_(apply_outcome_clear) struct apply_outcome outcome = APPLY_OUTCOME_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_close_ int lock = -1;
	bool judged = false;
	int result = apply_lock(&boot_paths, &lock, &error);

	if (result == 0)
		result = trial_judge(&apply_paths, true, &outcome, &judged, &error);
	instance_note_foreign(&boot_paths, &outcome);
	if (result == 0 && judged)
		result = outcome_finish(&outcome, &error);
	cleanup_close(&lock); /* the boot's own run is one of the units */
	lock = -1;
	if (result == 0)
		result = machine_renew(&error);
	if (result < 0)
		error_print(&error);
	return result == 0 && outcome.result != APPLY_REVERTED ? 0 : 1;
}

static int judge(void)
{
	_cleanup_(apply_outcome_clear) struct apply_outcome outcome = APPLY_OUTCOME_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_close_ int lock = -1;
	bool judged = false;
	int result = apply_lock(&boot_paths, &lock, &error);

	if (result == 0)
		result = trial_judge(&boot_paths, false, &outcome, &judged, &error);
	if (result == 0 && judged)
		result = outcome_amend(&boot_paths, &outcome, &error);
	if (result < 0)
		error_print(&error);
	return result == 0 ? 0 : 1;
}

static int apply(const char *file)
{
	_cleanup_(apply_outcome_clear) struct apply_outcome outcome = APPLY_OUTCOME_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT, late = ERROR_INIT;
	_cleanup_close_ int lock = -1;
	bool judged, reverted;
	int result = apply_lock(&boot_paths, &lock, &error);

	/* A change before that nobody has judged yet must not be what this one goes back to. */
	if (result == 0)
		result = trial_judge(&apply_paths, true, &outcome, &judged, &error);
	reverted = outcome.result == APPLY_REVERTED;
	apply_outcome_clear(&outcome);
	if (reverted)
		outcome_note(&outcome, "a change before this one was never judged to its end; it "
				       "was taken back");
	outcome.result = APPLY_FAILED;
	if (result == 0)
		result = apply_settings(&apply_paths, NULL, file, &outcome, &error);
	if (result < 0 && !outcome.errors && !outcome.diagnostics.count)
		outcome_error(&outcome, "%s", error_text(&error));
	outcome_print(&outcome, &error);
	if (outcome_save(&apply_paths, &outcome, &late) < 0) {
		error_print(&late);
		result = late.code;
	} else if (result == 0 && outcome.result == APPLY_APPLIED && !outcome.trial) {
		result = outcome_save(&boot_paths, &outcome, &late);
	}
	return result == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	const char *file = NULL;
	bool judges = false, finishes = false;
	const struct command_option options[] = {
	    {"apply", .value = &file}, {"judge", .on = &judges}, {"finish", .on = &finishes}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if ((file != NULL) + judges + finishes > 1)
		return command_usage(usage);
	umask(022);
	return file ? apply(file) : judges ? judge() : finishes ? finish() : boot();
}
