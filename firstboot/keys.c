// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/keys.h"

enum { KEYS_TIMEOUT_MS = 120 * 1000 };

int apply_keys_begin(const struct apply_paths *paths, const json_t *settings, struct key_run *ret,
		     struct error *error)
{
	return keys_begin(settings, paths->keys, KEYS_TIMEOUT_MS, ret, error);
}

static void take_result(void *context, size_t number, const struct key_result *result)
{
	struct apply_outcome *outcome = context;

	if (!outcome->keys)
		outcome->keys = json_object();
	json_object_set_new(outcome->keys, key_kinds[number]->name, json_string(result->state));
	if (result->changed)
		outcome->keys_changed |= KEY_BIT(number);
	if (result->note)
		outcome_note(outcome, "%s", result->note);
}

int apply_keys_finish(struct key_run *run, struct apply_outcome *outcome, struct error *error)
{
	outcome->keys_changed = 0;
	return keys_finish(run, KEYS_TIMEOUT_MS, take_result, outcome, error);
}
