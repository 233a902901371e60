// SPDX-License-Identifier: GPL-3.0-or-later
#include "key/key.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

void key_result_clear(struct key_result *result)
{
	free(result->note);
	*result = KEY_RESULT_INIT;
}

json_t *key_set_to_json(uint32_t set)
{
	json_t *names = json_array();

	for (size_t i = 0; i < key_kind_count; i++)
		if (set & KEY_BIT(i))
			json_array_append_new(names, json_string(key_kinds[i]->name));
	return names;
}

uint32_t key_set_from_json(const json_t *names)
{
	const json_t *name;
	uint32_t set = 0;
	size_t index;

	json_array_foreach(names, index, name)
	{
		for (size_t i = 0; i < key_kind_count; i++)
			if (json_is_string(name) &&
			    strcmp(json_string_value(name), key_kinds[i]->name) == 0)
				set |= KEY_BIT(i);
	}
	return set;
}

/* One kind's second half. */
static int finish(struct key_run *run, size_t number, int timeout_ms, struct key_result *ret,
		  struct error *error)
{
	int result = key_kinds[number]->finish(run->jobs[number], timeout_ms, ret, error);

	run->jobs[number] = NULL;
	return result < 0 ? error_wrap(error, "%s", key_kinds[number]->name) : 0;
}

int keys_begin(const json_t *settings, const char *folder, int timeout_ms, struct key_run *ret,
	       struct error *error)
{
	struct key_run run = {0};

	for (size_t i = 0; i < key_kind_count; i++) {
		int result = key_kinds[i]->begin(settings, folder, &run.jobs[i], error);

		if (result == 0)
			continue;
		for (size_t before = 0; before < i; before++) {
			_cleanup_(key_result_clear) struct key_result unused = KEY_RESULT_INIT;
			_cleanup_(error_clear) struct error none = ERROR_INIT;

			if (finish(&run, before, timeout_ms, &unused, &none) < 0)
				continue; /* the first failure is what is said */
		}
		return error_wrap(error, "%s", key_kinds[i]->name);
	}
	*ret = run;
	return 0;
}

int keys_finish(struct key_run *run, int timeout_ms,
		void (*done)(void *context, size_t number, const struct key_result *result),
		void *context, struct error *error)
{
	int first = 0;

	for (size_t i = 0; i < key_kind_count; i++) {
		_cleanup_(key_result_clear) struct key_result result = KEY_RESULT_INIT;
		_cleanup_(error_clear) struct error failure = ERROR_INIT;
		int status = finish(run, i, timeout_ms, &result, &failure);

		if (status == 0)
			done(context, i, &result);
		else if (first == 0)
			first = error_set(error, status, "%s", error_text(&failure));
	}
	return first;
}
