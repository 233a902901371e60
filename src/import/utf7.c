// SPDX-License-Identifier: GPL-3.0-or-later
/* Modified UTF-7 (RFC 3501 §5.1.3): what is no printable ASCII stands between & and -, as UTF-16 in
 * base64 with ',' for '/'. */
#include <string.h>

#include "base/utf8.h"
#include "import/folder.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

struct bits {
	uint32_t value;
	unsigned count;
};

static void add_unit(struct buffer *name, struct bits *bits, uint32_t unit)
{
	bits->value = bits->value << 16 | unit;
	for (bits->count += 16; bits->count >= 6;) {
		bits->count -= 6;
		buffer_add_char(name, digits[bits->value >> bits->count & 63]);
	}
	bits->value &= (1U << bits->count) - 1;
}

static void end_run(struct buffer *name, struct bits *bits)
{
	if (bits->count)
		buffer_add_char(name, digits[bits->value << (6 - bits->count) & 63]);
	buffer_add_char(name, '-');
	*bits = (struct bits){0};
}

char *folder_utf7(const char *utf8)
{
	_cleanup_(buffer_free) struct buffer name = BUFFER_INIT;
	size_t size = strlen(utf8), length;
	struct bits bits = {0};
	bool inside = false;

	for (size_t i = 0; i < size; i += length) {
		uint32_t c;

		length = utf8_decode(utf8 + i, size - i, &c);
		if (length == 0)
			return NULL;
		if (c >= ' ' && c <= '~') {
			if (inside)
				end_run(&name, &bits);
			inside = false;
			buffer_add_char(&name, (char)c);
			if (c == '&')
				buffer_add_char(&name, '-');
			continue;
		}
		if (!inside)
			buffer_add_char(&name, '&');
		inside = true;
		if (c >= 0x10000)
			add_unit(&name, &bits, 0xd800 + ((c - 0x10000) >> 10));
		add_unit(&name, &bits, c >= 0x10000 ? 0xdc00 + ((c - 0x10000) & 0x3ff) : c);
	}
	if (inside)
		end_run(&name, &bits);
	buffer_add_text(&name, "");
	return buffer_take(&name);
}

static void add_utf8(struct buffer *name, uint32_t c)
{
	if (c < 0x80)
		return buffer_add_char(name, (char)c);
	if (c >= 0x10000) {
		buffer_add_char(name, (char)(0xf0 | c >> 18));
		buffer_add_char(name, (char)(0x80 | (c >> 12 & 63)));
	} else if (c >= 0x800) {
		buffer_add_char(name, (char)(0xe0 | c >> 12));
	}
	buffer_add_char(name, (char)(c >= 0x800 ? 0x80 | (c >> 6 & 63) : 0xc0 | c >> 6));
	buffer_add_char(name, (char)(0x80 | (c & 63)));
}

/* What stands between & and -; false when it is none. */
static bool add_run(struct buffer *name, const char *run, size_t size)
{
	struct bits bits = {0};
	uint32_t high = 0;

	for (size_t i = 0; i < size; i++) {
		const char *digit = strchr(digits, run[i]);
		uint32_t unit;

		if (!digit)
			return false;
		bits.value = bits.value << 6 | (uint32_t)(digit - digits);
		bits.count += 6;
		if (bits.count < 16)
			continue;
		bits.count -= 16;
		unit = bits.value >> bits.count & 0xffff;
		bits.value &= (1U << bits.count) - 1;
		if (high ? unit < 0xdc00 || unit > 0xdfff : unit >= 0xdc00 && unit <= 0xdfff)
			return false;
		if (!high && unit >= 0xd800 && unit < 0xdc00) {
			high = unit;
			continue;
		}
		add_utf8(name, high ? 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00) : unit);
		high = 0;
	}
	return !high;
}

char *folder_utf8(const char *utf7)
{
	_cleanup_(buffer_free) struct buffer name = BUFFER_INIT;
	const char *end;

	for (const char *c = utf7; *c; c = end + 1) {
		end = c;
		if (*c != '&') {
			buffer_add_char(&name, *c);
			continue;
		}
		end = strchr(c, '-');
		if (!end || (end > c + 1 && !add_run(&name, c + 1, (size_t)(end - c - 1))))
			return strdup(utf7);
		if (end == c + 1)
			buffer_add_char(&name, '&');
	}
	buffer_add_text(&name, "");
	return buffer_take(&name);
}
