// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/slice.h"

#include <strings.h>

#include "base/utf8.h"

bool slice_equal(struct slice a, struct slice b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

bool slice_equal_case(struct slice a, struct slice b)
{
	return a.size == b.size && (a.size == 0 || strncasecmp(a.at, b.at, a.size) == 0);
}

bool slice_starts(struct slice slice, struct slice start)
{
	return slice.size >= start.size && memcmp(slice.at, start.at, start.size) == 0;
}

bool slice_ends(struct slice slice, struct slice end)
{
	return slice.size >= end.size &&
	       memcmp(slice.at + slice.size - end.size, end.at, end.size) == 0;
}

bool slice_skip(struct slice *slice, struct slice start)
{
	if (!slice_starts(*slice, start))
		return false;
	slice->at += start.size;
	slice->size -= start.size;
	return true;
}

struct slice slice_trim(struct slice slice)
{
	while (slice.size > 0 && (*slice.at == ' ' || *slice.at == '\t')) {
		slice.at++;
		slice.size--;
	}
	while (slice.size > 0 &&
	       (slice.at[slice.size - 1] == ' ' || slice.at[slice.size - 1] == '\t'))
		slice.size--;
	return slice;
}

bool slice_until(struct slice *slice, struct slice end, struct slice *ret_before)
{
	const char *found = slice->size ? memmem(slice->at, slice->size, end.at, end.size) : NULL;

	if (!found)
		return false;
	*ret_before = (struct slice){slice->at, (size_t)(found - slice->at)};
	slice->size -= ret_before->size + end.size;
	slice->at = found + end.size;
	return true;
}

bool slice_number(struct slice *slice, long long *ret_number)
{
	long long number = 0;
	size_t digits = 0;

	for (; digits < slice->size && slice->at[digits] >= '0' && slice->at[digits] <= '9';
	     digits++) {
		number = number * 10 + (slice->at[digits] - '0');
		if (digits >= 15)
			return false;
	}
	if (digits == 0)
		return false;
	slice->at += digits;
	slice->size -= digits;
	*ret_number = number;
	return true;
}

void slice_copy(struct slice slice, char *to, size_t size)
{
	size_t copied = slice.size < size ? slice.size : size - 1;

	if (copied)
		memcpy(to, slice.at, copied);
	to[copied] = '\0';
}

/* Controls, and what turns the direction of writing or ends a line.  What is only not seen
 * (soft hyphens, zero-width blanks) is common in a text for people, so it stays. */
static bool is_harmful(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0) ||
	       (character >= 0x2028 && character <= 0x202e) ||
	       (character >= 0x2066 && character <= 0x2069);
}

void slice_add(struct buffer *buffer, struct slice slice, size_t limit)
{
	bool shortened = slice.size > limit;

	if (shortened)
		slice.size = limit;
	while (slice.size) {
		uint32_t character;
		size_t size = utf8_decode(slice.at, slice.size, &character);

		if (size && !is_harmful(character)) {
			buffer_add(buffer, slice.at, size);
		} else {
			buffer_add_char(buffer, '?');
			size = 1; /* the others of its bytes are no characters */
		}
		slice.at += size;
		slice.size -= size;
	}
	if (shortened)
		buffer_add_text(buffer, "...");
}
