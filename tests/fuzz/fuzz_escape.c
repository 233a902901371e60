// SPDX-License-Identifier: GPL-3.0-or-later
/* libFuzzer on every escape: whatever the bytes are, they are refused with a
 * sentence and leave no trace, or stand in the file as one value that a reader of
 * that syntax (tests/unit/readers.h) reads back byte for byte. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "generation/escape.h"
#include "tests/unit/readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_harmless(const char *text, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

	for (size_t i = 0; i < size; i++)
		if (!text[i] || !strchr(letters, text[i]))
			return false;
	return size > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	for (const struct escape *escape = NULL; (escape = escape_next(escape));) {
		_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
		const char *refusal = escape_write(escape, &output, text, size);

		if (refusal && (!refusal[0] || output.size || is_harmless(text, size)))
			abort();
		if (!refusal && !reader_gives(escape_name(escape), buffer_text(&output),
					      output.size, text, size))
			abort();
	}
	return 0;
}
