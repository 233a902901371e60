// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/words.h"

#include "base/utf8.h"
#include "text/limits.h"

bool words_full(const struct buffer *words)
{
	return words->failed || words->size >= TEXT_WORDS;
}

/* The soft hyphen stands within words, where no blank may come. */
void words_add_character(struct buffer *words, uint32_t character)
{
	char bytes[4];
	size_t size = 1;

	if (character == 0xad)
		return;
	if (character < 0x80) {
		bytes[0] = character < ' ' || character == 0x7f ? ' ' : (char)character;
	} else if (character < 0xa0 || (character >= 0xd800 && character < 0xe000) ||
		   character > 0x10ffff) {
		bytes[0] = ' ';
	} else if (character < 0x800) {
		bytes[0] = (char)(0xc0 | character >> 6);
		size = 2;
	} else if (character < 0x10000) {
		bytes[0] = (char)(0xe0 | character >> 12);
		size = 3;
	} else {
		bytes[0] = (char)(0xf0 | character >> 18);
		size = 4;
	}
	for (size_t i = 1; i < size; i++)
		bytes[i] = (char)(0x80 | (character >> 6 * (size - 1 - i) & 0x3f));
	buffer_add(words, bytes, size);
}

void words_add(struct buffer *words, struct slice text)
{
	while (text.size && !words_full(words)) {
		uint32_t character = ' ';
		size_t size = utf8_decode(text.at, text.size, &character);

		if (size == 0) {
			character = ' ';
			size = 1;
		}
		words_add_character(words, character);
		text.at += size;
		text.size -= size;
	}
}
