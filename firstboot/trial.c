// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/trial.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "certificate/certificate.h"
#include "key/key.h"

enum { TRIAL_LIMIT = 4096 };

void trial_clear(struct trial *trial)
{
	free(trial->generation);
	free(trial->previous);
	*trial = TRIAL_INIT;
}

int trial_begin(const char *state, const struct trial *trial, struct error *error)
{
	_cleanup_free_ char *path = file_join(state, "trial");
	_cleanup_json_ json_t *value = json_pack(
	    "{s:s,s:s,s:o,s:b}", "generation", trial->generation, "previous", trial->previous,
	    "keys", key_set_to_json(trial->keys), "drifted", trial->drifted);

	return json_file_replace(path, value, JSON_FILE_NEWLINE, 0644, error);
}

/* "generations/N", as generation_make names them. */
static char *take_name(const json_t *value, const char *key)
{
	const char *name = json_text(value, key);
	unsigned long number;
	int end = 0;

	if (sscanf(name, "generations/%9lu%n", &number, &end) != 1 || name[end])
		return NULL;
	return strdup(name);
}

/* A version before knew one kind alone. */
static uint32_t take_keys(const json_t *value)
{
	_cleanup_json_ json_t *before = json_pack("[s]", CERTIFICATE_KEY);

	return key_set_from_json(json_is_true(json_object_get(value, "certificate"))
				     ? before
				     : json_object_get(value, "keys"));
}

int trial_read(const char *state, struct trial *ret, struct error *error)
{
	_cleanup_free_ char *path = file_join(state, "trial");
	_cleanup_json_ json_t *value = NULL;
	int result = json_file_read(path, TRIAL_LIMIT, 0, &value, error);

	if (result < 0 && result != -EBADMSG)
		return result;
	*ret = (struct trial){.generation = take_name(value, "generation"),
			      .previous = take_name(value, "previous"),
			      .keys = take_keys(value),
			      .drifted = json_is_true(json_object_get(value, "drifted"))};
	if (ret->generation && ret->previous)
		return 0;
	trial_clear(ret);
	result = trial_end(state, error);
	return result < 0 ? result : error_set(error, ENOENT, "%s: damaged", path);
}

int trial_end(const char *state, struct error *error)
{
	_cleanup_free_ char *path = file_join(state, "trial");

	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	if (unlink(path) < 0 && errno != ENOENT)
		return error_errno(error, errno, "%s: cannot remove", path);
	return file_sync_folder(state, error);
}
