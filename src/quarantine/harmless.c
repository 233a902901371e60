// SPDX-License-Identifier: GPL-3.0-or-later
#include "quarantine/harmless.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

enum { MORE_COLUMNS = 3 }; /* "..." */

/* East Asian wide and emoji take two columns; combining marks are counted as one, so
 * that a guess is never too small. */
static size_t columns(uint32_t character)
{
	return (character >= 0x1100 && character <= 0x115f) ||
		       (character >= 0x2e80 && character <= 0xd7a3) ||
		       (character >= 0xf900 && character <= 0xfaff) ||
		       (character >= 0xfe30 && character <= 0xfe6f) ||
		       (character >= 0xff00 && character <= 0xff60) || character >= 0x1f000
		   ? 2
		   : 1;
}

/* What utf8_is_control does not know: joiners, invisible operators, interlinear
 * marks, variation selectors, private use, tags and what is no character at all. */
static bool is_hidden(uint32_t character)
{
	return utf8_is_control(character) || (character >= 0x200b && character <= 0x200f) ||
	       (character >= 0x2028 && character <= 0x202e) ||
	       (character >= 0x2060 && character <= 0x206f) || character == 0x115f ||
	       character == 0x1160 || character == 0x3164 || character == 0x180e ||
	       (character >= 0xe000 && character <= 0xf8ff) ||
	       (character >= 0xfe00 && character <= 0xfe0f) ||
	       (character >= 0xfff0 && character <= 0xfffb) || (character & 0xfffe) == 0xfffe ||
	       character >= 0xe0000;
}

static bool is_plain(uint32_t character, const char *next, size_t left)
{
	if (character >= 0x80)
		return true;
	if ((character | 0x20) >= 'a' && (character | 0x20) <= 'z')
		return true;
	if (character == '.' || character == ':')
		return left == 0 || *next == ' ';
	return (character >= '0' && character <= '9') || strchr(" ,-_!?()", (int)character);
}

static void add(struct buffer *output, const char *text, size_t size, size_t limit, bool plain)
{
	size_t used = 0, cut = output->size, i = 0;

	while (i < size) {
		uint32_t character = 0;
		size_t length = utf8_decode(text + i, size - i, &character);
		size_t step = length ? length : 1;
		bool good = length && character && !is_hidden(character) &&
			    (!plain || is_plain(character, text + i + step, size - i - step));

		used += good ? columns(character) : 1;
		if (used > limit) { /* takes back what "..." needs */
			output->size = cut;
			buffer_add_text(output, "...");
			return;
		}
		if (good)
			buffer_add(output, text + i, length);
		else
			buffer_add_char(output, '?');
		if (used + MORE_COLUMNS <= limit)
			cut = output->size;
		i += step;
	}
}

void harmless_add(struct buffer *output, const char *text, size_t size, size_t limit)
{
	add(output, text, size, limit, false);
}

void harmless_add_plain(struct buffer *output, const char *text, size_t size, size_t limit)
{
	add(output, text, size, limit, true);
}

size_t harmless_width(const char *text, size_t size)
{
	size_t width = 0;

	for (size_t i = 0; i < size;) {
		uint32_t character;
		size_t length = utf8_decode(text + i, size - i, &character);

		width += length ? columns(character) : 1;
		i += length ? length : 1;
	}
	return width;
}
