// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/apply.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json_file.h"
#include "firstboot/keys.h"
#include "firstboot/publish.h"
#include "firstboot/source.h"
#include "firstboot/trial.h"
#include "generation/change.h"
#include "generation/drift.h"
#include "generation/generation.h"
#include "generation/prove.h"

/* The other run's own deadline is shorter. */
enum { LOCK_TIMEOUT_MS = 600 * 1000 };

/* One run on its way. */
struct work {
	const struct apply_paths *paths;
	struct source source;
	struct apply_outcome *outcome;
	char *templates;  /* owned */
	json_t *manifest; /* owned: of the generation in force; NULL: there is none */
	char *name;	  /* owned: the new generation, "generations/N" */
	struct change change;
	bool drifted; /* a file of the generation in force was changed by hand */
	char key[GENERATION_KEY_SIZE];
};

static void work_clear(struct work *work)
{
	source_clear(&work->source);
	json_decref(work->manifest);
	free(work->templates);
	free(work->name);
}

static int64_t lap(int64_t *since)
{
	int64_t now = clock_now_ms(), taken = now - *since;

	*since = now;
	return taken;
}

static bool same_text(const json_t *manifest, const char *key, const char *wanted)
{
	const char *text = json_string_value(json_object_get(manifest, key));

	return text && wanted ? strcmp(text, wanted) == 0 : text == wanted;
}

/* Was a file of the generation in force changed by hand?  What was written there
 * stays in the old generation, for whoever misses it. */
static int drift_decide(struct work *work, struct error *error)
{
	struct apply_outcome *outcome = work->outcome;
	_cleanup_json_ json_t *changed = NULL;
	json_t *path;
	size_t i;
	int result = drift_find(work->paths->state, work->manifest, &changed, error);

	json_array_foreach(changed, i, path)
	{
		outcome_note(outcome,
			     "/%s was changed by hand; it is written anew from the settings, the "
			     "changed one is %s/%s/%s",
			     json_string_value(path), work->paths->state, outcome->generation,
			     json_string_value(path));
		outcome->result = APPLY_APPLIED;
		work->drifted = true;
	}
	return result;
}

/* Is the generation in force already what the settings give? */
static int decide(struct work *work, struct error *error)
{
	struct apply_outcome *outcome = work->outcome;
	struct generation_origin origin = source_origin(&work->source, work->key);
	struct error none = ERROR_INIT;
	int result = generation_key(work->source.settings, work->templates, work->key, error);

	if (result < 0)
		return result;
	outcome->result = APPLY_APPLIED;
	if (generation_current(work->paths->state, &outcome->generation, &work->manifest, &none) <
	    0) {
		error_clear(&none);
		return 0;
	}
	if (same_text(work->manifest, "key", work->key) &&
	    same_text(work->manifest, "over", origin.over) &&
	    ((work->source.kept && !work->source.adopted) ||
	     same_text(work->manifest, "instance", origin.instance)))
		outcome->result = APPLY_UNCHANGED;
	return drift_decide(work, error);
}

/* What the new generation changes; after a drift nobody knows. */
static int change_find(struct work *work, struct error *error)
{
	_cleanup_json_ json_t *made = NULL;
	int result = generation_manifest(work->paths->state, work->name, &made, error);

	if (result < 0)
		return result;
	work->change = work->drifted ? CHANGE_ALL : change_between(work->manifest, made);
	return 0;
}

/* Renders a new generation and has the daemons' checkers prove it. */
static int prepare(struct work *work, struct error *error)
{
	const struct apply_paths *paths = work->paths;
	struct generation_origin origin = source_origin(&work->source, work->key);
	_cleanup_free_ char *folder = NULL;
	int64_t since = clock_now_ms();
	int result = generation_make(paths->state, work->source.settings, work->templates, &origin,
				     &work->name, error);

	work->outcome->times.render = lap(&since);
	if (result < 0)
		return result;
	folder = file_join(paths->state, work->name);
	if (!folder)
		return error_set(error, ENOMEM, "out of memory");
	result = change_find(work, error);
	if (result == 0)
		result = prove_generation(folder, work->source.settings, &work->change, error);
	work->outcome->times.prove = lap(&since);
	if (result < 0) {
		struct error ignored = ERROR_INIT;

		if (file_remove_tree(folder, &ignored) < 0)
			error_clear(&ignored);
	}
	return result;
}

/* A change of this image's own work can be taken back; the first generation, and
 * the first of another image, cannot. */
static bool needs_trial(const struct work *work)
{
	_cleanup_json_ json_t *units = change_units(&work->change);

	return json_array_size(units) > 0 && same_text(work->manifest, "version", POSTCASK_VERSION);
}

