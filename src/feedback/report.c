// SPDX-License-Identifier: GPL-3.0-or-later
#include "feedback/report.h"

#include <stdlib.h>
#include <string.h>

struct report_row *report_row(struct report *report)
{
	struct report_row *rows;

	if (report->count >= REPORT_ROWS) {
		report->left_out++;
		return NULL;
	}
	if (report->count % 64 == 0) {
		rows = reallocarray(report->rows, report->count + 64, sizeof(*rows));
		if (!rows)
			return NULL;
		report->rows = rows;
	}
	report->rows[report->count] = (struct report_row){0};
	return &report->rows[report->count++];
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice report_trim(struct slice text)
{
	for (; text.size && is_space(text.at[0]); text.size--)
		text.at++;
	while (text.size && is_space(text.at[text.size - 1]))
		text.size--;
	return text;
}

void report_take(struct slice text, char *to, size_t size)
{
	struct buffer buffer = BUFFER_INIT;

	slice_add(&buffer, report_trim(text), size - 1);
	slice_copy(slice_of(buffer_text(&buffer)), to, size);
	buffer_free(&buffer);
}

void report_clear(struct report *report)
{
	free(report->rows);
	*report = REPORT_INIT;
}
