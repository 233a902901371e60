// SPDX-License-Identifier: GPL-3.0-or-later
/* trial_judge: the probes decide whether a change stays. */
#include "firstboot/trial.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/process.h"
#include "base/utf8.h"
#include "firstboot/publish.h"
#include "generation/change.h"
#include "generation/generation.h"

/* Longer than the unit's own deadline. */
enum { VERIFY_TIMEOUT_MS = 310 * 1000, REPORT_LIMIT = 4 * 1024 * 1024 };

struct judge {
	const struct apply_paths *paths;
	struct trial trial;
	struct change change;
	struct apply_outcome *outcome;
};

static void judge_clear(struct judge *judge)
{
	trial_clear(&judge->trial);
}

/* The probes' report is written by an account without rights, and a daemon says what it
 * likes: what is taken from them becomes printable ASCII of bounded length. */
static char *printable(const char *text)
{
	char *copy = strndup(text, 300);

	ascii_make_printable(copy);
	return copy;
}

/* Runs the probes in their own unit.  Their report of before is removed: it must
 * not be taken for the one to come. */
static void probes_run(const struct judge *judge)
{
	static const char *const argv[] = {"systemctl", "restart", "postcask-verify.service", NULL};
	struct process process = {.argv = argv, .timeout_ms = VERIFY_TIMEOUT_MS};
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *path = file_join(judge->paths->run, "verify/report.json");

	if (path && (unlink(path) == 0 || errno == ENOENT) &&
	    process_run(&process, NULL, &none) != 0)
		return; /* without a report nothing is proved: that is what counts */
}

/* The probes that failed, and why: name -> sentence (a new reference); empty when
 * all is well. */
static json_t *probes_failed(const struct judge *judge)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *path = file_join(judge->paths->run, "verify/report.json");
	json_t *failed = json_object(), *probes, *probe;
	_cleanup_json_ json_t *report = NULL;
	size_t i;

	(void)!json_file_read(path, REPORT_LIMIT, JSON_FILE_FOREIGN, &report, &none);
	probes = json_object_get(report, "probes");
	if (json_array_size(probes) == 0)
		json_object_set_new(failed, "self-tests", json_string("they left no result"));
	json_array_foreach(probes, i, probe)
	{
		_cleanup_free_ char *name = printable(json_text(probe, "name"));
		_cleanup_free_ char *detail = printable(json_text(probe, "detail"));
		const char *result = json_text(probe, "result");

		if (name && detail && strcmp(result, "passed") != 0 &&
		    strcmp(result, "skipped") != 0)
			json_object_set_new(failed, name, json_string(detail));
	}
	return failed;
}

/* Makes the running daemons take what is in force and probes them. */
static json_t *take_and_probe(const struct judge *judge)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int reloaded = change_reload(&judge->change, &error);
	_cleanup_free_ char *detail = printable(error_text(&error));
	json_t *failed;

	probes_run(judge);
	failed = probes_failed(judge);
	if (reloaded < 0)
		json_object_set_new(failed, "reload", json_string(detail ? detail : ""));
	return failed;
}

static int put_in_force(struct judge *judge, const char *name, struct error *error)
{
	char *copy = strdup(name);
	int result = copy ? generation_commit(judge->paths->state, name, error)
			  : error_set(error, ENOMEM, "out of memory");

	if (result < 0) {
		free(copy);
		return result;
	}
	free(judge->outcome->generation);
	judge->outcome->generation = copy;
	return publish_in_force(judge->paths, true, judge->outcome, error);
}

/* Those of `failed` that did not fail `before`. */
static json_t *blamed(const json_t *failed, const json_t *before)
{
	json_t *difference = json_object(), *detail;
	const char *name;

	json_object_foreach((json_t *)failed, name, detail)
	{
		if (!json_object_get(before, name))
			json_object_set(difference, name, detail);
	}
	return difference;
}