/* The way back is to the generation in force; when that one is itself on trial still, for
 * the power went before it was judged, to the one before it. */
static int trial_prepare(struct work *work, struct trial *trial, struct error *error)
{
	struct apply_outcome *outcome = work->outcome;
	int result = trial_read(work->paths->state, trial, error);
	bool unjudged = result == 0 && outcome->generation &&
			strcmp(trial->generation, outcome->generation) == 0 &&
			same_text(work->manifest, "version", POSTCASK_VERSION);

	error_clear(error); /* what cannot be read is replaced */
	outcome->trial = unjudged || needs_trial(work);
	if (!unjudged) {
		trial_clear(trial);
		trial->previous = outcome->generation ? strdup(outcome->generation) : NULL;
	}
	free(trial->generation);
	trial->generation = strdup(work->name);
	trial->keys |= outcome->keys_changed;
	trial->drifted = trial->drifted || work->drifted;
	return trial->generation && (trial->previous || !outcome->generation)
		   ? 0
		   : error_set(error, ENOMEM, "out of memory");
}

static int put_in_force(struct work *work, struct error *error)
{
	_cleanup_(trial_clear) struct trial trial = TRIAL_INIT;
	struct apply_outcome *outcome = work->outcome;
	int64_t since = clock_now_ms();
	int result;

	change_add_keys(&work->change, outcome->keys_changed);
	result = trial_prepare(work, &trial, error);
	if (result == 0 && outcome->trial)
		result = trial_begin(work->paths->state, &trial, error);
	if (result == 0)
		result = generation_commit(work->paths->state, work->name, error);
	if (result < 0)
		return result;
	result = generation_prune(work->paths->state, trial.previous, error);
	free(outcome->generation);
	outcome->generation = TAKE_POINTER(work->name);
	outcome->times.commit = lap(&since);
	change_reload_early(&work->change);
	return result;
}

/* Decide, render, prove, keys, commit.  The keys are made while the daemons'
 * checkers run, and are there before the generation that names them. */
static int checked_apply(struct work *work, struct error *error)
{
	struct error late = ERROR_INIT;
	struct key_run run;
	int result, keys;

	work->templates = generation_templates();
	if (!work->templates)
		return error_set(error, ENOMEM, "out of memory");
	result = decide(work, error);
	if (result == 0)
		result = apply_keys_begin(work->paths, work->source.settings, &run, error);
	if (result < 0)
		return result;
	if (work->outcome->result == APPLY_APPLIED)
		result = prepare(work, error);
	int64_t since = clock_now_ms();
	keys = apply_keys_finish(&run, work->outcome, &late);
	work->outcome->times.keys = lap(&since);
	if (result == 0 && keys < 0)
		result = error_set(error, keys, "%s", error_text(&late));
	error_clear(&late);
	if (result == 0 && work->name)
		result = put_in_force(work, error);
	return result;
}

static int load_and_apply(struct work *work, const struct settings_sources *sources,
			  const char *file, struct error *error)
{
	int64_t since = clock_now_ms();
	int result;

	work->outcome->result = APPLY_REFUSED;
	result = source_load(work->paths, sources, file, work->outcome, &work->source, error);
	work->outcome->times.load = lap(&since);
	if (result < 0 && !work->outcome->diagnostics.errors) /* none of them says why */
		outcome_error(work->outcome, "%s", error_text(error));
	if (result < 0)
		return result;
	result = checked_apply(work, error);
	if (result < 0)
		work->outcome->result = APPLY_FAILED;
	return result;
}

int apply_settings(const struct apply_paths *paths, const struct settings_sources *sources,
		   const char *file, struct apply_outcome *outcome, struct error *error)
{
	_cleanup_(work_clear) struct work work = {.paths = paths, .outcome = outcome};
	struct error late = ERROR_INIT;
	int result = load_and_apply(&work, sources, file, error);
	int published = publish_in_force(paths, result < 0, outcome, &late);

	if (result == 0 && published < 0) {
		outcome->result = APPLY_FAILED;
		result = error_set(error, published, "%s", error_text(&late));
	}
	error_clear(&late);
	if (outcome->result == APPLY_FAILED)
		outcome_error(outcome, "%s", error_text(error));
	return result;
}

int apply_lock(const struct apply_paths *paths, int *ret_fd, struct error *error)
{
	_cleanup_free_ char *path = file_join(paths->run, "apply.lock");
	int result = file_make_folders(paths->run, 0755, error);

	if (result < 0)
		return result;
	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	return file_lock(path, LOCK_TIMEOUT_MS, ret_fd, error);
}
