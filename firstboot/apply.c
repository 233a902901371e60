#include "firstboot/apply.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "firstboot/certificate.h"
#include "firstboot/components.h"
#include "firstboot/drift.h"
#include "firstboot/generation.h"
#include "firstboot/prove.h"
#include "firstboot/selftest.h"

enum { KEYS_TIMEOUT_MS = 120 * 1000, RELOAD_TIMEOUT_MS = 10 * 1000 };

static int64_t lap(int64_t *since)
{
	int64_t now = clock_now_ms(), taken = now - *since;

	*since = now;
	return taken;
}

/* A sentence for the report. */
_printf_(2, 3) static void outcome_note(struct apply_outcome *outcome, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	if (!outcome->notes)
		outcome->notes = json_array();
	json_array_append_new(outcome->notes, json_string(text ? text : "out of memory"));
}

/* What the unprivileged probes may know of the settings: no secret is in it. */
static int probe_settings_save(const struct apply_paths *paths, const json_t *settings,
			       struct error *error)
{
	_cleanup_free_ char *path = file_join(paths->run, "verify-settings.json"), *text = NULL;
	const json_t *user = json_array_get(json_object_get(settings, "users"), 0);
	json_t *address = json_object_get(user, "address");
	json_t *value = json_pack(
		"{s:O,s:O,s:O,s:O,s:s,s:O,s:O}", "hostname", json_object_get(settings, "hostname"),
		"domains", json_object_get(settings, "domains"), "services",
		json_object_get(settings, "services"), "limits", json_object_get(settings, "limits"),
		"version", POSTCASK_VERSION, "first_address", address ? address : json_null(),
		"certificate", json_object_get(json_object_get(settings, "tls"), "certificate"));

	text = value ? json_dumps(value, JSON_SORT_KEYS | JSON_INDENT(1)) : NULL;
	json_decref(value);
	if (!path || !text)
		return error_set(error, ENOMEM, "out of memory");
	return file_replace(path, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, error);
}

static int certificate_begin(const struct apply_paths *paths, const json_t *settings,
			     struct certificate_job **ret_job, struct error *error)
{
	const char *names[CERTIFICATE_NAMES_MAX];
	struct certificate_request request = {0};
	int result = certificate_request_from_settings(settings, names, &request, error);

	if (result < 0)
		return result;
	request.folder = paths->keys;
	return certificate_ensure_begin(&request, ret_job, error);
}

static int certificate_finish(struct certificate_job *job, struct apply_outcome *outcome,
			      struct error *error)
{
	static const char *const authority_names[] = {[AUTHORITY_KEPT] = "kept",
						      [AUTHORITY_MADE] = "made",
						      [AUTHORITY_RENEWED] = "renewed",
						      [AUTHORITY_REPLACED] = "replaced"};
	struct certificate_outcome certificate = CERTIFICATE_OUTCOME_INIT;
	int result = certificate_ensure_finish(job, KEYS_TIMEOUT_MS, &certificate, error);

	if (result < 0)
		return error_wrap(error, "certificates");
	outcome->authority = authority_names[certificate.authority];
	outcome->certificate_changed = certificate.changed;
	if (certificate.note)
		outcome_note(outcome, "%s", certificate.note);
	certificate_outcome_clear(&certificate);
	return 0;
}

/* Renders a new generation and has the daemons' checkers prove it. */
static int generation_prepare(const struct apply_paths *paths, const json_t *settings,
			      const char *templates, const char *key,
			      struct apply_outcome *outcome, char **ret_name, struct error *error)
{
	_cleanup_free_ char *folder = NULL;
	int64_t since = clock_now_ms();
	int result = generation_make(paths->state, settings, templates, key, ret_name, error);

	outcome->times.render = lap(&since);
	if (result < 0)
		return result;
	folder = file_join(paths->state, *ret_name);
	if (!folder)
		return error_set(error, ENOMEM, "out of memory");
	result = prove_generation(folder, error);
	outcome->times.prove = lap(&since);
	if (result < 0) {
		struct error ignored = ERROR_INIT;

		if (file_remove_tree(folder, &ignored) < 0)
			error_clear(&ignored);
	}
	return result;
}

/* Was a file of the generation in force changed by hand?  What was written there
 * stays in the old generation, for whoever misses it. */
static int drift_decide(const struct apply_paths *paths, const json_t *manifest,
			struct apply_outcome *outcome, struct error *error)
{
	_cleanup_free_ char *changed = NULL;
	int result = drift_find(paths->state, manifest, &changed, error);

