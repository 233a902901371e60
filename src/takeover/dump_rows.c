// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"
#include "takeover/dump_inner.h"

/* A row that is being read. */
struct row {
	const struct table_wish *wish;
	const struct columns *columns;
	json_t *values; /* owned */
	size_t count;	/* of values so far */
};

static int row_begin(const struct dump *dump, struct row *row, struct error *error)
{
	row->count = 0;
	row->values = json_pack("{s:o}", "where",
				json_sprintf("%s:%lld", dump->tables->path, dump->intake->line));
	return row->values ? 0 : error_set(error, EINVAL, "the file's name is no UTF-8");
}

/* Takes the value over. */
static void row_add(struct row *row, json_t *value)
{
	int place = row->count < row->columns->count ? row->columns->places[row->count] : -1;

	row->count++;
	if (place < 0)
		json_decref(value);
	else
		json_object_set_new(row->values, row->wish->columns[place], value);
}

static int row_end(const struct dump *dump, struct row *row, struct error *error)
{
	char sentence[100];

	if (row->count == row->columns->count)
		return tables_add(dump->tables, row->wish, TAKE_POINTER(row->values), error);
	snprintf(sentence, sizeof(sentence), "a row of %s has %zu values, and the table %zu",
		 row->wish->name, row->count, row->columns->count);
	return dump_fail(dump, error, sentence);
}

static void row_free(struct row *row)
{
	json_decref(row->values);
}

/* ---- INSERT ---- */

/* One that is a single word or text, or none that can be read. */
static json_t *read_value(struct dump *dump)
{
	const struct token *token = &dump->token;
	json_t *value = NULL;
	size_t tokens = 0, depth = 0;
	bool minus = false;

	while (token->kind != TOKEN_END && token->kind != TOKEN_BROKEN &&
	       (depth > 0 || !(token_is_sign(token, ',') || token_is_sign(token, ')')))) {
		depth += token_is_sign(token, '(');
		depth -= depth > 0 && token_is_sign(token, ')');
		if (tokens == 0 && token_is_sign(token, '-')) {
			minus = true; /* of a number */
			dump_next(dump);
			continue;
		}
		if (tokens++ == 0 && token->kind == TOKEN_WORD && token_is(token, "NULL"))
			value = json_null();
		else if (tokens == 1 && !token->cut &&
			 (token->kind == TOKEN_WORD || token->kind == TOKEN_TEXT))
			value = tables_value(
			    (struct slice){buffer_text(&token->text), token->text.size});
		dump_next(dump);
	}
	if (tokens == 1 && value && !minus)
		return value;
	if (tokens == 1 && json_is_string(value)) {
		json_t *negative = json_sprintf("-%s", json_string_value(value));

		json_decref(value);
		return negative ? negative : json_false();
	}
	json_decref(value);
	return json_false();
}

int dump_values(struct dump *dump, const struct table_wish *wish, const struct columns *columns,
		struct error *error)
{
	_cleanup_(row_free) struct row row = {.wish = wish, .columns = columns};
	int result = 0;

	while (result == 0 && token_is_sign(&dump->token, '(')) {
		result = row_begin(dump, &row, error);
		if (result < 0)
			return result;
		do {
			dump_next(dump);
			row_add(&row, read_value(dump));
		} while (token_is_sign(&dump->token, ','));
		if (!token_is_sign(&dump->token, ')'))
			return dump_fail(dump, error, "a row has no end; is all of it there?");
		result = row_end(dump, &row, error);
		if (token_is_sign(dump_next(dump), ','))
			dump_next(dump);
	}
	return result;
}

/* ---- COPY ---- */

/* A number in the digits of a base behind a backslash; `most` of them, the first may be given. */
static int read_number(struct intake *intake, const char *digits, int most, int value)
{
	for (int i = 0; i < most; i++) {
		int c = intake_peek(intake);
		const char *found = c > 0 ? strchr(digits, c) : NULL;

		if (!found)
			break;
		intake_next(intake);
		value = value * (strchr(digits, 'a') ? 16 : 8) +
			(int)(found - digits > 15 ? found - digits - 6 : found - digits);
	}
	return value & 0xff;
}

static int unescape(struct intake *intake)
{
	static const char from[] = "bfnrtv", to[] = "\b\f\n\r\t\v";
	int c = intake_next(intake);
	const char *found = c > 0 ? strchr(from, c) : NULL;

	if (found)
		return to[found - from];
	if (c >= '0' && c <= '7')
		return read_number(intake, "01234567", 2, c - '0');
	return c == 'x' ? read_number(intake, "0123456789abcdefABCDEF", 2, 0) : c;
}

/* To its tab or the end of the line, which is taken: *ret_end. */
static json_t *read_field(struct dump *dump, int *ret_end)
{
	struct buffer *text = &dump->token.text;
	bool none = false, cut = false;
	int c;

	buffer_reset(text);
	while ((c = intake_next(dump->intake)) != '\t' && c != '\n' && c != INTAKE_END) {
		bool escaped = c == '\\';

		if (escaped && intake_peek(dump->intake) == 'N' && text->size == 0)
			none = true;
		if (escaped)
			c = unescape(dump->intake);
		if (text->size < TABLES_VALUE)
			buffer_add_char(text, (char)c);
		else
			cut = true;
	}
	*ret_end = c;
	if (none && text->size == 1)
		return json_null();
	return cut ? json_false() : tables_value((struct slice){buffer_text(text), text->size});
}

/* Whether it is the line \. */
static bool is_end(struct intake *intake)
{
	if (intake_peek(intake) != '\\')
		return false;
	intake_next(intake);
	if (intake_peek(intake) != '.')
		return false;
	intake_skip_line(intake);
	return true;
}

/* A row whose first field may have begun with a backslash that is_end took: it was a NULL, or
 * escaped a character. */
static int copy_row(struct dump *dump, struct row *row, bool escaped, struct error *error)
{
	int end, result = row_begin(dump, row, error);

	if (result < 0)
		return result;
	if (escaped && intake_peek(dump->intake) == 'N') {
		intake_next(dump->intake);
		row_add(row, json_null());
		end = intake_next(dump->intake);
		if (end != '\t' && end != '\n')
			return dump_fail(dump, error, "behind \\N something goes on");
	} else if (escaped) { /* no key that is wanted begins so */
		json_decref(read_field(dump, &end));
		row_add(row, json_false());
	} else {
		row_add(row, read_field(dump, &end));
	}
	while (end == '\t')
		row_add(row, read_field(dump, &end));
	return end == INTAKE_END ? dump_fail(dump, error, "a row has no end; is all of it there?")
				 : row_end(dump, row, error);
}

int dump_copied(struct dump *dump, const struct table_wish *wish, const struct columns *columns,
		struct error *error)
{
	_cleanup_(row_free) struct row row = {.wish = wish, .columns = columns};
	int result = 0;

	intake_skip_line(dump->intake);
	while (result == 0) {
		bool escaped = intake_peek(dump->intake) == '\\';

		if (is_end(dump->intake))
			return 0;
		if (intake_peek(dump->intake) == INTAKE_END)
			return dump_fail(dump, error, "a table has no end; is all of it there?");
		if (wish)
			result = copy_row(dump, &row, escaped, error);
		else
			intake_skip_line(dump->intake);
	}
	return result;
}
