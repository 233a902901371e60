// SPDX-License-Identifier: GPL-3.0-or-later
/* Readers of the syntaxes that generation/escape.h writes, for tests: written for
 * themselves from each syntax's own manual, so that what an escape does is judged
 * by something else than itself. */
#ifndef POSTCASK_TEST_READERS_H
#define POSTCASK_TEST_READERS_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "settings/encoding.h"

/* Each takes what stands in the place of a value and appends the value as the
 * daemon would have it; false when the text would be more than a value there. */

static inline bool has_any(const char *text, size_t size, const char *characters)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] && strchr(characters, text[i]))
			return true;
	return false;
}

static inline bool has_outer_blank(const char *text, size_t size)
{
	return size && (text[0] == ' ' || text[size - 1] == ' ');
}

static inline bool read_as_is(const char *text, size_t size, struct buffer *value)
{
	buffer_add(value, text, size);
	return true;
}

/* `sign` stands for itself when it is doubled, and for something else alone. */
static inline bool read_doubled(const char *text, size_t size, char sign, struct buffer *value)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == sign && (++i == size || text[i] != sign))
			return false;
		buffer_add_char(value, text[i]);
	}
	return true;
}

static inline bool read_plain(const char *text, size_t size, struct buffer *value)
{
	return !has_any(text, size, " \"'`$%&|;<>(){}[]*?!#,\\~^") && read_as_is(text, size, value);
}

/* pcre(3), inside a regular expression between slashes or of the variables of Dovecot. */
static inline bool read_pattern(const char *text, size_t size, struct buffer *value)
{
	return !has_any(text, size, " \"'`$%&;<>{}*+!#,\\~^/=@_") && read_as_is(text, size, value);
}

/* postconf(5): "$" is a reference, a comma ends a list's item, a brace groups, and
 * blanks at the ends are stripped. */
static inline bool read_postfix(const char *text, size_t size, struct buffer *value)
{
	return !has_outer_blank(text, size) && !has_any(text, size, ",{}") &&
	       read_doubled(text, size, '$', value);
}

/* An argument of clamd.conf: a word. */
static inline bool read_word(const char *text, size_t size, struct buffer *value)
{
	return size && !has_any(text, size, " \t\"#") && read_as_is(text, size, value);
}

/* Key or value of a lookup table: no |command, /file, :include: or comment. */
static inline bool read_table(const char *text, size_t size, struct buffer *value)
{
	return size && text[0] != '/' && !has_any(text, size, ",|:<>();\\") &&
	       read_word(text, size, value);
}

/* A quoted string of Dovecot's, and of Sieve: a backslash makes the next character itself. */
static inline bool read_quoted(const char *text, size_t size, struct buffer *value)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '"' || (text[i] == '\\' && ++i == size))
			return false;
		buffer_add_char(value, text[i]);
	}
	return true;
}

/* Dovecot 2.4, first the quoted string, then its variables: one percent sign before
 * a brace begins one, and of several there the first is dropped. */
static inline bool read_dovecot(const char *text, size_t size, struct buffer *value)
{
	_cleanup_(buffer_free) struct buffer plain = BUFFER_INIT;
	size_t percents = 0;

	if (!read_quoted(text, size, &plain))
		return false;
	for (size_t i = 0; i < plain.size; i++) {
		char c = buffer_text(&plain)[i];

		if (c == '{' && percents == 1)
			return false;
		if (c == '{' && percents > 1)
			value->size--;
		percents = c == '%' ? percents + 1 : 0;
		buffer_add_char(value, c);
	}
	return true;
}

/* As dovecot.conf looks for it: ’ is an apostrophe. */

/* perlop(1), single quotes: a backslash counts before itself and before the quote. */
static inline bool read_perl(const char *text, size_t size, struct buffer *value)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\'' || (text[i] == '\\' && i + 1 == size))
			return false;
		i += text[i] == '\\' && (text[i + 1] == '\\' || text[i + 1] == '\'');
		buffer_add_char(value, text[i]);
	}
	return true;
}

