// SPDX-License-Identifier: GPL-3.0-or-later
/* What postcask-text reads itself: Dovecot's request, whose type a stranger chose, and documents.
 * The first byte says which. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "text/kind.h"
#include "text/limits.h"
#include "text/office.h"
#include "text/request.h"
#include "text/rtf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Dovecot's indexer ends itself at text that is no UTF-8. */
static void check(const struct buffer *words)
{
	const char *text = buffer_text(words);

	if (words->size > TEXT_WORDS + 4)
		abort();
	for (size_t i = 0, length; i < words->size; i += length) {
		uint32_t character;

		length = utf8_decode(text + i, words->size - i, &character);
		if (length == 0 || character < ' ' || (character >= 0x7f && character < 0xa0))
			abort();
	}
}

static void read_request(struct slice bytes)
{
	struct request whole = {0}, halves = {0};
	size_t used = request_feed(&whole, bytes.at, bytes.size), half = bytes.size / 2, both;

	both = request_feed(&halves, bytes.at, half);
	if (both == half)
		both += request_feed(&halves, bytes.at + half, bytes.size - half);
	if (used != both || whole.complete != halves.complete ||
	    strcmp(whole.type, halves.type) != 0)
		abort();
	(void)!kind_of(whole.type, bytes.at + used, bytes.size - used);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = {(const char *)data + 1, size ? size - 1 : 0};
	_cleanup_(buffer_free) struct buffer words = BUFFER_INIT;

	if (size == 0)
		return 0;
	switch (data[0] % 4) {
	case 0:
		read_request(rest);
		break;
	case 1:
		office_read(rest, &words);
		break;
	case 2:
		office_read_xml(rest, &words);
		break;
	default:
		rtf_read(rest, &words);
		break;
	}
	check(&words);
	return 0;
}
