// SPDX-License-Identifier: GPL-3.0-or-later
#include "takeover/token.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "takeover/tables.h"

enum { LOOK = 8192, TAG = 63 };

enum dialect token_dialect(struct slice beginning)
{
	static const struct {
		const char *mark;
		enum dialect dialect;
	} marks[] = {
	    {"PostgreSQL database dump", DIALECT_POSTGRES},
	    {"standard_conforming_strings = on", DIALECT_POSTGRES},
	    {"PRAGMA foreign_keys", DIALECT_PLAIN},
	    {"BEGIN TRANSACTION;", DIALECT_PLAIN},
	    {"MySQL dump", DIALECT_MYSQL},
	    {"MariaDB dump", DIALECT_MYSQL},
	    {"phpMyAdmin", DIALECT_MYSQL},
	    {"/*!", DIALECT_MYSQL},
	    {"/*M!", DIALECT_MYSQL},
	    {"`", DIALECT_MYSQL},
	};
	size_t size = beginning.size < LOOK ? beginning.size : LOOK;

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (memmem(beginning.at, size, marks[i].mark, strlen(marks[i].mark)))
			return marks[i].dialect;
	return DIALECT_UNKNOWN;
}

static void add(struct token *token, int c)
{
	if (token->text.size < TABLES_VALUE)
		buffer_add_char(&token->text, (char)c);
	else
		token->cut = true;
}

/* ---- What is between two words ---- */

/* Behind its first two characters. */
static void skip_comment(struct intake *intake)
{
	int c = intake_next(intake);

	while (c != INTAKE_END) {
		int before = c;

		c = intake_next(intake);
		if (before == '*' && c == '/')
			return;
	}
}

/* A comment or blanks were taken; not: *ret_c is the first character of a word, taken too. */
static bool skip_nothing(struct intake *intake, enum dialect dialect, int *ret_c)
{
	int c = intake_next(intake);

	*ret_c = c;
	if (c != INTAKE_END && isspace(c))
		return true;
	if ((c == '#' && dialect == DIALECT_MYSQL) || (c == '-' && intake_peek(intake) == '-')) {
		intake_skip_line(intake);
		return true;
	}
	if (c != '/' || intake_peek(intake) != '*')
		return false;
	intake_next(intake);
	skip_comment(intake);
	return true;
}

/* ---- Words ---- */

/* Of MySQL: what a character means behind a backslash. */
static int unescape(int c)
{
	static const char from[] = "0bnrtZ", to[] = "\0\b\n\r\t\x1a";
	const char *found = c > 0 ? strchr(from, c) : NULL;

	return found && *found ? to[found - from] : c;
}

/* Behind its first quotation mark; two of them are one in it. */
static enum token_kind read_quoted(struct intake *intake, bool escapes, int quote,
				   enum token_kind kind, struct token *token)
{
	for (;;) {
		int c = intake_next(intake);

		if (c == quote && intake_peek(intake) != quote)
			return kind;
		if (c == quote || (c == '\\' && escapes)) {
			int next = intake_next(intake);

			c = c == quote ? next : unescape(next);
			if (next == INTAKE_END)
				return TOKEN_BROKEN;
		}
		if (c == INTAKE_END)
			return TOKEN_BROKEN;
		add(token, c);
	}
}

static bool is_word(int c)
{
	return c != INTAKE_END && (isalnum(c) || c == '_' || c == '@' || c >= 0x80);
}

static void read_word(struct intake *intake, int first, struct token *token)
{
	bool number = isdigit(first);
	int c;

	add(token, first);
	while ((c = intake_peek(intake)) != INTAKE_END && (is_word(c) || (number && c == '.')))
		add(token, intake_next(intake));
}

/* $TAG$...$TAG$ of PostgreSQL, behind the first $. */
static enum token_kind read_dollars(struct intake *intake, struct token *token)
{
	char tag[TAG + 2] = "$";
	size_t size = 1, found = 0;
	int c;

	while (is_word(c = intake_peek(intake)) && size < TAG)
		tag[size++] = (char)intake_next(intake);
	if (c != '$')
		return TOKEN_SIGN;
	tag[size++] = (char)intake_next(intake);
	while (found < size) {
		c = intake_next(intake);
		if (c == INTAKE_END)
			return TOKEN_BROKEN;
		/* No $ is inside of a tag: what does not go on may only begin anew. */
		found = c == (unsigned char)tag[found] ? found + 1 : (size_t)(c == '$');
		add(token, c);
	}
	token->cut = true; /* it stands for the body of a function, and no value */
	return TOKEN_TEXT;
}

void token_next(struct intake *intake, enum dialect dialect, struct token *token)
{
	bool escapes = dialect == DIALECT_MYSQL;
	int c;

	buffer_reset(&token->text);
	token->cut = false;
	while (skip_nothing(intake, dialect, &c))
		;
	token->sign = (char)c;
	if (c == INTAKE_END)
		token->kind = TOKEN_END;
	else if (c == '\'')
		token->kind = read_quoted(intake, escapes, c, TOKEN_TEXT, token);
	else if (c == '"' || c == '`')
		token->kind = read_quoted(intake, false, c, TOKEN_NAME, token);
	else if (c == '$' && dialect == DIALECT_POSTGRES)
		token->kind = read_dollars(intake, token);
	else if (is_word(c)) {
		token->kind = TOKEN_WORD;
		read_word(intake, c, token);
	} else
		token->kind = TOKEN_SIGN;
	if ((c == 'E' || c == 'e') && token->kind == TOKEN_WORD && token->text.size == 1 &&
	    intake_peek(intake) == '\'' && dialect == DIALECT_POSTGRES) {
		buffer_reset(&token->text);
		intake_next(intake);
		token->kind = read_quoted(intake, true, '\'', TOKEN_TEXT, token);
	}
}

bool token_is(const struct token *token, const char *word)
{
	return token->kind == TOKEN_WORD && strcasecmp(buffer_text(&token->text), word) == 0;
}

bool token_is_sign(const struct token *token, char sign)
{
	return token->kind == TOKEN_SIGN && token->sign == sign;
}
