// SPDX-License-Identifier: GPL-3.0-or-later
#include "generation/escape.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

struct escape {
	const char *name;
	/* Appends the escaped text, in which nothing is a control character. */
	const char *(*write)(struct buffer *output, const char *text, size_t size);
	const char *controls; /* the control characters that may stand there all the same */
};

static bool is_alphanumeric(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Is `c` one of `set`?  strchr(3) alone would also find the final NUL. */
static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

/* Why the text may stand in no file, or NULL: control characters (also C1 with NEL, but not
 * those of `controls`), the line and paragraph separators, which some readers take for line
 * ends, and bytes that are not UTF-8.  What is only not seen may: it is the settings' to judge. */
static const char *text_refusal(const char *text, size_t size, const char *controls)
{
	for (size_t i = 0; i < size;) {
		uint32_t character;
		size_t length = utf8_decode(text + i, size - i, &character);

		if (length == 0)
			return "it is not valid UTF-8";
		if ((character < 0x20 && !is_one_of(text[i], controls)) ||
		    (character >= 0x7f && character < 0xa0))
			return "it has a control character";
		if (character == 0x2028 || character == 0x2029)
			return "it has a line separator";
		i += length;
	}
	return NULL;
}

static bool has_outer_blank(const char *text, size_t size)
{
	return size > 0 && (text[0] == ' ' || text[size - 1] == ' ');
}

static bool has_any(const char *text, size_t size, const char *unwanted)
{
	for (size_t i = 0; i < size; i++)
		if (is_one_of(text[i], unwanted))
			return true;
	return false;
}

/* Appends the text with `before` put before each of the characters `special`;
 * a NUL in `before` stands for the character itself (doubling). */
static void write_marked(struct buffer *output, const char *text, size_t size, const char *special,
			 char before)
{
	for (size_t i = 0; i < size; i++) {
		if (is_one_of(text[i], special))
			buffer_add_char(output, before ? before : text[i]);
		buffer_add_char(output, text[i]);
	}
}

static const char *escape_plain(struct buffer *output, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!is_alphanumeric((unsigned char)text[i]) && !is_one_of(text[i], "._@+:/=-"))
			return "only letters, digits and ._@+:/=- may stand here";
	buffer_add(output, text, size);
	return NULL;
}

static const char *escape_postfix(struct buffer *output, const char *text, size_t size)
{
	if (has_outer_blank(text, size))
		return "it begins or ends with a blank";
	if (has_any(text, size, "{},"))
		return "it has a brace or comma, which postfix would split";
	write_marked(output, text, size, "$", '\0');
	return NULL;
}

static const char *escape_table(struct buffer *output, const char *text, size_t size)
{
	if (size == 0)
		return "it is empty";
	if (has_any(text, size, " \"\\,:|<>#;()") || text[0] == '/')
		return "it has a character that a lookup table would read as syntax";
	buffer_add(output, text, size);
	return NULL;
}

/* What stands last in a line of a texthash table, which is all that is left of it. */
static const char *escape_texthash(struct buffer *output, const char *text, size_t size)
{
	if (has_outer_blank(text, size))
		return "it begins or ends with a blank";
	buffer_add(output, text, size);
	return NULL;
}

/* For regular expressions that were made of a domain's letters: nothing in them is a
 * quote, a blank or a backslash, whoever reads the file. */
static const char *escape_pattern(struct buffer *output, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!is_alphanumeric((unsigned char)text[i]) && !(text[i] & 0x80) &&
		    !is_one_of(text[i], "-.[](?:|)"))
			return "only letters, digits and -.[](?:|) may stand here";
	buffer_add(output, text, size);
	return NULL;
}

/* Dovecot takes percent signs for what they are but before a brace: there one more
 * than is meant, "%%{" for "%{". */
static const char *escape_dovecot(struct buffer *output, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\\' || text[i] == '"')
			buffer_add_char(output, '\\');
		if (text[i] == '{' && i > 0 && text[i - 1] == '%')
			buffer_add_char(output, '%');
		buffer_add_char(output, text[i]);
	}
	return NULL;
}

