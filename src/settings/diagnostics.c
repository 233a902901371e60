// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool diagnostics_reserve(struct diagnostics *diagnostics)
{
	size_t capacity = diagnostics->capacity ? diagnostics->capacity * 2 : 16;
	struct diagnostic *items;

	if (diagnostics->count < diagnostics->capacity)
		return true;
	items = reallocarray(diagnostics->items, capacity, sizeof(*items));
	if (!items)
		return false;
	diagnostics->items = items;
	diagnostics->capacity = capacity;
	return true;
}

__attribute__((format(printf, 4, 0))) static void
diagnostics_add(struct diagnostics *diagnostics, enum severity severity, struct mark mark,
		const char *format, va_list arguments)
{
	size_t *counter =
	    severity == SEVERITY_ERROR ? &diagnostics->errors : &diagnostics->warnings;
	struct diagnostic item = {.severity = severity, .line = mark.line, .column = mark.column};

	if (++*counter > DIAGNOSTICS_LIMIT)
		return;
	if (!diagnostics_reserve(diagnostics)) {
		diagnostics->failed = true;
		return;
	}
	item.file = strdup(mark.file ? mark.file : "settings");
	if (vasprintf(&item.text, format, arguments) < 0)
		item.text = NULL;
	if (!item.file || !item.text) {
		free(item.file);
		free(item.text);
		diagnostics->failed = true;
		return;
	}
	diagnostics->items[diagnostics->count++] = item;
}

void diagnostics_error(struct diagnostics *diagnostics, struct mark mark, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	diagnostics_add(diagnostics, SEVERITY_ERROR, mark, format, arguments);
	va_end(arguments);
}

void diagnostics_warning(struct diagnostics *diagnostics, struct mark mark, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	diagnostics_add(diagnostics, SEVERITY_WARNING, mark, format, arguments);
	va_end(arguments);
}

static int diagnostic_compare(const struct diagnostic *a, const struct diagnostic *b)
{
	int order = strcmp(a->file, b->file);

	if (order)
		return order;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	return 0;
}

/* Insertion sort: stable, and at most 2 * DIAGNOSTICS_LIMIT items that are
 * almost in order. */
void diagnostics_sort(struct diagnostics *diagnostics)
{
	struct diagnostic *items = diagnostics->items;
	size_t kept = 0;

	for (size_t i = 1; i < diagnostics->count; i++) {
		struct diagnostic item = items[i];
		size_t j = i;

		for (; j > 0 && diagnostic_compare(&item, &items[j - 1]) < 0; j--)
			items[j] = items[j - 1];
		items[j] = item;
	}
	for (size_t i = 0; i < diagnostics->count; i++) {
		if (kept && !diagnostic_compare(&items[i], &items[kept - 1]) &&
		    items[i].severity == items[kept - 1].severity &&
		    !strcmp(items[i].text, items[kept - 1].text)) {
			free(items[i].file);
			free(items[i].text);
			continue;
		}
		items[kept++] = items[i];
	}
	diagnostics->count = kept;
}

char *diagnostic_line(const struct diagnostic *diagnostic)
{
	const char *severity = diagnostic->severity == SEVERITY_WARNING ? "warning: " : "";
	char *line = NULL;
	int size;

	if (diagnostic->line)
		size = asprintf(&line, "%s:%u:%u: %s%s", diagnostic->file, diagnostic->line,
				diagnostic->column, severity, diagnostic->text);
	else
		size = asprintf(&line, "%s: %s%s", diagnostic->file, severity, diagnostic->text);
	return size < 0 ? NULL : line;
}

size_t diagnostics_not_shown(const struct diagnostics *diagnostics)
{
	size_t errors = diagnostics->errors, warnings = diagnostics->warnings;

	return (errors > DIAGNOSTICS_LIMIT ? errors - DIAGNOSTICS_LIMIT : 0) +
	       (warnings > DIAGNOSTICS_LIMIT ? warnings - DIAGNOSTICS_LIMIT : 0);
}

void diagnostics_print(const struct diagnostics *diagnostics, FILE *stream)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		_cleanup_free_ char *line = diagnostic_line(&diagnostics->items[i]);

		fprintf(stream, "postcask: %s\n", line ? line : "out of memory");
	}
	if (diagnostics_not_shown(diagnostics))
		fprintf(stream, "postcask: and %zu more\n", diagnostics_not_shown(diagnostics));
	if (diagnostics->failed)
		fprintf(stream, "postcask: out of memory while checking\n");
}

static json_t *diagnostics_list(const struct diagnostics *diagnostics, enum severity severity)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < diagnostics->count; i++) {
		const struct diagnostic *item = &diagnostics->items[i];
		json_t *object;

		if (item->severity != severity)
			continue;
		object =
		    json_pack("{s:s, s:i, s:i, s:s}", "file", item->file, "line", (int)item->line,
			      "column", (int)item->column, "text", item->text);
		if (!object || json_array_append_new(list, object) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

json_t *diagnostics_to_json(const struct diagnostics *diagnostics)
{
	return json_pack("{s:o, s:o, s:I}", "errors", diagnostics_list(diagnostics, SEVERITY_ERROR),
			 "warnings", diagnostics_list(diagnostics, SEVERITY_WARNING), "not_shown",
			 (json_int_t)diagnostics_not_shown(diagnostics));
}

void diagnostics_free(struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		free(diagnostics->items[i].file);
		free(diagnostics->items[i].text);
	}
	free(diagnostics->items);
	*diagnostics = DIAGNOSTICS_INIT;
}