/* Goes back; comes forward again when the change is not to blame. */
static int go_back(struct judge *judge, const json_t *failed, struct error *error)
{
	_cleanup_json_ json_t *before = NULL, *fault = NULL;
	const char *name;
	json_t *detail;
	int result = put_in_force(judge, judge->trial.previous, error);

	if (result < 0)
		return result;
	before = take_and_probe(judge);
	fault = blamed(failed, before);
	json_object_foreach(fault, name, detail) outcome_error(
	    judge->outcome, "the change was taken back: %s: %s", name, json_string_value(detail));
	if (json_object_size(fault) > 0) {
		judge->outcome->result = APPLY_REVERTED;
	} else {
		json_object_foreach(before, name, detail) outcome_note(
		    judge->outcome,
		    "%s failed with the settings before as well, so the new ones stay", name);
		result = put_in_force(judge, judge->trial.generation, error);
		if (result == 0)
			json_decref(take_and_probe(judge));
	}
	return result;
}

static int judge_prepare(struct judge *judge, struct error *error)
{
	_cleanup_json_ json_t *old = NULL, *new = NULL;
	int result = generation_manifest(judge->paths->state, judge->trial.previous, &old, error);

	if (result == 0)
		result =
		    generation_manifest(judge->paths->state, judge->trial.generation, &new, error);
	if (result == 0)
		judge->change = judge->trial.drifted ? CHANGE_ALL : change_between(old, new);
	change_add_keys(&judge->change, judge->trial.keys);
	judge->outcome->result = APPLY_APPLIED;
	free(judge->outcome->generation);
	judge->outcome->generation = strdup(judge->trial.generation);
	return result;
}

static int judge_run(struct judge *judge, bool running, struct error *error)
{
	_cleanup_json_ json_t *failed = NULL;
	int result = judge_prepare(judge, error);

	if (result == -ENOENT) { /* nothing to go back to: what is in force stays */
		outcome_note(judge->outcome, "this change cannot be taken back: %s",
			     error_text(error));
		error_clear(error);
		return 0;
	}
	if (result < 0)
		return result;
	failed = running ? take_and_probe(judge) : probes_failed(judge);
	if (json_object_size(failed) > 0)
		result = go_back(judge, failed, error);
	if (running && result == 0)
		judge->outcome->reloaded = change_units(&judge->change);
	return result;
}

/* It was cut off on its way back, or before it was in force: the daemons may run on either,
 * and what was published and the certificates' names may be of the other one. */
static int judge_resume(struct judge *judge, bool *ret_judged, struct error *error)
{
	int result = judge_prepare(judge, error);

	if (result == -ENOENT) { /* it was never whole */
		error_clear(error);
		return 0;
	}
	*ret_judged = true;
	if (result == 0)
		result = put_in_force(judge, judge->trial.previous, error);
	if (result < 0)
		return result;
	json_decref(take_and_probe(judge));
	outcome_error(judge->outcome, "the change was taken back: it was interrupted");
	judge->outcome->result = APPLY_REVERTED;
	judge->outcome->reloaded = change_units(&judge->change);
	return 0;
}

/* Is this generation the one in force?  The power may have gone between the record
 * and the commit. */
static bool in_force(const struct judge *judge, const char *generation)
{
	_cleanup_free_ char *link = file_join(judge->paths->state, "current");
	char target[64];
	ssize_t size = link ? readlink(link, target, sizeof(target) - 1) : -1;

	if (size < 0)
		return false;
	target[size] = '\0';
	return strcmp(target, generation) == 0;
}

int trial_judge(const struct apply_paths *paths, bool running, struct apply_outcome *outcome,
		bool *ret_judged, struct error *error)
{
	_cleanup_(judge_clear) struct judge judge = {.paths = paths, .outcome = outcome};
	int result = trial_read(paths->state, &judge.trial, error);

	*ret_judged = false;
	if (result == -ENOENT) {
		error_clear(error);
		return 0;
	}
	if (result < 0)
		return result;
	if (in_force(&judge, judge.trial.generation)) {
		*ret_judged = true;
		result = judge_run(&judge, running, error);
	} else if (running && in_force(&judge, judge.trial.previous)) {
		result = judge_resume(&judge, ret_judged, error);
	}
	return result == 0 ? trial_end(paths->state, error) : result;
}