	if (result < 0 || !changed)
		return result;
	outcome_note(outcome,
		     "/%s was changed by hand; it is written anew from the settings, the changed "
		     "one is %s/%s/%s",
		     changed, paths->state, outcome->generation, changed);
	outcome->result = APPLY_APPLIED;
	return 0;
}

/* Is the generation in force already what the settings give? */
static int settings_decide(const struct apply_paths *paths, const json_t *settings,
			   const char *templates, struct apply_outcome *outcome,
			   char ret_key[GENERATION_KEY_SIZE], struct error *error)
{
	struct error none = ERROR_INIT;
	json_t *manifest = NULL;
	const char *in_force = NULL;
	int result = generation_key(settings, templates, ret_key, error);

	if (result < 0)
		return result;
	if (generation_current(paths->state, &outcome->generation, &manifest, &none) == 0)
		in_force = json_string_value(json_object_get(manifest, "key"));
	outcome->result = in_force && strcmp(in_force, ret_key) == 0 ? APPLY_UNCHANGED
								      : APPLY_APPLIED;
	error_clear(&none);
	if (outcome->result == APPLY_UNCHANGED)
		result = drift_decide(paths, manifest, outcome, error);
	json_decref(manifest);
	return result;
}

/* Tells the daemons that run already.  Their start order is the daemons' own, so
 * nothing waits for them, and a failure costs no more than a late time server. */
static void early_daemons_reload(void)
{
	for (size_t i = 0; i < component_count; i++) {
		struct error none = ERROR_INIT;
		const char *argv[] = {"systemctl", "--no-block", components[i].reload_verb,
				      components[i].unit, NULL};
		struct process process = {.argv = argv, .timeout_ms = RELOAD_TIMEOUT_MS};

		if (components[i].starts_early && process_run(&process, NULL, &none) < 0)
			error_clear(&none);
	}
}

static int generation_put_in_force(const struct apply_paths *paths, char *name,
				   struct apply_outcome *outcome, struct error *error)
{
	int64_t since = clock_now_ms();
	int result = generation_commit(paths->state, name, error);

	if (result < 0)
		return result;
	free(outcome->generation);
	outcome->generation = name;
	result = generation_prune(paths->state, error);
	outcome->times.commit = lap(&since);
	early_daemons_reload();
	return result;
}

/* Decide, render, prove, keys, commit.  The keys are made while the daemons'
 * checkers run, and are there before the generation that names them. */
static int checked_apply(const struct apply_paths *paths, const json_t *settings,
			 struct apply_outcome *outcome, struct error *error)
{
	_cleanup_free_ char *templates = generation_templates(), *name = NULL;
	struct error late = ERROR_INIT;
	struct certificate_job *job;
	char key[GENERATION_KEY_SIZE];
	int result, keys;

	if (!templates)
		return error_set(error, ENOMEM, "out of memory");
	result = settings_decide(paths, settings, templates, outcome, key, error);
	if (result == 0)
		result = certificate_begin(paths, settings, &job, error);
	if (result < 0)
		return result;
	if (outcome->result == APPLY_APPLIED)
		result = generation_prepare(paths, settings, templates, key, outcome, &name, error);
	int64_t since = clock_now_ms();
	keys = certificate_finish(job, outcome, &late);
	outcome->times.keys = lap(&since);
	if (result == 0 && keys < 0)
		result = error_set(error, keys, "%s", error_text(&late));
	error_clear(&late);
	if (result == 0 && name)
		result = generation_put_in_force(paths, TAKE_POINTER(name), outcome, error);
	return result;
}

/* The settings of the generation in force (a new reference), NULL when there is
 * none or it cannot be read. */
static json_t *in_force_settings(const struct apply_paths *paths)
{
	_cleanup_free_ char *path = file_join(paths->state, "current/settings.json"), *text = NULL;
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	json_t *settings;

	if (!path || file_read(path, SETTINGS_SIZE_LIMIT * 4u, &text, NULL, &none) < 0)
		return NULL;
	settings = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	explicit_bzero(text, strlen(text));
	return settings;
}

/* Gets ready what the generation in force needs beside itself: the self-test
 * account, what the probes may know and, after a failed change, the certificates
 * of its own names.  -ENOENT when there is no generation. */
static int in_force_publish(const struct apply_paths *paths, bool failed,
			    struct apply_outcome *outcome, struct error *error)
{
	json_t *settings = in_force_settings(paths);
	struct certificate_job *job;
	int result = 0;

	if (!settings)
		return error_set(error, ENOENT, "%s/current/settings.json: missing or damaged",
				 paths->state);
	if (failed) {
		result = certificate_begin(paths, settings, &job, error);
		if (result == 0)
			result = certificate_finish(job, outcome, error);
	}
	if (result == 0)
		result = selftest_prepare(paths->run, error);
	if (result == 0)
		result = probe_settings_save(paths, settings, error);
	json_decref(settings);
	return result;
}

