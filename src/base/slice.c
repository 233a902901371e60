// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/slice.h"

#include <strings.h>

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

/* Bytes of the UTF-8 character at the front, 0 when it is none (RFC 3629); control
 * characters (C0, DEL, C1) are none here. */
static size_t character_size(struct slice slice)
{
	const unsigned char *byte = (const unsigned char *)slice.at;
	size_t size = byte[0] < 0x80 ? 1 : byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;

	if (size == 1)
		return byte[0] >= 0x20 && byte[0] != 0x7f;
	if (byte[0] < 0xc2 || byte[0] > 0xf4 || slice.size < size)
		return 0;
	for (size_t i = 1; i < size; i++)
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
	if ((byte[0] == 0xc2 && byte[1] < 0xa0) || (byte[0] == 0xe0 && byte[1] < 0xa0) ||
	    (byte[0] == 0xed && byte[1] > 0x9f) || (byte[0] == 0xf0 && byte[1] < 0x90) ||
	    (byte[0] == 0xf4 && byte[1] > 0x8f))
		return 0;
	/* what turns the direction of writing, or ends a line (U+2028 to U+202E, U+2066 to
	 * U+2069) */
	if (byte[0] == 0xe2 && ((byte[1] == 0x80 && byte[2] >= 0xa8 && byte[2] <= 0xae) ||
				(byte[1] == 0x81 && byte[2] >= 0xa6 && byte[2] <= 0xa9)))
		return 0;
	return size;
}

void slice_add(struct buffer *buffer, struct slice slice, size_t limit)
{
	bool shortened = slice.size > limit;

	if (shortened)
		slice.size = limit;
	while (slice.size) {
		size_t size = character_size(slice);

		if (size)
			buffer_add(buffer, slice.at, size);
		else
			buffer_add_char(buffer, '?');
		slice.at += size ? size : 1;
		slice.size -= size ? size : 1;
	}
	if (shortened)
		buffer_add_text(buffer, "...");
}
