// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/source.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "firstboot/instance.h"

#define INSTANCE_PATH "/var/lib/cloud/data/instance-id"
#define COMBINED_PATH "/run/cloud-init/combined-cloud-config.json"
enum { COMBINED_LIMIT = SETTINGS_SIZE_LIMIT * 4 };

void source_clear(struct source *source)
{
	json_decref(source->settings);
	if (source->applied)
		explicit_bzero(source->applied, source->applied_size);
	free(source->applied);
	free(source->instance);
	*source = SOURCE_INIT;
}

struct generation_origin source_origin(const struct source *source, const char *key)
{
	return (struct generation_origin){.key = key,
					  .instance = source->instance,
					  .applied = source->applied,
					  .applied_size = source->applied_size,
					  .over = source->applied ? source->over : NULL};
}

/* The manifest of the generation in force; NULL when there is none. */
static json_t *manifest_in_force(const struct apply_paths *paths)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *name = NULL;
	json_t *manifest = NULL;

	return generation_current(paths->state, &name, &manifest, &none) == 0 ? manifest : NULL;
}

/* Whether the machine's own settings are still the same is asked of what was
 * written, not of what it means: a new image's defaults are no change of theirs.
 * *ret_mail: do they have a `mail` at all? */
static int machine_digest(const char *path, char ret[DIGEST_TEXT_SIZE], bool *ret_mail,
			  struct error *error)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_json_ json_t *all = NULL, *ours = json_object();
	_cleanup_free_ char *canonical = NULL;
	static const char *const keys[] = {"mail", "fqdn", "hostname"};
	EVP_MD_CTX *digest = digest_begin();

	(void)!json_file_read(path, COMBINED_LIMIT, JSON_FILE_REPEATS, &all, &none);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		json_object_set(ours, keys[i], json_object_get(all, keys[i]));
	*ret_mail = json_object_get(ours, "mail") != NULL;
	canonical = json_dumps(ours, JSON_SORT_KEYS | JSON_COMPACT);
	if (!digest || !canonical) {
		EVP_MD_CTX_free(digest);
		return error_set(error, ENOMEM, "out of memory");
	}
	digest_add(digest, canonical, strlen(canonical));
	digest_finish(digest, ret);
	explicit_bzero(canonical, strlen(canonical));
	return 0;
}

/* Loads `path` as the user-data of `postcask apply`. */
static int load_applied(const char *path, struct apply_outcome *outcome, struct source *source,
			struct error *error)
{
	int result =
	    file_read(path, SETTINGS_SIZE_LIMIT, &source->applied, &source->applied_size, error);

	if (result < 0)
		return result;
	result = settings_load_text(path, source->applied, source->applied_size,
				    &outcome->diagnostics, &source->settings);
	return result < 0 ? error_set(error, result, "%s is %s; nothing was changed", path,
				      result == -ENOENT ? "without settings for mail" : "refused")
			  : 0;
}

/* The machine's user-data, or, when this boot has none (its seed was taken away),
 * the settings in force. */
static int load_machine(const struct apply_paths *paths, const struct settings_sources *sources,
			struct apply_outcome *outcome, struct source *source, struct error *error)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	int result = settings_load_machine(sources, &outcome->diagnostics, &source->settings);

	if (result == -ENOENT && generation_settings(paths->state, &source->settings, &none) == 0) {
		diagnostics_free(&outcome->diagnostics);
		outcome->diagnostics = DIAGNOSTICS_INIT;
		outcome_note(outcome, "this boot's user-data has no settings for mail; those in "
				      "force stay");
		source->kept = true;
		return 0;
	}
	if (result < 0)
		return error_set(error, result, "the user-data is %s; nothing was changed",
				 result == -ENOENT ? "without settings for mail" : "refused");
	return 0;
}

/* What `postcask apply` was given counts as long as the user-data below it is the
 * same, or is gone. */
static int load_newest(const struct apply_paths *paths, const struct settings_sources *sources,
		       const json_t *manifest, bool mail, struct apply_outcome *outcome,
		       struct source *source, struct error *error)
{
	const char *over = json_string_value(json_object_get(manifest, "over"));
	_cleanup_free_ char *path = file_join(paths->state, "current/user-data");

	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	if (over && strlen(over) >= sizeof(source->over)) /* damaged: it says nothing */
		over = NULL;
	if (over && (!mail || strcmp(over, source->over) == 0)) {
		strcpy(source->over, over);
		source->kept = true;
		return load_applied(path, outcome, source, error);
	}
	if (over)
		outcome_note(outcome, "the user-data was changed after `postcask apply`; what it "
				      "says now counts");
	return load_machine(paths, sources, outcome, source, error);
}

/* A machine that holds mail obeys its own instance.  cloud-init has not let another one
 * come this far (firstboot/instance.h); where it was run in some other way, this does not. */
static int instance_check(const struct apply_paths *paths, struct source *source,
			  const json_t *manifest, struct error *error)
{
	const char *own = json_string_value(json_object_get(manifest, "instance"));

	if (!own || !source->instance || strcmp(own, source->instance) == 0)
		return 0;
	source->adopted = instance_is_adopted(paths, source->instance);
	if (source->adopted || source->kept)
		return 0;
	return error_set(error, EPERM,
			 "the user-data is of instance '%s', and this machine holds the mail of "
			 "instance '%s': its settings, accounts and keys stay as they were; run "
			 "`postcask adopt` on it and boot again to apply these settings to it",
			 source->instance, own);
}

int source_load(const struct apply_paths *paths, const struct settings_sources *sources,
		const char *file, struct apply_outcome *outcome, struct source *ret,
		struct error *error)
{
	_cleanup_(source_clear) struct source source = SOURCE_INIT;
	const char *combined = sources && sources->combined ? sources->combined : COMBINED_PATH;
	const char *instance = sources && sources->instance ? sources->instance : INSTANCE_PATH;
	_cleanup_json_ json_t *manifest = manifest_in_force(paths);
	bool mail = false;
	int result = machine_digest(combined, source.over, &mail, error);

	source.instance = instance_read(instance);
	if (result == 0 && file)
		result = load_applied(file, outcome, &source, error);
	else if (result == 0)
		result = load_newest(paths, sources, manifest, mail, outcome, &source, error);
	if (result == 0 && !file && manifest)
		result = instance_check(paths, &source, manifest, error);
	if (result < 0)
		return result;
	*ret = source;
	source = SOURCE_INIT;
	return 0;
}