/* The settings to apply: the user-data's, or, when this boot has none (its seed
 * was taken away), those in force. */
static int settings_find(const struct apply_paths *paths, const struct settings_sources *sources,
			 struct apply_outcome *outcome, json_t **ret_settings, struct error *error)
{
	int result = settings_load_machine(sources, &outcome->diagnostics, ret_settings);

	if (result == -ENOENT && (*ret_settings = in_force_settings(paths))) {
		diagnostics_free(&outcome->diagnostics);
		outcome->diagnostics = DIAGNOSTICS_INIT;
		outcome_note(outcome, "this boot's user-data has no settings for mail; those in "
				      "force stay");
		return 0;
	}
	if (result < 0)
		return error_set(error, result, "the user-data is %s; nothing was changed",
				 result == -ENOENT ? "without settings for mail" : "refused");
	return 0;
}

static int settings_apply(const struct apply_paths *paths, const struct settings_sources *sources,
			  struct apply_outcome *outcome, struct error *error)
{
	int64_t since = clock_now_ms();
	json_t *settings = NULL;
	int result;

	outcome->result = APPLY_REFUSED;
	result = settings_find(paths, sources, outcome, &settings, error);
	outcome->times.load = lap(&since);
	if (result < 0)
		return result;
	result = checked_apply(paths, settings, outcome, error);
	if (result < 0)
		outcome->result = APPLY_FAILED;
	json_decref(settings);
	return result;
}

int apply_settings(const struct apply_paths *paths, const struct settings_sources *sources,
		   struct apply_outcome *outcome, struct error *error)
{
	struct error late = ERROR_INIT;
	int result = settings_apply(paths, sources, outcome, error);
	int published = in_force_publish(paths, result < 0, outcome, &late);

	if (result == 0 && published < 0) {
		outcome->result = APPLY_FAILED;
		result = error_set(error, published, "%s", error_text(&late));
	}
	error_clear(&late);
	return result;
}

/* The diagnostics and the failure as one list of lines. */
static json_t *outcome_errors(const struct apply_outcome *outcome, const struct error *failure)
{
	json_t *errors = json_array();

	for (size_t i = 0; i < outcome->diagnostics.count; i++) {
		_cleanup_free_ char *line = diagnostic_line(&outcome->diagnostics.items[i]);

		json_array_append_new(errors, json_string(line ? line : "out of memory"));
	}
	if (failure->code && outcome->result == APPLY_FAILED)
		json_array_append_new(errors, json_string(error_text(failure)));
	return errors;
}

int apply_outcome_save(const struct apply_paths *paths, const struct apply_outcome *outcome,
		       const struct error *failure, struct error *error)
{
	_cleanup_free_ char *path = file_join(paths->run, "firstboot.json"), *text = NULL;
	const struct apply_times *times = &outcome->times;
	const char *number = outcome->generation ? strrchr(outcome->generation, '/') : NULL;
	json_t *value = json_pack(
		"{s:s,s:o,s:I,s:s,s:b,s:o,s:{s:I,s:I,s:I,s:I,s:I}}", "state",
		apply_result_name(outcome->result), "errors", outcome_errors(outcome, failure),
		"generation", (json_int_t)(number ? strtol(number + 1, NULL, 10) : 0), "authority",
		outcome->authority, "certificate_changed", outcome->certificate_changed,
		"notes", outcome->notes ? json_incref(outcome->notes) : json_array(),
		"milliseconds", "load",
		(json_int_t)times->load, "render", (json_int_t)times->render, "prove",
		(json_int_t)times->prove, "keys", (json_int_t)times->keys, "commit",
		(json_int_t)times->commit);

	text = value ? json_dumps(value, JSON_INDENT(1)) : NULL;
	json_decref(value);
	if (!path || !text)
		return error_set(error, ENOMEM, "out of memory");
	return file_replace(path, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, error);
}

const char *apply_result_name(enum apply_result result)
{
	static const char *const names[] = {[APPLY_UNCHANGED] = "unchanged",
					    [APPLY_APPLIED] = "applied",
					    [APPLY_REFUSED] = "refused",
					    [APPLY_FAILED] = "failed"};

	return names[result];
}

void apply_outcome_clear(struct apply_outcome *outcome)
{
	free(outcome->generation);
	json_decref(outcome->notes);
	diagnostics_free(&outcome->diagnostics);
	*outcome = APPLY_OUTCOME_INIT;
}
