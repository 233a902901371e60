// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/type_refuse.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "settings/encoding.h"

#undef type_refuse /* what the header says to the analyzer */

int type_refuse(struct error *error, const char *text, size_t size, const char *sentence)
{
	_cleanup_free_ char *quoted = encoding_quote(text, size);

	return error_set(error, -EINVAL, "%s %s", quoted ? quoted : "the value", sentence);
}

int type_refuse_control(const char *text, size_t size, struct error *error)
{
	uint32_t character;

	if (!encoding_find_control(text, size, false, &character))
		return 0;
	return error_set(
	    error, -EINVAL,
	    "the value contains the character U+%04X, which is not printable; write it "
	    "without",
	    character);
}
