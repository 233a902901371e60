// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/outcome.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "certificate/certificate.h"
#include "key/key.h"

enum { OUTCOME_LIMIT = 16 * 1024 * 1024 };

_printf_(2, 0) static void add_sentence(json_t **list, const char *format, va_list arguments)
{
	if (!*list)
		*list = json_array();
	json_vadd_sentence(*list, format, arguments);
}

void outcome_note(struct apply_outcome *outcome, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_sentence(&outcome->notes, format, arguments);
	va_end(arguments);
}

void outcome_error(struct apply_outcome *outcome, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_sentence(&outcome->errors, format, arguments);
	va_end(arguments);
}

/* The diagnostics and the other errors as one list of lines. */
static json_t *outcome_errors(const struct apply_outcome *outcome)
{
	json_t *errors = json_array();

	for (size_t i = 0; i < outcome->diagnostics.count; i++) {
		_cleanup_free_ char *line = diagnostic_line(&outcome->diagnostics.items[i]);

		json_array_append_new(errors, json_string(line ? line : "out of memory"));
	}
	json_array_extend(errors, outcome->errors);
	return errors;
}

static json_t *list_or_empty(const json_t *list)
{
	return list ? json_copy((json_t *)list) : json_array();
}

static json_int_t generation_number(const struct apply_outcome *outcome)
{
	const char *number = outcome->generation ? strrchr(outcome->generation, '/') : NULL;

	return number ? strtol(number + 1, NULL, 10) : 0;
}

/* Takes `value`. */
static int save(const struct apply_paths *paths, json_t *value, struct error *error)
{
	_cleanup_free_ char *path = file_join(paths->run, paths->name);
	_cleanup_json_ json_t *taken = value;

	return json_file_replace(path, taken, JSON_INDENT(1), 0644, error);
}

int outcome_save(const struct apply_paths *paths, const struct apply_outcome *outcome,
		 struct error *error)
{
	const struct apply_times *times = &outcome->times;
	const char *authority = json_text(outcome->keys, CERTIFICATE_KEY);

	return save(paths,
		    json_pack("{s:s,s:o,s:I,s:s,s:o,s:o,s:o,s:{s:I,s:I,s:I,s:I,s:I}}", "state",
			      apply_result_name(outcome->result), "errors", outcome_errors(outcome),
			      "generation", generation_number(outcome), "authority",
			      authority[0] ? authority : "kept", "keys_changed",
			      key_set_to_json(outcome->keys_changed), "notes",
			      list_or_empty(outcome->notes), "reloaded",
			      list_or_empty(outcome->reloaded), "milliseconds", "load",
			      (json_int_t)times->load, "render", (json_int_t)times->render, "prove",
			      (json_int_t)times->prove, "keys", (json_int_t)times->keys, "commit",
			      (json_int_t)times->commit),
		    error);
}

static void extend(json_t *value, const char *name, json_t *more)
{
	json_t *list = json_object_get(value, name);

	if (!json_is_array(list)) {
		list = json_array();
		json_object_set_new(value, name, list);
	}
	json_array_extend(list, more);
}

int outcome_amend(const struct apply_paths *paths, const struct apply_outcome *later,
		  struct error *error)
{
	_cleanup_free_ char *path = file_join(paths->run, paths->name);
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	json_t *value;

	if (json_file_read(path, OUTCOME_LIMIT, 0, &value, &none) < 0)
		return outcome_save(paths, later, error);
	json_object_set_new(value, "state", json_string(apply_result_name(later->result)));
	json_object_set_new(value, "generation", json_integer(generation_number(later)));
	extend(value, "errors", later->errors);
	extend(value, "notes", later->notes);
	extend(value, "reloaded", later->reloaded);
	return save(paths, value, error);
}

const char *apply_result_name(enum apply_result result)
{
	static const char *const names[] = {[APPLY_UNCHANGED] = "unchanged",
					    [APPLY_APPLIED] = "applied",
					    [APPLY_REFUSED] = "refused",
					    [APPLY_FAILED] = "failed",
					    [APPLY_REVERTED] = "reverted"};

	return names[result];
}

void apply_outcome_clear(struct apply_outcome *outcome)
{
	free(outcome->generation);
	json_decref(outcome->notes);
	json_decref(outcome->errors);
	json_decref(outcome->reloaded);
	json_decref(outcome->keys);
	diagnostics_free(&outcome->diagnostics);
	*outcome = APPLY_OUTCOME_INIT;
}
