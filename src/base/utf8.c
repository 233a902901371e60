// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/utf8.h"

size_t utf8_decode(const char *text, size_t size, uint32_t *ret_character)
{
	const unsigned char *bytes = (const unsigned char *)text;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t character;
	size_t length;

	if (!size)
		return 0;
	if (bytes[0] < 0x80) {
		*ret_character = bytes[0];
		return 1;
	}
	length = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
	if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || length > size)
		return 0;
	character = bytes[0] & (0xff >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (bytes[i] & 0x3f);
	}
	if (character < least[length] || character > 0x10ffff ||
	    (character >= 0xd800 && character <= 0xdfff))
		return 0;
	*ret_character = character;
	return length;
}

bool utf8_is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character <= 0x9f) || character == 0xad ||
	       character == 0x61c || character == 0x200b || character == 0x200e ||
	       character == 0x200f || (character >= 0x2028 && character <= 0x202e) ||
	       (character >= 0x2060 && character <= 0x2069) || character == 0xfeff;
}

void ascii_make_printable(char *text)
{
	for (; text && *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}
