// SPDX-License-Identifier: GPL-3.0-or-later
/* The files of the quarantine: what amavis wrote, or whoever could write there, and the
 * text of strangers that goes to a terminal and into mail. */
#include <stdint.h>
#include <string.h>

#include "quarantine/harmless.h"
#include "quarantine/header.h"
#include "quarantine/release.h"
#include "settings/encoding.h"

enum { COLUMNS = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_shown(const struct buffer *shown)
{
	uint32_t character;

	if (encoding_find_control(buffer_text(shown), shown->size, false, &character) ||
	    harmless_width(buffer_text(shown), shown->size) > COLUMNS)
		abort();
}

static void show(const char *text, size_t size)
{
	_cleanup_(buffer_free) struct buffer decoded = BUFFER_INIT, shown = BUFFER_INIT,
					     plain = BUFFER_INIT;

	harmless_decode(&decoded, text, size);
	harmless_add(&shown, buffer_text(&decoded), decoded.size, COLUMNS);
	check_shown(&shown);
	harmless_add_plain(&plain, text, size, COLUMNS);
	check_shown(&plain);
	if (strpbrk(buffer_text(&plain), "/<>@$*\\\"'%&;"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(quarantine_header_free) struct quarantine_header header = QUARANTINE_HEADER_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	char *text = malloc(size ? size : 1); /* no NUL behind it */

	memcpy(text, data, size);
	show(text, size);
	if (quarantine_header_parse(text, size, &header, &error) == 0) {
		if (header.offset > size || !quarantine_id_is_valid(header.id, strlen(header.id)) ||
		    !header.recipient_count || text[header.offset - 1] != '\n')
			abort();
		for (size_t i = 0; i < header.recipient_count; i++)
			if (strpbrk(header.recipients[i], "\r\n"))
				abort();
		show(header.subject, strlen(header.subject));
	} else if (!error.code) {
		abort();
	}
	free(text);
	return 0;
}