static inline bool read_unbound(const char *text, size_t size, struct buffer *value)
{
	return !has_any(text, size, "\"\\#") && read_as_is(text, size, value);
}

/* systemd.syntax(7), with its specifiers. */
static inline bool read_ini(const char *text, size_t size, struct buffer *value)
{
	return !has_outer_blank(text, size) && !has_any(text, size, "\\\"'") &&
	       read_doubled(text, size, '%', value);
}

static inline bool read_lines(const char *text, size_t size, struct buffer *value)
{
	return (!size || (text[0] != ' ' && text[0] != '\t')) && read_as_is(text, size, value);
}

/* A quoted string of lighttpd.conf, where $1 and %1 are what a pattern has matched. */
static inline bool read_lighttpd(const char *text, size_t size, struct buffer *value)
{
	return !has_any(text, size, "\"\\$%") && read_as_is(text, size, value);
}

/* XML 1.0 §2.4 and §4.6: text, inside quotes of either kind too, with the five entities. */
static inline bool read_xml(const char *text, size_t size, struct buffer *value)
{
	static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
	static const char characters[] = "&<>\"'";

	for (size_t i = 0; i < size; i++) {
		size_t entity = 0;

		if (text[i] != '&') {
			if (has_any(text + i, 1, characters))
				return false;
			buffer_add_char(value, text[i]);
			continue;
		}
		while (entity < 5 && (size - i < strlen(entities[entity]) ||
				      memcmp(text + i, entities[entity], strlen(entities[entity]))))
			entity++;
		if (entity == 5)
			return false;
		buffer_add_char(value, characters[entity]);
		i += strlen(entities[entity]) - 1;
	}
	return true;
}

/* DATABASE_README: of a line of a texthash table all that is left, but blanks at its ends, which a
 * piece of it does not see. */
static inline bool read_texthash(const char *text, size_t size, struct buffer *value)
{
	return read_as_is(text, size, value);
}

struct reader {
	const char *name;
	bool (*read)(const char *text, size_t size, struct buffer *value);
	const char *controls; /* that may stand in the value */
};

static const struct reader readers[] = {
    {"plain", read_plain, ""},	     {"postfix", read_postfix, ""}, {"table", read_table, ""},
    {"dovecot", read_dovecot, ""},   {"line", read_as_is, ""},	    {"perl", read_perl, ""},
    {"unbound", read_unbound, ""},   {"clamd", read_word, ""},	    {"ini", read_ini, ""},
    {"pem", read_as_is, "\n"},	     {"lines", read_lines, "\n\t"}, {"pattern", read_pattern, ""},
    {"lighttpd", read_lighttpd, ""}, {"xml", read_xml, ""},	    {"texthash", read_texthash, ""},
    {"sieve", read_quoted, "\n\t"}, /* RFC 5228, 2.4.2 */
};

/* The reader of an escape's syntax; a new escape needs one here. */
static inline const struct reader *reader_of(const char *name)
{
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (!strcmp(readers[i].name, name))
			return &readers[i];
	abort();
}

/* No line ends of any kind, no controls, nothing that is not UTF-8. */
static inline bool reader_characters(const struct reader *reader, const char *text, size_t size)
{
	for (size_t i = 0; i < size;) {
		uint32_t character = 0;
		size_t length = utf8_decode(text + i, size - i, &character);

		if (!length || !character ||
		    (character < 0x20 && !strchr(reader->controls, (int)character)) ||
		    (character >= 0x7f && character <= 0x9f) || character == 0x2028 ||
		    character == 0x2029)
			return false;
		i += length;
	}
	return true;
}

/* Is `text` one value in the syntax, and that value `expected`? */
static inline bool reader_gives(const char *name, const char *text, size_t size,
				const char *expected, size_t expected_size)
{
	const struct reader *reader = reader_of(name);
	_cleanup_(buffer_free) struct buffer value = BUFFER_INIT;

	return reader_characters(reader, text, size) && reader->read(text, size, &value) &&
	       value.size == expected_size &&
	       (!expected_size || !memcmp(buffer_text(&value), expected, expected_size));
}

#endif
