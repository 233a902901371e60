// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokens/base64url.h"

static int digit(char c)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

size_t base64url_decode(struct slice text, unsigned char *ret, size_t room)
{
	size_t size = 0;
	unsigned bits = 0, waiting = 0;

	if (text.size % 4 == 1)
		return 0;
	for (size_t i = 0; i < text.size; i++) {
		int value = digit(text.at[i]);

		if (value < 0)
			return 0;
		bits = (bits << 6 | (unsigned)value) & 0xffff;
		waiting += 6;
		if (waiting < 8)
			continue;
		if (size == room)
			return 0;
		waiting -= 8;
		ret[size++] = (unsigned char)(bits >> waiting);
	}
	return size;
}
