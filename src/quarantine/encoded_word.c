// SPDX-License-Identifier: GPL-3.0-or-later
/* Encoded words in headers (RFC 2047 §2), as harmless_decode of harmless.h. */
#include <stdint.h>
#include <string.h>

#include "quarantine/harmless.h"

enum { WORD_LIMIT = 1000 }; /* longer ones than the 75 of §2 are common */

struct word {
	const char *charset, *text;
	size_t charset_size, text_size;
	char encoding; /* 'q' or 'b' */
	const char *end;
};

/* "=?charset?e?text?=" at the very beginning of `text`. */
static bool find_word(const char *text, size_t size, struct word *word)
{
	const char *end = text + (size < WORD_LIMIT ? size : WORD_LIMIT);
	const char *mark;

	if (size < 8 || text[0] != '=' || text[1] != '?')
		return false;
	word->charset = text + 2;
	mark = memchr(word->charset, '?', (size_t)(end - word->charset));
	if (!mark || end - mark < 5 || mark[2] != '?')
		return false;
	word->charset_size = strcspn(word->charset, "?*"); /* RFC 2231 §5: charset*language */
	word->encoding = (char)(mark[1] | 0x20);
	word->text = mark + 3;
	for (mark = word->text; mark + 1 < end && *mark != '?'; mark++)
		if (*mark == ' ')
			return false;
	if (mark + 1 >= end || mark[1] != '=')
		return false;
	word->text_size = (size_t)(mark - word->text);
	word->end = mark + 2;
	return word->encoding == 'q' || word->encoding == 'b';
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void decode_q(struct buffer *output, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '=' && i + 2 < size && hex(text[i + 1]) >= 0 &&
		    hex(text[i + 2]) >= 0) {
			buffer_add_char(output, (char)(hex(text[i + 1]) << 4 | hex(text[i + 2])));
			i += 2;
		} else {
			buffer_add_char(output, text[i] == '_' ? ' ' : text[i]);
		}
	}
}

static int base64_value(char c)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c ? strchr(alphabet, c) : NULL;

	return found ? (int)(found - alphabet) : -1;
}

static void decode_b(struct buffer *output, const char *text, size_t size)
{
	uint32_t bits = 0;
	int count = 0;

	for (size_t i = 0; i < size; i++) {
		int value = base64_value(text[i]);

		if (value < 0)
			continue;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count >= 8) {
			count -= 8;
			buffer_add_char(output, (char)(bits >> count & 0xff));
		}
	}
}

static bool charset_is(const struct word *word, const char *name)
{
	return word->charset_size == strlen(name) &&
	       strncasecmp(word->charset, name, word->charset_size) == 0;
}

/* Latin 1; the few characters that Windows put where it has controls become '?'. */
static void add_latin(struct buffer *output, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x80) {
			buffer_add_char(output, (char)c);
		} else if (c < 0xa0) {
			buffer_add_char(output, '?');
		} else {
			buffer_add_char(output, (char)(0xc0 | c >> 6));
			buffer_add_char(output, (char)(0x80 | (c & 0x3f)));
		}
	}
}

static bool decode_word(struct buffer *output, const struct word *word)
{
	_cleanup_(buffer_free) struct buffer bytes = BUFFER_INIT;
	bool latin = charset_is(word, "iso-8859-1") || charset_is(word, "windows-1252");

	if (!latin && !charset_is(word, "utf-8") && !charset_is(word, "us-ascii"))
		return false;
	(word->encoding == 'q' ? decode_q : decode_b)(&bytes, word->text, word->text_size);
	if (latin)
		add_latin(output, buffer_text(&bytes), bytes.size);
	else
		buffer_add(output, buffer_text(&bytes), bytes.size);
	return true;
}

static size_t blanks(const char *text, size_t size)
{
	size_t count = 0;

	while (count < size && strchr(" \t\r\n", text[count]) && text[count])
		count++;
	return count;
}

void harmless_decode(struct buffer *output, const char *value, size_t size)
{
	const char *next = value, *end = value + size;
	bool after_word = false;

	while (next < end) {
		size_t blank = blanks(next, (size_t)(end - next));
		struct word word;

		if (blank && next + blank == end)
			return;
		if (find_word(next + blank, (size_t)(end - next) - blank, &word)) {
			size_t before = output->size;

			if (blank && !after_word)
				buffer_add_char(output, ' ');
			if (decode_word(output, &word)) {
				after_word = true;
				next = word.end;
				continue;
			}
			output->size = before;
		}
		if (blank)
			buffer_add_char(output, ' ');
		next += blank;
		after_word = false;
		do
			buffer_add_char(output, *next++);
		while (next < end && *next != '=' && !strchr(" \t\r\n", *next));
	}
}
