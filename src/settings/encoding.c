// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/encoding.h"

#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"

#define QUOTE_LIMIT 60

/* What YAML 1.1 calls printable. */
static bool is_printable(uint32_t character)
{
	return character == '\t' || character == '\n' || character == '\r' ||
	       (character >= 0x20 && character <= 0x7e) || character == 0x85 ||
	       (character >= 0xa0 && character != 0xfeff && character != 0xfffe &&
		character != 0xffff);
}

static bool check_start(struct mark mark, const char *text, size_t size,
			struct diagnostics *diagnostics)
{
	if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		diagnostics_error(diagnostics, mark,
				  "the text begins with a byte order mark, so cloud-init does not "
				  "see what it is; save it as UTF-8 without one");
		return false;
	}
	if (size >= 2 && (!memcmp(text, "\xff\xfe", 2) || !memcmp(text, "\xfe\xff", 2))) {
		diagnostics_error(diagnostics, mark,
				  "the text is UTF-16, which cloud-init does not read; save it as "
				  "UTF-8");
		return false;
	}
	return true;
}

static void report_character(struct mark mark, uint32_t character, struct diagnostics *diagnostics)
{
	if (!character)
		diagnostics_error(diagnostics, mark,
				  "a NUL byte; write text only (binary content goes base64 into "
				  "write_files)");
	else
		diagnostics_error(diagnostics, mark,
				  "the character U+%04X is not printable; leave it out", character);
}

bool encoding_check_text(const char *file, unsigned first_line, const char *text, size_t size,
			 struct diagnostics *diagnostics)
{
	struct mark mark = {.file = file, .line = first_line, .column = 1};

	if (!check_start(mark, text, size, diagnostics))
		return false;
	for (size_t i = 0; i < size;) {
		uint32_t character;
		size_t length = utf8_decode(text + i, size - i, &character);

		if (!length) {
			diagnostics_error(diagnostics, mark,
					  "the byte 0x%02x is not UTF-8; save the file as UTF-8",
					  (unsigned char)text[i]);
			return false;
		}
		if (!is_printable(character)) {
			report_character(mark, character, diagnostics);
			return false;
		}
		i += length;
		mark.column++;
		if (character == '\n') {
			mark.line++;
			mark.column = 1;
		}
	}
	return true;
}

bool encoding_find_control(const char *text, size_t size, bool lines, uint32_t *ret_character)
{
	for (size_t i = 0; i < size;) {
		size_t length = utf8_decode(text + i, size - i, ret_character);

		if (!length) {
			*ret_character = (unsigned char)text[i];
			return true;
		}
		if (utf8_is_control(*ret_character) &&
		    !(lines && (*ret_character == '\n' || *ret_character == '\t')))
			return true;
		i += length;
	}
	return false;
}

size_t encoding_length(const char *text, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; count++) {
		uint32_t character;
		size_t length = utf8_decode(text + i, size - i, &character);

		i += length ? length : 1;
	}
	return count;
}

char *encoding_quote(const char *text, size_t size)
{
	struct buffer quoted = BUFFER_INIT;
	size_t shown = 0;

	buffer_add_char(&quoted, '"');
	for (size_t i = 0; i < size; shown++) {
		uint32_t character;
		size_t length = utf8_decode(text + i, size - i, &character);

		if (shown == QUOTE_LIMIT) {
			buffer_add_text(&quoted, "...");
			break;
		}
		if (length && !utf8_is_control(character)) {
			buffer_add(&quoted, text + i, length);
		} else {
			length = length ? length : 1;
			for (size_t j = 0; j < length; j++)
				buffer_addf(&quoted, "\\x%02x", (unsigned char)text[i + j]);
		}
		i += length;
	}
	buffer_add_char(&quoted, '"');
	return buffer_take(&quoted);
}