static const char *escape_line(struct buffer *output, const char *text, size_t size)
{
	buffer_add(output, text, size);
	return NULL;
}

static const char *escape_perl(struct buffer *output, const char *text, size_t size)
{
	write_marked(output, text, size, "\\'", '\\');
	return NULL;
}

static const char *escape_unbound(struct buffer *output, const char *text, size_t size)
{
	if (has_any(text, size, "\"\\#"))
		return "it has a quote, backslash or #";
	buffer_add(output, text, size);
	return NULL;
}

static const char *escape_clamd(struct buffer *output, const char *text, size_t size)
{
	if (size == 0 || has_any(text, size, " \"#"))
		return "it must be one word without quotes or #";
	buffer_add(output, text, size);
	return NULL;
}

static const char *escape_ini(struct buffer *output, const char *text, size_t size)
{
	if (has_any(text, size, "\\\"'") || has_outer_blank(text, size))
		return "it has a quote or backslash, or a blank at an end";
	write_marked(output, text, size, "%", '\0');
	return NULL;
}

static const char *escape_pem(struct buffer *output, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!is_alphanumeric((unsigned char)text[i]) && !is_one_of(text[i], "+/=- \n"))
			return "it is not PEM";
	buffer_add(output, text, size);
	return NULL;
}

/* Inside double quotes of lighttpd.conf, also where that is a regular expression or what a
 * condition's match is put into. */
static const char *escape_lighttpd(struct buffer *output, const char *text, size_t size)
{
	if (has_any(text, size, "\"\\$%"))
		return "it has a quote, backslash, $ or %";
	buffer_add(output, text, size);
	return NULL;
}

/* Text of XML and HTML, also inside quotes of either kind. */
static const char *escape_xml(struct buffer *output, const char *text, size_t size)
{
	static const char special[] = "&<>\"'";
	static const char *const written[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};

	for (size_t i = 0; i < size; i++) {
		if (is_one_of(text[i], special))
			buffer_add_text(output, written[strchr(special, text[i]) - special]);
		else
			buffer_add_char(output, text[i]);
	}
	return NULL;
}

static const char *escape_sieve(struct buffer *output, const char *text, size_t size)
{
	write_marked(output, text, size, "\\\"", '\\');
	return NULL;
}

static const char *escape_lines(struct buffer *output, const char *text, size_t size)
{
	if (size > 0 && is_one_of(text[0], " \t"))
		return "it begins with a blank, which would continue the line before it";
	buffer_add(output, text, size);
	return NULL;
}

static const struct escape escapes[] = {
    {"plain", escape_plain, ""},       {"postfix", escape_postfix, ""},
    {"table", escape_table, ""},       {"dovecot", escape_dovecot, ""},
    {"line", escape_line, ""},	       {"perl", escape_perl, ""},
    {"unbound", escape_unbound, ""},   {"clamd", escape_clamd, ""},
    {"ini", escape_ini, ""},	       {"pem", escape_pem, "\n"},
    {"lines", escape_lines, "\n\t"},   {"pattern", escape_pattern, ""},
    {"lighttpd", escape_lighttpd, ""}, {"xml", escape_xml, ""},
    {"texthash", escape_texthash, ""}, {"sieve", escape_sieve, "\n\t"},
};

const struct escape *escape_find(const char *name, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++)
		if (strlen(escapes[i].name) == size && memcmp(escapes[i].name, name, size) == 0)
			return &escapes[i];
	return NULL;
}

const char *escape_write(const struct escape *escape, struct buffer *output, const char *text,
			 size_t size)
{
	const char *refusal = text_refusal(text, size, escape->controls);

	return refusal ? refusal : escape->write(output, text, size);
}

const char *escape_name(const struct escape *escape)
{
	return escape->name;
}

const struct escape *escape_next(const struct escape *previous)
{
	size_t next = previous ? (size_t)(previous - escapes) + 1 : 0;

	return next < ARRAY_SIZE(escapes) ? &escapes[next] : NULL;
}
