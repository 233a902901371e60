// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/csv.h"

#include <errno.h>
#include <string.h>

#include "base/json_file.h"

struct csv {
	const char *path;
	char *at;	/* what is left */
	long long line; /* of `at`, from 1 */
	size_t count;	/* of columns */
	const char *names[CSV_COLUMNS];
};

/* One field, which ends in a NUL afterwards; *ret_more: a comma was behind it. */
static int read_field(struct csv *csv, char **ret, bool *ret_more, struct error *error)
{
	bool quoted = *csv->at == '"';
	char *to = csv->at, *from = quoted ? to + 1 : to;
	char end;

	*ret = to;
	while (*from && (quoted || !strchr(",\r\n", *from))) {
		if (quoted && *from == '"' && from[1] != '"')
			break;
		if (quoted && *from == '"')
			from++;
		csv->line += *from == '\n';
		*to++ = *from++;
	}
	if (quoted && *from++ != '"')
		return error_set(error, EINVAL,
				 "%s:%lld: a quotation mark is open to the end; close it",
				 csv->path, csv->line);
	if (*from == '\r')
		from++;
	end = *from;
	if (end && end != ',' && end != '\n')
		return error_set(error, EINVAL,
				 "%s:%lld: a comma or the end of the line has to follow a "
				 "quotation mark",
				 csv->path, csv->line);
	csv->at = end ? from + 1 : from;
	*to = '\0';
	*ret_more = end == ',';
	if ((size_t)(to - *ret) > CSV_FIELD)
		return error_set(error, E2BIG, "%s:%lld: a field has more than %d bytes", csv->path,
				 csv->line, CSV_FIELD);
	return 0;
}

static bool is_column(const char *name, const char *const *columns)
{
	for (; *columns; columns++)
		if (strcmp(*columns, name) == 0)
			return true;
	return false;
}

static int read_names(struct csv *csv, const char *const *columns, struct error *error)
{
	bool more = true;

	while (more) {
		char *name;
		int result = read_field(csv, &name, &more, error);

		if (result < 0)
			return result;
		if (csv->count == CSV_COLUMNS || !is_column(name, columns))
			return error_set(error, EINVAL,
					 "%s:1: \"%.60s\" is no column; the first line names the "
					 "columns, such as \"%s\"",
					 csv->path, name, columns[0]);
		for (size_t i = 0; i < csv->count; i++)
			if (strcmp(csv->names[i], name) == 0)
				return error_set(error, EINVAL,
						 "%s:1: the column %s is there twice", csv->path,
						 name);
		csv->names[csv->count++] = name;
	}
	csv->line++;
	return 0;
}

static int read_row(struct csv *csv, json_t *rows, struct error *error)
{
	long long line = csv->line;
	json_t *row = json_object();
	bool more = true;
	size_t count = 0;
	int result =
	    json_array_append_new(rows, row) < 0 ? error_set(error, ENOMEM, "out of memory") : 0;

	json_object_set_new(row, "line", json_integer(line));
	for (; result == 0 && more; count++) {
		char *field;

		result = read_field(csv, &field, &more, error);
		if (result == 0 && count < csv->count &&
		    json_object_set_new(row, csv->names[count], json_string(field)) < 0)
			return error_set(error, EINVAL, "%s:%lld: it is no UTF-8", csv->path, line);
	}
	csv->line++;
	if (result == 0 && count != csv->count)
		return error_set(error, EINVAL,
				 "%s:%lld: it has %zu fields, and the first line %zu", csv->path,
				 line, count, csv->count);
	return result;
}

int csv_read(const char *path, char *text, const char *const *columns, json_t **ret_rows,
	     struct error *error)
{
	struct csv csv = {.path = path, .at = text, .line = 1};
	_cleanup_json_ json_t *rows = json_array();
	int result;

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		csv.at += 3; /* spreadsheets put it there */
	result = read_names(&csv, columns, error);
	while (result == 0 && *csv.at) {
		if (*csv.at == '\n' || strncmp(csv.at, "\r\n", 2) == 0) { /* nothing in it */
			csv.at += *csv.at == '\n' ? 1 : 2;
			csv.line++;
			continue;
		}
		if (json_array_size(rows) == CSV_ROWS)
			return error_set(error, E2BIG, "%s: more than %d lines; import it in parts",
					 path, CSV_ROWS);
		result = read_row(&csv, rows, error);
	}
	if (result == 0)
		*ret_rows = json_incref(rows);
	return result;
}

void csv_write(FILE *stream, const char *field, bool last)
{
	bool quoted = strpbrk(field, ",\"\r\n") || field[0] == ' ';

	if (quoted)
		fputc('"', stream);
	for (const char *c = field; *c; c++) {
		if (*c == '"')
			fputc('"', stream);
		fputc(*c, stream);
	}
	if (quoted)
		fputc('"', stream);
	fputc(last ? '\n' : ',', stream);
}
