// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/name.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_LIMIT = 1000 }; /* of a name in its own letters */

static bool is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.at[i] >= 0x80)
			return false;
	return true;
}

static bool take_ascii(struct slice text, char ret[NAME_SIZE])
{
	size_t label = 0;

	if (text.size && text.at[text.size - 1] == '.')
		text.size--;
	if (text.size == 0 || text.size >= NAME_SIZE)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];

		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		label = c == '.' ? 0 : label + 1;
		if ((c == '.' && (i == 0 || text.at[i - 1] == '.')) || label > NAME_LABEL)
			return false;
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !strchr("-_.", c))
			return false;
		ret[i] = c;
	}
	ret[text.size] = '\0';
	return label > 0;
}

bool name_take(struct slice text, char ret[NAME_SIZE])
{
	char copy[TEXT_LIMIT + 1], *ascii = NULL;
	bool good;

	if (memchr(text.at, '\0', text.size))
		return false;
	if (is_ascii(text))
		return take_ascii(text, ret);
	if (text.size > TEXT_LIMIT)
		return false;
	slice_copy(text, copy, sizeof(copy));
	if (idn2_to_ascii_8z(copy, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return false;
	good = take_ascii(slice_of(ascii), ret);
	idn2_free(ascii);
	return good;
}

size_t name_labels(const char *name)
{
	size_t labels = 1;

	for (; *name; name++)
		labels += *name == '.';
	return labels;
}

const char *name_last(const char *name, size_t labels)
{
	for (size_t more = name_labels(name); more > labels; more--)
		name = strchr(name, '.') + 1;
	return name;
}

bool name_is_within(const char *name, const char *above)
{
	size_t size = strlen(name), end = strlen(above);

	return size >= end && strcmp(name + size - end, above) == 0 &&
	       (size == end || name[size - end - 1] == '.');
}
