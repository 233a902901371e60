#include "firstboot/apply.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "firstboot/certificate.h"
#include "firstboot/components.h"
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

/* What the unprivileged probes may know of the settings: no secret is in it. */
static int probe_settings_save(const struct apply_paths *paths, const json_t *settings,
			       struct error *error)
{
	_cleanup_free_ char *path = file_join(paths->run, "verify-settings.json"), *text = NULL;
	const json_t *user = json_array_get(json_object_get(settings, "users"), 0);
	json_t *address = json_object_get(user, "address");
	json_t *value = json_pack(
		"{s:O,s:O,s:O,s:O,s:s,s:O}", "hostname", json_object_get(settings, "hostname"),
		"domains", json_object_get(settings, "domains"), "services",
		json_object_get(settings, "services"), "limits", json_object_get(settings, "limits"),
		"version", POSTCASK_VERSION, "first_address", address ? address : json_null());

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
	outcome->certificate_note = TAKE_POINTER(certificate.note);
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
	json_decref(manifest);
	return 0;
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

/* Gets ready what the generation in force needs beside itself: the self-test
 * account, what the probes may know and, after a failed change, the certificates
 * of its own names.  -ENOENT when there is no generation. */
static int in_force_publish(const struct apply_paths *paths, bool failed,
			    struct apply_outcome *outcome, struct error *error)
{
	_cleanup_free_ char *path = file_join(paths->state, "current/settings.json"), *text = NULL;
	struct certificate_job *job;
	json_t *settings = NULL;
	int result = path ? file_read(path, SETTINGS_SIZE_LIMIT * 4u, &text, NULL, error)
			  : error_set(error, ENOMEM, "out of memory");

	if (result < 0)
		return result;
	settings = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	explicit_bzero(text, strlen(text));
	if (!settings)
		return error_set(error, EINVAL, "%s: damaged", path);
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

static int settings_apply(const struct apply_paths *paths, const struct settings_sources *sources,
			  struct apply_outcome *outcome, struct error *error)
{
	int64_t since = clock_now_ms();
	json_t *settings = NULL;
	int result = settings_load_machine(sources, &outcome->diagnostics, &settings);

	outcome->times.load = lap(&since);
	outcome->result = APPLY_REFUSED;
	if (result < 0)
		return error_set(error, result, "the user-data is %s; nothing was changed",
				 result == -ENOENT ? "without settings for mail" : "refused");
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
		"{s:s,s:o,s:I,s:s,s:b,s:s?,s:{s:I,s:I,s:I,s:I,s:I}}", "state",
		apply_result_name(outcome->result), "errors", outcome_errors(outcome, failure),
		"generation", (json_int_t)(number ? strtol(number + 1, NULL, 10) : 0), "authority",
		outcome->authority, "certificate_changed", outcome->certificate_changed,
		"certificate_note", outcome->certificate_note, "milliseconds", "load",
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
	free(outcome->certificate_note);
	diagnostics_free(&outcome->diagnostics);
	*outcome = APPLY_OUTCOME_INIT;
}
